#include "json_object.h"

#include <charconv>

#include "json/json_writer.h"

namespace levada::delta {

void append_json_string(std::string& to, std::string_view text) {
  const auto start = to.size();
  to.resize(start + 6 * text.size() + 2);
  to.resize(static_cast<size_t>(write_json_string(text, to.data() + start) - to.data()));
}

void JsonObject::key(std::string_view name) {
  if (!first_) to_ += ',';
  first_ = false;
  append_json_string(to_, name);
  to_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  key(name);
  append_json_string(to_, value);
  return *this;
}

JsonObject& JsonObject::integer(std::string_view name, int64_t value) {
  key(name);
  to_ += std::to_string(value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, double value) {
  key(name);
  char digits[32];
  to_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  return *this;
}

JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  key(name);
  to_ += value ? "true" : "false";
  return *this;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  key(name);
  to_ += json;
  return *this;
}

JsonObject& JsonObject::map(std::string_view name, const Map& value) {
  key(name);
  JsonObject members(to_);
  for (const auto& [each, text] : value) text ? members.text(each, *text) : members.raw(each, "null");
  members.end();
  return *this;
}

JsonObject& JsonObject::list(std::string_view name, const std::vector<std::string>& value) {
  key(name);
  to_ += '[';
  for (size_t at = 0; at < value.size(); ++at) {
    if (at > 0) to_ += ',';
    append_json_string(to_, value[at]);
  }
  to_ += ']';
  return *this;
}

JsonObject& JsonObject::text_if(std::string_view name, const std::optional<std::string>& value) {
  return value ? text(name, *value) : *this;
}

JsonObject& JsonObject::integer_if(std::string_view name, const std::optional<int64_t>& value) {
  return value ? integer(name, *value) : *this;
}

}  // namespace levada::delta
