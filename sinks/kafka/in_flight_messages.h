// The rows that are under way: given to Kafka, or about to be, and not yet answered for. It
// keeps their batches, and with them the memory that librdkafka's messages point into,
// until the last report has come.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arena.h"
#include "blamed_rows.h"
#include "levada/batch.h"
#include "rejected_rows.h"

namespace levada::kafka_sink {

class InFlightMessages {
 public:
  // A batch on its way. Its number stays the same until it is settled; so does its address.
  struct HeldBatch {
    Batch batch;
    Arena encoded;  // Values that stand in no column.
    std::vector<Rejection> rejections;
    int64_t unsettled = 0;
  };
  struct Row {
    uint32_t batch;
    int64_t row;
  };
  struct Delivered {
    int64_t rows = 0;
    int64_t bytes = 0;
  };

  // A row that the broker refuses makes the whole transaction fail: it is
  // blamed, and not rejected yet.
  explicit InFlightMessages(bool transactional) : transactional_(transactional) {}

  // What a message of the row carries, so that its report finds back to it.
  static void* tag(Row row) {
    return reinterpret_cast<void*>((uintptr_t{row.batch} << 32) | static_cast<uintptr_t>(row.row));
  }
  static Row row_of(const void* tag) {
    const auto bits = reinterpret_cast<uintptr_t>(tag);
    return {static_cast<uint32_t>(bits >> 32), static_cast<int64_t>(bits & 0xffffffffu)};
  }

  // The tag of a message that is of no row.
  static constexpr uintptr_t kNoRow = UINTPTR_MAX;

  uint32_t open(Batch batch);
  HeldBatch& batch(uint32_t number) { return batches_[number]; }
  // All rows of all batches are settled.
  bool empty() const { return open_ == 0; }
  // What librdkafka holds.
  int64_t messages() const { return messages_; }

  void sent(int64_t messages) { messages_ += messages; }
  // librdkafka has answered for a message that was sent.
  void settle(const rd_kafka_message_t& message) {
    --messages_;
    if (message.err) return failed(message);
    if (message._private == reinterpret_cast<void*>(kNoRow)) return;
    alone_ = false;
    ++delivered_.rows;
    delivered_.bytes += static_cast<int64_t>(message.len);
    settled(row_of(message._private).batch);
  }
  // librdkafka did not take a message.
  void refused(const rd_kafka_message_t& message, std::string_view topic);
  // A row that cannot be made a message of.
  void reject(Row row, std::string reason);

  // A row that the broker rejected together with others of its batch: to be sent with nothing else
  // under way, to see whether it is at fault itself.
  const Row* to_send_alone() const { return suspects_.empty() ? nullptr : &suspects_.front(); }
  void sent_alone() {
    suspects_.pop_front();
    alone_ = true;
  }
  // The next message goes with nothing else under way.
  void sending_alone() { alone_ = true; }

  // Rows for which the transaction has failed.
  const std::vector<BlamedRow>& blamed() const { return blamed_; }
  std::vector<BlamedRow> take_blamed() { return std::exchange(blamed_, {}); }

  // Why nothing goes on until all is forgotten and written again.
  const std::optional<Error>& failure() const { return failure_; }
  void fail(Error why) {
    if (!failure_) failure_ = std::move(why);
  }
  // What stands behind a failure that messages have told of already.
  void fail_for(Error why) { failure_ = std::move(why); }
  // Nothing is under way any more, and no report will come.
  void forget();

  RejectedRows& rejected() { return rejected_; }
  // What came to an end since it was asked last.
  Delivered take_delivered() { return std::exchange(delivered_, {}); }

 private:
  void failed(const rd_kafka_message_t& message);
  void blame(Row row, std::string reason, bool certain) {
    const Batch& batch = batches_[row.batch].batch;
    blamed_.push_back({batch.stream, batch.sequence, row.row, std::move(reason), certain});
  }
  void settled(uint32_t number) {
    if (--batches_[number].unsettled == 0) close(number);
  }
  void close(uint32_t number);

  const bool transactional_;
  std::deque<HeldBatch> batches_;
  std::vector<uint32_t> free_;
  std::deque<Row> suspects_;
  std::vector<BlamedRow> blamed_;
  RejectedRows rejected_;
  std::optional<Error> failure_;
  Delivered delivered_;
  int64_t open_ = 0;
  int64_t messages_ = 0;
  bool alone_ = false;
};

static_assert(sizeof(void*) == 8, "a message's tag holds a batch and a row");

}  // namespace levada::kafka_sink
