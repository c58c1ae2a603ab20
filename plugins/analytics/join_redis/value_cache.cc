#include "value_cache.h"

#include <utility>

namespace levada::join_redis {

std::shared_ptr<const Value> ValueCache::find(std::string_view key, std::chrono::nanoseconds now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto entry = found->second;
  if (now - entry->since >= ttl_) {
    drop(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->value;
}

void ValueCache::put(std::string_view key, std::shared_ptr<const Value> value, std::chrono::nanoseconds now) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) drop(known->second);
  entries_.push_front({std::string(key), std::move(value), now});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += entries_.front().bytes();
  while (bytes_ > room_) drop(std::prev(entries_.end()));
}

void ValueCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes();
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace levada::join_redis
