// What Redis said of keys, for some time, as far as there is room.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace levada::join_redis {

struct Value {
  bool is_there = false;
  std::vector<std::optional<std::string>> fields = {};  // One for each column.
  std::string fault = {};                               // Why it is none; empty where it is.

  size_t bytes() const {
    size_t bytes = sizeof *this + fault.size();
    for (const auto& field : fields) bytes += sizeof field + (field ? field->size() : 0);
    return bytes;
  }
};

class ValueCache {
 public:
  ValueCache(std::chrono::nanoseconds ttl, size_t bytes) : ttl_(ttl), room_(bytes) {}

  // Null where nothing is known, or it is too old.
  std::shared_ptr<const Value> find(std::string_view key, std::chrono::nanoseconds now);
  // What is used least lately goes to make room.
  void put(std::string_view key, std::shared_ptr<const Value> value, std::chrono::nanoseconds now);

  size_t size() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    std::chrono::nanoseconds since;

    // With what the two containers need for it, about.
    size_t bytes() const { return 160 + key.size() + value->bytes(); }
  };
  using Entries = std::list<Entry>;

  void drop(Entries::iterator entry);

  const std::chrono::nanoseconds ttl_;
  const size_t room_;
  Entries entries_;  // What was used last is in front.
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
  size_t bytes_ = 0;
};

}  // namespace levada::join_redis
