// Writes JSON by hand: commas are put where they belong, text is escaped.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "agent/base/json_text.h"

namespace levada::agent {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    text(name);
    text_ += ':';
    fresh_ = true;
    return *this;
  }
  // What is no UTF-8 is shown without the bytes that are none of ASCII.
  JsonWriter& text(std::string_view value) {
    separate();
    if (is_utf8(value)) {
      append_json_text(text_, value);
      return *this;
    }
    std::string readable;
    for (const char c : value) readable += static_cast<unsigned char>(c) < 0x80 ? c : '?';
    append_json_text(text_, readable);
    return *this;
  }
  JsonWriter& number(int64_t value) { return raw(std::to_string(value)); }
  // Null where it is none.
  JsonWriter& number(double value, int digits = 15) {
    if (!std::isfinite(value)) return raw("null");
    char text[40];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return raw(text);
  }
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  // JSON already.
  JsonWriter& raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
  }

  // A member of an object.
  JsonWriter& member(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonWriter& member(std::string_view name, const char* value) { return key(name).text(value); }
  JsonWriter& member(std::string_view name, const std::string& value) { return key(name).text(value); }
  JsonWriter& member(std::string_view name, std::same_as<bool> auto value) { return key(name).boolean(value); }
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  JsonWriter& member(std::string_view name, Number value) {
    return key(name).number(static_cast<int64_t>(value));
  }
  JsonWriter& member(std::string_view name, double value) { return key(name).number(value); }
  template <class Texts>
  JsonWriter& texts(std::string_view name, const Texts& values) {
    key(name).begin_array();
    for (const auto& value : values) text(value);
    return end_array();
  }

  std::string take() && { return std::move(text_); }

 private:
  void separate() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }
  JsonWriter& open(char bracket) {
    separate();
    text_ += bracket;
    fresh_ = true;
    return *this;
  }
  JsonWriter& close(char bracket) {
    text_ += bracket;
    fresh_ = false;
    return *this;
  }

  std::string text_;
  bool fresh_ = true;  // Nothing stands before what comes next.
};

}  // namespace levada::agent
