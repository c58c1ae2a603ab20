// How the plugins that read JSON name a place in a row.
#pragma once

#include <string>

#include "levada/batch.h"

namespace levada {

// "line offset 57, file offset 10057": the byte of the row's body, and of its file where the batch knows that.
inline std::string place_of(const Batch& batch, int64_t row, size_t byte) {
  std::string place;
  place.reserve(128);  // There is a reason to come behind it.
  place.append("line offset ").append(std::to_string(byte));
  const Column* offset = batch.find("offset");
  if (offset && offset->type() == Type::int64 && !offset->null(row))
    place.append(", file offset ").append(std::to_string(offset->values<int64_t>()[row] + static_cast<int64_t>(byte)));
  return place;
}

}  // namespace levada
