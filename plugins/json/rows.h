// How the plugins that read texts name a place in a row.
#pragma once

#include <charconv>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include "levada/batch.h"

namespace levada {

// "line offset 57, file offset 10057: expected a value": the byte of the row's body, and of its
// file where the batch knows that. In no more memory than it needs, as many may be kept.
inline std::string reason_at(const Batch& batch, int64_t row, size_t byte, std::string_view why) {
  char place[80];
  char* at = place;
  const auto append = [&](std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  append("line offset ");
  at = std::to_chars(at, std::end(place), byte).ptr;
  const Column* offset = batch.find("offset");
  if (offset && offset->type() == Type::int64 && !offset->null(row)) {
    append(", file offset ");
    at = std::to_chars(at, std::end(place), offset->values<int64_t>()[row] + static_cast<int64_t>(byte)).ptr;
  }
  append(": ");
  const std::string_view where(place, static_cast<size_t>(at - place));
  std::string reason;
  reason.reserve(where.size() + why.size());
  return reason.append(where).append(why);
}

}  // namespace levada
