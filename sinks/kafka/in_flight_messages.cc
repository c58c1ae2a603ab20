// What becomes of the rows that Kafka answers for with an error.
#include "in_flight_messages.h"

#include <utility>

namespace levada::kafka_sink {
namespace {

// A record of the same batch was invalid, this one was not; headers before
// librdkafka 2.3 do not name it.
constexpr int kOtherRecordInvalid = -138;

// The broker looks at a batch of messages and may reject all of it for one.
bool may_be_the_rows_fault(rd_kafka_resp_err_t error) {
  switch (static_cast<int>(error)) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case kOtherRecordInvalid: return true;
    default: return false;
  }
}

std::string explain(rd_kafka_resp_err_t error, std::string_view topic) {
  auto text = "topic \"" + std::string(topic) + "\": " + rd_kafka_err2str(error);
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return text + "; create the topic, or set create_topics = true";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return text + "; allow this user to write to it";
    default: return text;
  }
}

}  // namespace

uint32_t InFlightMessages::open(Batch batch) {
  uint32_t number;
  if (free_.empty()) {
    number = static_cast<uint32_t>(batches_.size());
    batches_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  batches_[number].unsettled = batch.rows();
  batches_[number].batch = std::move(batch);
  ++open_;
  return number;
}

void InFlightMessages::close(uint32_t number) {
  HeldBatch& batch = batches_[number];
  if (!batch.rejections.empty()) rejected_.add(batch.batch, batch.rejections);
  batch = {};
  free_.push_back(number);
  --open_;
}

void InFlightMessages::reject(Row row, std::string reason) {
  batches_[row.batch].rejections.push_back({row.row, std::move(reason), {}});
  settled(row.batch);
}

void InFlightMessages::refused(const rd_kafka_message_t& message, std::string_view topic) {
  if (message.err != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return fail(retry(explain(message.err, topic)));
  reject(row_of(message._private),
         std::to_string(message.len) + " bytes are more than librdkafka's message.max.bytes allows");
}

void InFlightMessages::failed(const rd_kafka_message_t& message) {
  const auto explained = [&] { return explain(message.err, rd_kafka_topic_name(message.rkt)); };
  const Row row = row_of(message._private);
  const bool alone = std::exchange(alone_, false);
  const bool of_no_row = message._private == reinterpret_cast<void*>(kNoRow);
  if (of_no_row || !may_be_the_rows_fault(message.err)) return fail(retry(explained()));
  if (transactional_) {
    blame(row, explained(), alone);
    return fail(retry(explained()));
  }
  if (alone) return reject(row, explained());
  suspects_.push_back(row);
}

void InFlightMessages::forget() {
  batches_.clear();
  free_.clear();
  suspects_.clear();
  blamed_.clear();
  rejected_.clear();
  failure_.reset();
  open_ = messages_ = 0;
  alone_ = false;
}

}  // namespace levada::kafka_sink
