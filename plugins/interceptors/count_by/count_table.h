// How often each key has come: a hash table over keys that lie one behind the other, each with its count.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"

namespace levada::count_by {

class CountTable {
 public:
  // Counts the key once more, and says how often it has come.
  int64_t increment(std::string_view key);
  size_t keys() const { return keys_.size(); }

  // All keys and counts, in the order in which the keys came first.
  void save(std::string& to) const;
  // In place of what it has; changes nothing where that is not what save gives.
  Done load(std::string_view state);

 private:
  // Records that stay where they are: count (8 bytes), length of the key (4 bytes), key.
  struct Block {
    std::unique_ptr<char[]> data;
    size_t used = 0, capacity = 0;
  };
  void add(std::string_view key, int64_t count);

  boost::unordered_flat_set<std::string_view> keys_;  // Where they lie in their records.
  std::vector<Block> blocks_;
};

}  // namespace levada::count_by
