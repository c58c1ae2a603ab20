// Messages that librdkafka has handed over and that are no rows yet.
#pragma once

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

#include "consumer.h"

namespace levada::kafka_source {

class Inbox {
 public:
  Inbox(int64_t most_rows, int64_t most_bytes) : most_rows_(most_rows), most_bytes_(most_bytes) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox() { clear(); }

  bool empty() const { return at_ == messages_.size(); }
  void add(rd_kafka_message_t* message) { messages_.push_back(message); }
  rd_kafka_message_t& front() { return *messages_[at_]; }
  void pop() { rd_kafka_message_destroy(messages_[at_++]); }
  void clear() {
    while (!empty()) pop();
  }

  // Takes over what has come, about as much as makes a batch; waits for the first at most so long.
  void fill(Consumer& consumer, std::chrono::nanoseconds timeout) {
    constexpr size_t kStep = 256;
    clear();
    messages_.clear();
    at_ = 0;
    for (int64_t bytes = 0; bytes < most_bytes_;) {
      const auto used = messages_.size();
      const auto step = std::min(kStep, static_cast<size_t>(most_rows_) - used);
      if (step == 0) break;
      messages_.resize(used + step);
      const auto count = consumer.consume(used ? std::chrono::nanoseconds(0) : timeout, messages_.data() + used, step);
      messages_.resize(used + count);
      if (count < step) break;
      for (size_t at = used; at < messages_.size(); ++at) bytes += static_cast<int64_t>(messages_[at]->len);
    }
  }

  // The rows at the front that are of one partition, no more than make a batch.
  std::span<rd_kafka_message_t* const> run() const {
    const auto& first = *messages_[at_];
    auto end = at_;
    for (int64_t bytes = 0; end < messages_.size(); ++end) {
      const auto& message = *messages_[end];
      if (message.err || message.rkt != first.rkt || message.partition != first.partition) break;
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
};

}  // namespace levada::kafka_source
