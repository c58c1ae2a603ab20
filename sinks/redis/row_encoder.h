// Makes commands of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_writer.h"
#include "levada/batch.h"
#include "levada/pattern.h"
#include "settings.h"

namespace levada::redis_sink {

class RowEncoder {
 public:
  static Result<RowEncoder> from(const RedisSettings& settings);

  // The batch that all calls below are about; it must stay until another is bound.
  Done bind(const Batch& batch);
  // Appends the commands for a row. False, with the reason and nothing of use appended, where none
  // can be made.
  bool append(int64_t row, std::string& to, std::string& reason);
  // The key of the row that was appended last.
  std::string_view key() const { return key_text_; }

  size_t commands_per_row() const { return commands_per_row_; }
  // What TYPE says of a key that rows can be written to, beside "none"; null where any key will do.
  const char* type_of_keys() const;
  // The command that lets a key expire, where rows are put into keys that are there.
  bool expires_keys() const { return ttl_milliseconds_ && mode_ != RedisSettings::Mode::keys; }
  void append_expiry(std::string_view key, std::string& to) const;

  // Values that JSON could not hold, since it was asked last.
  int64_t take_replaced();

 private:
  enum class Value { json, fields, body, pattern };

  bool append_key(const Pattern::Bound& bound, int64_t row, std::string& to, std::string& reason);
  // Puts the value into `value_text_`.
  bool make_value(int64_t row, std::string& reason);
  // Appends the row's columns that have a value, each as a name and a text.
  void append_fields(int64_t row, std::string& to);
  size_t count_fields(int64_t row) const;
  void append_stream_entry(int64_t row, size_t fields, std::string& to);

  RedisSettings::Mode mode_ = RedisSettings::Mode::hash;
  Value value_ = Value::json;
  std::vector<std::string> columns_;
  Pattern key_, field_, value_pattern_;
  std::optional<std::string> ttl_milliseconds_, max_length_;
  size_t commands_per_row_ = 1;

  const Column* body_ = nullptr;
  Pattern::Bound bound_key_, bound_field_, bound_value_;
  std::optional<JsonWriter> writer_;
  std::vector<Column> fields_;
  std::string key_text_, field_text_, value_text_;
  int64_t replaced_ = 0;
};

}  // namespace levada::redis_sink
