#include "row_encoder.h"

#include <utility>

#include "redis/command_text.h"

namespace levada::redis_sink {

namespace {

using redis::append_command;
using redis::append_text;
using redis::begin_command;

using Mode = RedisSettings::Mode;

// The most that a text may have by Redis' own default (proto-max-bulk-len); a server ends the
// connection where one is longer.
constexpr size_t kTextMax = size_t{512} << 20;

Result<Pattern> pattern_of(const std::string& option, const std::string& text) {
  auto pattern = Pattern::parse(text);
  if (!pattern) return wrong(option, pattern.error().message);
  return pattern;
}

}  // namespace

Result<RowEncoder> RowEncoder::from(const RedisSettings& settings) {
  RowEncoder made;
  made.mode_ = settings.mode;
  made.columns_ = settings.columns;
  const bool is_hash = settings.mode == Mode::hash;
  if (settings.key.empty()) return wrong("key", "must not be empty");
  auto key = pattern_of("key", settings.key);
  if (!key) return std::move(key).error();
  made.key_ = *std::move(key);
  if (settings.mode == Mode::keys && made.key_.constant())
    return wrong("key", "with mode = \"keys\" each row has its own key: name a column in it, \"stat_{ip}\"");

  if (is_hash != settings.field.has_value())
    return wrong("field", is_hash ? "with mode = \"hash\" say which field a row is, \"{ip}\""
                                  : "belongs to mode = \"hash\" alone");
  if (settings.field) {
    auto field = pattern_of("field", *settings.field);
    if (!field) return std::move(field).error();
    made.field_ = *std::move(field);
  }

  if (settings.value == "json") made.value_ = Value::json;
  else if (settings.value == "fields") made.value_ = Value::fields;
  else if (settings.value == "body") made.value_ = Value::body;
  else if (settings.value.find('{') == std::string::npos)
    return wrong("value", "must be json, fields, body, or a text with columns in it, \"{ip}\"");
  else {
    auto value = pattern_of("value", settings.value);
    if (!value) return std::move(value).error();
    made.value_pattern_ = *std::move(value);
    made.value_ = Value::pattern;
  }
  if (made.value_ == Value::fields && settings.mode != Mode::keys && settings.mode != Mode::stream)
    return wrong("value", "\"fields\" belongs to the modes keys and stream: elsewhere a row is one text");
  if (!settings.columns.empty() && made.value_ != Value::json && made.value_ != Value::fields)
    return wrong("columns", "has no effect with this value");

  if (settings.ttl) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(*settings.ttl).count();
    if (milliseconds < 1) return wrong("ttl", "must be at least 1ms");
    if (settings.mode == Mode::publish) return wrong("ttl", "what is published is not kept");
    made.ttl_milliseconds_ = std::to_string(milliseconds);
  }
  if (settings.max_length) {
    if (settings.mode != Mode::stream) return wrong("max_length", "belongs to mode = \"stream\" alone");
    if (*settings.max_length < 1) return wrong("max_length", "must be at least 1");
    made.max_length_ = std::to_string(*settings.max_length);
  }
  // DEL, HSET, PEXPIRE.
  if (settings.mode == Mode::keys && made.value_ == Value::fields) made.commands_per_row_ = settings.ttl ? 3 : 2;
  return made;
}

const char* RowEncoder::type_of_keys() const {
  switch (mode_) {
    case Mode::hash: return "hash";
    case Mode::set: return "set";
    case Mode::list: return "list";
    case Mode::stream: return "stream";
    case Mode::keys:
    case Mode::publish: break;
  }
  return nullptr;
}

Done RowEncoder::bind(const Batch& batch) {
  body_ = batch.body();
  if (value_ == Value::body && !body_)
    return fatal("the rows have no body column, an interceptor has dropped it: choose another value");
  bound_key_.bind(key_, batch);
  bound_field_.bind(field_, batch);
  bound_value_.bind(value_pattern_, batch);
  const std::string body = "body";
  if (value_ == Value::json) {
    replaced_ += writer_ ? writer_->replaced() : 0;
    writer_.emplace(choose_columns(batch, columns_, {&body, 1}), JsonStyle{});
  } else if (value_ == Value::fields) {
    fields_ = choose_columns(batch, columns_, {&body, 1});
  }
  return {};
}

