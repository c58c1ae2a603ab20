// Whether a struct of the contract, which may be older than this header, has a field.
#pragma once

#include <cstddef>
#include <type_traits>

#include "levada/plugin.h"

namespace levada {

// Its size covers the field; and the field is not null, where it is a function.
template <class Struct, class Field>
bool has(const Struct& all, Field Struct::* field) {
  const auto* begin = reinterpret_cast<const char*>(&all);
  const auto* end = reinterpret_cast<const char*>(&(all.*field)) + sizeof(Field);
  if (all.size < static_cast<size_t>(end - begin)) return false;
  if constexpr (std::is_pointer_v<Field>) return all.*field != nullptr;
  return true;
}

}  // namespace levada
