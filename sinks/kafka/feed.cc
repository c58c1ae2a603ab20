// How rows become messages and go to librdkafka: the sink's inner loop.
#include <algorithm>

#include "kafka.h"

namespace levada::kafka_sink {
namespace {

// Topics that a pattern gives are kept up to this many; then all are looked up anew.
constexpr size_t kMostTopics = 1000;

rd_kafka_message_t message_of(InFlightMessages::Row row, std::string_view value, std::string_view key) {
  rd_kafka_message_t message{};
  message.payload = const_cast<char*>(value.data());
  message.len = value.size();
  message.key = const_cast<char*>(key.data());
  message.key_len = key.size();
  message._private = InFlightMessages::tag(row);
  return message;
}

}  // namespace

bool Kafka::feed() {
  if (in_flight_.failure()) return false;
  if (const auto* suspect = in_flight_.to_send_alone()) {
    if (in_flight_.messages() == 0) send_alone(*suspect);
    return false;
  }
  while (!feeding_.done()) {
    // An idempotent producer has one request under way for a partition, and librdkafka polls in
    // circles while more wait behind it. So new messages are produced when all in-flight ones are
    // through: that costs a third less, and the pipe is as full.
    if (in_flight_.messages() > 0) return false;
    feed_part();
    if (in_flight_.failure()) return false;
  }
  return true;
}

void Kafka::bind(uint32_t batch) {
  if (bound_ == batch) return;
  maker_.bind(in_flight_.batch(batch).batch);
  bound_ = batch;
}

void Kafka::feed_part() {
  if (producer_->topics() > kMostTopics) producer_->forget_topics();
  bind(feeding_.batch);
  auto end = std::min(feeding_.rows, feeding_.next + in_flight_rows_);
  if (!feeding_.care.empty()) {
    if (feeding_.care.front().row == feeding_.next) return feed_with_care();
    end = std::min(end, feeding_.care.front().row);
  }
  if (maker_.plain() && maker_.one_topic()) {
    make_plain_messages(end);
  } else {
    make_messages(end);
  }
  produce();
}

// A row that made the last try fail: see BlamedRows.
void Kafka::feed_with_care() {
  const auto care = feeding_.care.front();
  feeding_.care.erase(feeding_.care.begin());
  const InFlightMessages::Row row = {feeding_.batch, feeding_.next++};
  if (care.reason) return in_flight_.reject(row, *care.reason);
  in_flight_.sending_alone();
  if (make_message(row)) produce();
}

void Kafka::make_plain_messages(int64_t end) {
  Topic* topic = topic_of({feeding_.batch, feeding_.next});
  if (!topic) return;
  const Views bodies = maker_.bodies();
  for (; feeding_.next < end && made_bytes_ < in_flight_bytes_; ++feeding_.next) {
    const auto body = bodies[feeding_.next];
    topic->messages.push_back(message_of({feeding_.batch, feeding_.next}, body, {}));
    made_bytes_ += static_cast<int64_t>(body.size());
  }
  touched_.push_back(topic);
}

void Kafka::make_messages(int64_t end) {
  for (; feeding_.next < end && made_bytes_ < in_flight_bytes_; ++feeding_.next)
    if (!make_message({feeding_.batch, feeding_.next})) return;
}

// False: nothing can go on.
bool Kafka::make_message(InFlightMessages::Row row) {
  Topic* topic = topic_of(row);
  if (!topic) return !in_flight_.failure();
  if (topic->messages.empty()) touched_.push_back(topic);
  const auto value = maker_.value(row.row, in_flight_.batch(row.batch).encoded);
  topic->messages.push_back(message_of(row, value, maker_.key(row.row)));
  made_bytes_ += static_cast<int64_t>(value.size());
  return true;
}

void Kafka::send_alone(InFlightMessages::Row row) {
  bind(row.batch);
  in_flight_.sent_alone();
  if (make_message(row)) produce();
}

// Null: the row was rejected, or nothing can go on.
Topic* Kafka::topic_of(InFlightMessages::Row row) {
  std::string_view name = constant_topic_;
  if (!maker_.one_topic()) {
    auto made = maker_.topic(row.row);
    if (!made) return in_flight_.reject(row, made.error().message), nullptr;
    name = *made;
    // Rows that follow each other often go to the same topic.
    if (!touched_.empty() && touched_.back()->name == name) return touched_.back();
  }
  auto topic = producer_->topic(std::string(name));
  if (topic) return *topic;
  if (topic.code() == Code::reject) {
    in_flight_.reject(row, topic.error().message);
  } else {
    in_flight_.fail(std::move(topic).error());
  }
  return nullptr;
}

void Kafka::produce() {
  for (Topic* topic : touched_) {
    if (maker_.has_headers()) {
      produce_with_headers(*topic);
    } else {
      produce(*topic);
    }
    topic->messages.clear();
  }
  touched_.clear();
  made_bytes_ = 0;
  maker_.forget_keys();
}

void Kafka::produce(Topic& topic) {
  auto& messages = topic.messages;
  const int taken = rd_kafka_produce_batch(topic.handle, RD_KAFKA_PARTITION_UA, 0, messages.data(),
                                           static_cast<int>(messages.size()));
  in_flight_.sent(taken);
  if (taken == static_cast<int>(messages.size())) return;
  for (const auto& message : messages)
    if (message.err) in_flight_.refused(message, topic.name);
}

void Kafka::produce_with_headers(Topic& topic) {
  for (auto& message : topic.messages) {
    rd_kafka_headers_t* headers = maker_.headers(InFlightMessages::row_of(message._private).row);
    rd_kafka_vu_t parts[5] = {};
    parts[0].vtype = RD_KAFKA_VTYPE_RKT;
    parts[0].u.rkt = topic.handle;
    parts[1].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[1].u.mem = {message.payload, message.len};
    parts[2].vtype = RD_KAFKA_VTYPE_KEY;
    parts[2].u.mem = {message.key, message.key_len};
    parts[3].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[3].u.ptr = message._private;
    parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[4].u.headers = headers;
    if (rd_kafka_error_t* error = rd_kafka_produceva(producer_->handle(), parts, std::size(parts))) {
      message.err = rd_kafka_error_code(error);
      rd_kafka_error_destroy(error);
      rd_kafka_headers_destroy(headers);
      in_flight_.refused(message, topic.name);
    } else {
      in_flight_.sent(1);
    }
  }
}

}  // namespace levada::kafka_sink
