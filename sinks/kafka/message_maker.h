// Makes Kafka messages of rows: value, key, topic name and headers.
#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arena.h"
#include "json/json_writer.h"
#include "levada/batch.h"
#include "levada/pattern.h"
#include "settings.h"

namespace levada::kafka_sink {

class MessageMaker {
 public:
  static Result<MessageMaker> from(const KafkaSettings& settings);

  // FATAL where no message can be made of the rows of such a batch.
  Done check(const Batch& batch) const;
  // The batch that all calls below are about; it must stay until another is bound.
  void bind(const Batch& batch);

  // All messages go to one topic, and need only payload, key and tag.
  bool one_topic() const { return topic_.constant(); }
  bool has_headers() const { return !headers_.empty(); }
  // Values are pieces of the body column, and there are no keys: messages can be made without
  // a look at each row's columns.
  bool plain() const {
    return !writer_ && !has_key() && body_ && body_->type() != Type::dictionary && !body_->has_nulls();
  }
  Views bodies() const { return body_->views(); }

  // The value; null data where the row has none. What is encoded stands in `encoded`.
  std::string_view value(int64_t row, Arena& encoded);
  // The key; null data where the row has none. It stays until forget_keys.
  std::string_view key(int64_t row);
  void forget_keys() { keys_.clear(); }
  // The topic's name, until the next call; REJECT where the row lacks what the name is made of.
  Result<std::string_view> topic(int64_t row);
  // Headers for one message, which takes them over.
  rd_kafka_headers_t* headers(int64_t row);

  // Values that JSON could not hold, since it was asked last.
  int64_t take_replaced() { return std::exchange(replaced_, 0); }

 private:
  struct Header {
    std::string name;
    Pattern pattern;
    Pattern::Bound bound;
  };
  bool has_key() const { return !key_.empty(); }

  KafkaSettings::Value format_ = KafkaSettings::Value::body;
  Pattern topic_, key_;
  Pattern::Bound bound_topic_, bound_key_;
  std::vector<Header> headers_;

  int64_t rows_ = 0;
  const Column* body_ = nullptr;
  const Column* key_column_ = nullptr;  // Where the key is the text of a column, and so need not be copied.
  std::optional<JsonWriter> writer_;
  std::string text_;
  Arena keys_;
  int64_t replaced_ = 0;
};

}  // namespace levada::kafka_sink
