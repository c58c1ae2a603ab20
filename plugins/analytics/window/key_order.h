// The order in which the keys of a window are given, and keys as columns.
#pragma once

#include <compare>
#include <span>
#include <string>
#include <vector>

#include "levada/row_keys.h"

namespace levada::window {

// By their parts: nulls first, numbers by value, texts byte by byte; values of different types by
// type.
std::strong_ordering compare_keys(Key a, Key b);
// What is less in `prefix_of` is less in compare_keys among keys of one kind; what is the same has
// to be compared. For keys of different kinds any order, which is always the same.
uint64_t prefix_of(Key key);

// The part with that number of each key, as a column. Where types differ it is one of text.
Column key_column(const std::string& name, std::span<const Key> keys, size_t part, size_t parts);

}  // namespace levada::window
