// Writes a JSON object, member by member, behind what a text holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actions.h"

namespace levada::delta {

void append_json_string(std::string& to, std::string_view text);

class JsonObject {
 public:
  explicit JsonObject(std::string& to) : to_(to) { to_ += '{'; }
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& integer(std::string_view key, int64_t value);
  // The shortest text that reads as the same number; it must be finite.
  JsonObject& number(std::string_view key, double value);
  JsonObject& boolean(std::string_view key, bool value);
  // JSON already.
  JsonObject& raw(std::string_view key, std::string_view json);
  JsonObject& map(std::string_view key, const Map& value);
  JsonObject& list(std::string_view key, const std::vector<std::string>& value);
  // These leave out what is not there.
  JsonObject& text_if(std::string_view key, const std::optional<std::string>& value);
  JsonObject& integer_if(std::string_view key, const std::optional<int64_t>& value);
  bool empty() const { return first_; }
  void end() { to_ += '}'; }

 private:
  void key(std::string_view name);
  std::string& to_;
  bool first_ = true;
};

}  // namespace levada::delta
