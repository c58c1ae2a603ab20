// Finds the row of a table by the text of its key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "join/integer_index.h"

namespace levada::join {

class KeyIndex {
 public:
  // The row of a key that is there already; -1 where it was not, and is `row` from now on.
  int64_t add(std::string_view key, int64_t row);
  // -1 where there is none.
  int64_t find(std::string_view key) const;
  // The keys that are one part, which is an integer as levada writes it.
  const IntegerIndex& integers() const { return integers_; }

  // Appends a part of a key, so that no two keys of several parts have one text.
  static void append_part(std::string_view part, std::string& key);

 private:
  struct Slot {
    uint64_t hash = 0;
    int64_t row = -1;  // -1: nothing is here.
    size_t begin = 0, size = 0;
  };

  static uint64_t hash_of(std::string_view key);
  // Where the key is, or would be.
  size_t slot_of(std::string_view key, uint64_t hash) const;
  void grow();

  IntegerIndex integers_;
  std::string texts_;  // Of all keys.
  std::vector<Slot> slots_ = std::vector<Slot>(16);
  size_t used_ = 0;
};

}  // namespace levada::join
