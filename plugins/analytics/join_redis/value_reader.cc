#include "value_reader.h"

#include <utility>

#include "redis/command_text.h"
#include "redis/server_error.h"

namespace levada::join_redis {

ValueReader::ValueReader(ValueKind kind, const std::vector<DeclaredColumn>& columns) : kind_(kind) {
  for (const auto& column : columns) fields_.push_back(column.name);
}

void ValueReader::append_command(std::string_view key, std::string& to) const {
  if (fields_.empty()) return redis::append_command({"EXISTS", key}, to);
  if (kind_ != ValueKind::hash) return redis::append_command({"GET", key}, to);
  redis::begin_command(2 + fields_.size(), to);
  redis::append_text("HMGET", to);
  redis::append_text(key, to);
  for (const auto& field : fields_) redis::append_text(field, to);
}

Result<std::shared_ptr<const Value>> ValueReader::read(const redisReply& reply) {
  auto value = std::make_shared<Value>();
  switch (reply.type) {
    case REDIS_REPLY_ERROR: {
      auto error = redis::meaning_of(redis::text_of(reply));
      if (error.code != Code::reject) return error;
      value->is_there = true;
      value->fault = std::move(error.message);
      break;
    }
    case REDIS_REPLY_INTEGER: value->is_there = reply.integer != 0; break;
    case REDIS_REPLY_STRING:
      value->is_there = true;
      if (kind_ == ValueKind::json) read_json(redis::text_of(reply), *value);
      else value->fields.emplace_back(redis::text_of(reply));
      break;
    case REDIS_REPLY_ARRAY:
      for (size_t at = 0; at < reply.elements; ++at) {
        const auto& element = *reply.element[at];
        const bool is_there = element.type == REDIS_REPLY_STRING;
        value->fields.push_back(is_there ? std::optional(std::string(redis::text_of(element))) : std::nullopt);
        value->is_there = value->is_there || is_there;
      }
      break;
    default: break;
  }
  return std::shared_ptr<const Value>(std::move(value));
}

void ValueReader::read_json(std::string_view text, Value& value) {
  simdjson::dom::object object;
  if (const auto error = parser_.parse(text.data(), text.size()).get(object); error != simdjson::SUCCESS) {
    value.fault = error == simdjson::INCORRECT_TYPE ? "it is no object of JSON"
                                                    : "it is no JSON: " + std::string(simdjson::error_message(error));
    return;
  }
  for (const auto& name : fields_) {
    auto& field = value.fields.emplace_back();
    simdjson::dom::element member;
    if (object.at_key(name).get(member) != simdjson::SUCCESS || member.is_null()) continue;
    std::string_view string;
    field = member.get(string) == simdjson::SUCCESS ? std::string(string) : simdjson::minify(member);
  }
}

}  // namespace levada::join_redis
