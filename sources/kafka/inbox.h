// Messages that librdkafka has handed over and that are no rows yet.
#pragma once

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "consumer.h"

namespace levada::kafka_source {

inline constexpr int64_t kTimeless = -1;

// In milliseconds since 1970 UTC; kTimeless where the message has none.
inline int64_t time_of(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type;
  const auto time = rd_kafka_message_timestamp(&message, &type);
  return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? kTimeless : time;
}

class Inbox {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  Inbox(int64_t most_rows, int64_t most_bytes) : most_rows_(most_rows), most_bytes_(most_bytes) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox() { clear(); }

  bool empty() const { return at_ == messages_.size(); }
  // Whether it has about as much as makes a batch.
  bool full() const { return messages_.size() - at_ >= static_cast<size_t>(most_rows_) || bytes_ >= most_bytes_; }
  void add(rd_kafka_message_t* message) {
    if (at_ * 2 >= messages_.size()) {
      messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(at_));
      at_ = 0;
    }
    messages_.push_back(message);
    bytes_ += static_cast<int64_t>(message->len);
  }
  rd_kafka_message_t& front() { return *messages_[at_]; }
  // The message at the front is the caller's.
  rd_kafka_message_t* release() {
    auto* const message = messages_[at_++];
    bytes_ -= static_cast<int64_t>(message->len);
    return message;
  }
  void pop() { rd_kafka_message_destroy(release()); }
  void clear() {
    while (!empty()) pop();
  }

  // Takes over what has come, about as much as makes a batch; waits for the first at most so long.
  void fill(Consumer& consumer, std::chrono::nanoseconds timeout) {
    constexpr size_t kStep = 256;
    clear();
    messages_.clear();
    at_ = 0;
    while (bytes_ < most_bytes_) {
      const auto used = messages_.size();
      const auto step = std::min(kStep, static_cast<size_t>(most_rows_) - used);
      if (step == 0) break;
      messages_.resize(used + step);
      const auto count = consumer.consume(used ? std::chrono::nanoseconds(0) : timeout, messages_.data() + used, step);
      messages_.resize(used + count);
      for (size_t at = used; at < messages_.size(); ++at) bytes_ += static_cast<int64_t>(messages_[at]->len);
      if (count < step) break;
    }
  }

  // The rows at the front that are of one partition and whose times are not behind `latest`, no
  // more than make a batch.
  std::span<rd_kafka_message_t* const> run(int64_t latest = kNever) const {
    const auto& first = *messages_[at_];
    auto end = at_;
    const auto last = at_ + std::min(messages_.size() - at_, static_cast<size_t>(most_rows_));
    for (int64_t bytes = 0; end < last; ++end) {
      const auto& message = *messages_[end];
      if (message.err || message.rkt != first.rkt || message.partition != first.partition) break;
      if (latest != kNever && time_of(message) > latest) break;
      bytes += static_cast<int64_t>(message.len);
      if (end > at_ && bytes > most_bytes_) break;
    }
    return {messages_.data() + at_, end - at_};
  }
  void drop(size_t count) {
    for (; count > 0; --count) pop();
  }

 private:
  const int64_t most_rows_, most_bytes_;
  std::vector<rd_kafka_message_t*> messages_;
  size_t at_ = 0;
  int64_t bytes_ = 0;  // Of what is still there.
};

}  // namespace levada::kafka_source
