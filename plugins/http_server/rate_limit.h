// How many requests each client may make: a bucket for each address that fills up again with time.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>

namespace levada::http_server {

class RateLimit {
 public:
  static constexpr size_t kClients = 65'536;

  // A client may make so many at once that it has not made in the last second.
  explicit RateLimit(double per_second) : per_second_(per_second), most_(std::max(1.0, per_second)) {}

  // Whether the client may make a request now; counts it then. Always, where there is no limit.
  bool take(std::string_view client, std::chrono::nanoseconds now) {
    if (per_second_ <= 0) return true;
    // Those that are full again need no bucket. Where all are in use, the newest clients share one.
    if (buckets_.size() >= kClients) drop_full(now);
    const std::string key(buckets_.size() < kClients || buckets_.contains(std::string(client)) ? client : "");
    auto& bucket = buckets_.try_emplace(key, Bucket{most_, now}).first->second;
    fill(bucket, now);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

 private:
  struct Bucket {
    double tokens;
    std::chrono::nanoseconds since;
  };
  void fill(Bucket& bucket, std::chrono::nanoseconds now) const {
    const double seconds = std::chrono::duration<double>(now - bucket.since).count();
    bucket.tokens = std::min(most_, bucket.tokens + seconds * per_second_);
    bucket.since = now;
  }
  void drop_full(std::chrono::nanoseconds now) {
    if (now < swept_ + std::chrono::seconds(1)) return;
    swept_ = now;
    std::erase_if(buckets_, [&](const auto& each) {
      Bucket bucket = each.second;
      fill(bucket, now);
      return bucket.tokens >= most_;
    });
  }

  const double per_second_, most_;
  std::unordered_map<std::string, Bucket> buckets_;
  std::chrono::nanoseconds swept_ = std::chrono::nanoseconds::min() / 2;
};

}  // namespace levada::http_server