int64_t RowEncoder::take_replaced() {
  const auto all = std::exchange(replaced_, 0) + (writer_ ? writer_->replaced() : 0);
  writer_.reset();
  return all;
}

bool RowEncoder::append_key(const Pattern::Bound& bound, int64_t row, std::string& to, std::string& reason) {
  to.clear();
  const auto* missing = bound.append(row, to);
  if (!missing) return true;
  reason = "the column \"" + *missing + "\", which the key, the field or the value is made of, has no value";
  return false;
}

bool RowEncoder::make_value(int64_t row, std::string& reason) {
  switch (value_) {
    case Value::json:
      value_text_.resize(writer_->bound(row));
      value_text_.resize(static_cast<size_t>(writer_->write(row, value_text_.data()) - value_text_.data()));
      break;
    case Value::pattern:
      if (!append_key(bound_value_, row, value_text_, reason)) return false;
      break;
    case Value::body:
      if (body_->null(row)) {
        reason = "the body is null";
        return false;
      }
      value_text_ = body_->text(row);
      break;
    case Value::fields: break;
  }
  if (value_text_.size() <= kTextMax) return true;
  reason = "the value has " + std::to_string(value_text_.size()) + " bytes; Redis takes at most 512 MiB";
  return false;
}

size_t RowEncoder::count_fields(int64_t row) const {
  size_t count = 0;
  for (const auto& column : fields_) count += column.null(row) ? 0 : 1;
  return count;
}

void RowEncoder::append_fields(int64_t row, std::string& to) {
  for (const auto& column : fields_) {
    if (column.null(row)) continue;
    append_text(column.name(), to);
    value_text_.clear();
    append_value(column, row, value_text_);
    append_text(value_text_, to);
  }
}

void RowEncoder::append_stream_entry(int64_t row, size_t fields, std::string& to) {
  begin_command((max_length_ ? 6 : 3) + 2 * fields, to);
  append_text("XADD", to);
  append_text(key_text_, to);
  if (max_length_)
    for (const std::string_view text :
         {std::string_view("MAXLEN"), std::string_view("~"), std::string_view(*max_length_)})
      append_text(text, to);
  append_text("*", to);
  if (value_ == Value::fields) return append_fields(row, to);
  append_text(value_ == Value::body ? "body" : "value", to);
  append_text(value_text_, to);
}

bool RowEncoder::append(int64_t row, std::string& to, std::string& reason) {
  if (!append_key(bound_key_, row, key_text_, reason)) return false;
  size_t fields = 1;
  if (value_ == Value::fields) {
    fields = count_fields(row);
    if (fields == 0) {
      reason = "no column has a value";
      return false;
    }
  } else if (!make_value(row, reason)) {
    return false;
  }
  switch (mode_) {
    case Mode::hash:
      if (!append_key(bound_field_, row, field_text_, reason)) return false;
      append_command({"HSET", key_text_, field_text_, value_text_}, to);
      break;
    case Mode::keys:
      if (value_ == Value::fields) {
        // Whatever the key was, it is this row now.
        append_command({"DEL", key_text_}, to);
        begin_command(2 + 2 * fields, to);
        append_text("HSET", to);
        append_text(key_text_, to);
        append_fields(row, to);
        if (ttl_milliseconds_) append_expiry(key_text_, to);
      } else if (ttl_milliseconds_) {
        append_command({"SET", key_text_, value_text_, "PX", *ttl_milliseconds_}, to);
      } else {
        append_command({"SET", key_text_, value_text_}, to);
      }
      break;
    case Mode::set: append_command({"SADD", key_text_, value_text_}, to); break;
    case Mode::list: append_command({"RPUSH", key_text_, value_text_}, to); break;
    case Mode::stream: append_stream_entry(row, fields, to); break;
    case Mode::publish: append_command({"PUBLISH", key_text_, value_text_}, to); break;
  }
  return true;
}

void RowEncoder::append_expiry(std::string_view key, std::string& to) const {
  append_command({"PEXPIRE", key, *ttl_milliseconds_}, to);
}

}  // namespace levada::redis_sink
