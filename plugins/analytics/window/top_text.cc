#include "top_text.h"

#include <charconv>
#include <cmath>

#include "json/json_text.h"
#include "key_order.h"
#include "levada/time.h"

namespace levada::window {
namespace {

void append_string(std::string& to, std::string_view text) {
  to += '"';
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') {
      char escape[8];
      to.append(escape, write_escape(c, escape));
      ++at;
      continue;
    }
    const size_t size = utf8_size(text.substr(at));
    if (size == 0) to += "\xef\xbf\xbd";
    else to += text.substr(at, size);
    at += std::max<size_t>(1, size);
  }
  to += '"';
}

void append_value(std::string& to, Key key) {
  const auto column = key_column("", std::span(&key, 1), 0, 1);
  switch (key.kind) {
    case Key::kInteger: to += std::to_string(column.values<int64_t>()[0]); return;
    case Key::kBoolean: to += column.boolean(0) ? "true" : "false"; return;
    case Key::kNumber: {
      char digits[40];
      const double number = column.values<double>()[0];
      if (!std::isfinite(number)) to += "null";
      else to.append(digits, std::to_chars(digits, std::end(digits), number).ptr);
      return;
    }
    case Key::kTime: {
      Rfc3339Writer writer;
      char text[Rfc3339Writer::kSize];
      append_string(to, {text, static_cast<size_t>(writer.write(column.values<int64_t>()[0], text) - text)});
      return;
    }
    default: append_string(to, key.bytes);
  }
}

}  // namespace

void TopText::add(Key value, int64_t count) {
  text_ += text_.size() == 1 ? "{\"value\":" : ",{\"value\":";
  append_value(text_, value);
  text_ += ",\"count\":" + std::to_string(count) + '}';
}

}  // namespace levada::window
