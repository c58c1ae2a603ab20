// Reads JSON as RFC 8259 has it, and keeps of each value where it stands.
#include "agent/config/json_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace levada::agent {

namespace {

constexpr int kDepthMax = 64;

class JsonParser {
 public:
  JsonParser(std::string_view text, const std::string& file, Diagnostics& diagnostics)
      : text_(text), file_(file), diagnostics_(diagnostics) {}

  std::optional<Node> read() {
    Node root;
    skip();
    root.location = here();
    if (!starts('{')) return refuse("must be an object of JSON");
    if (!object(root, 0)) return std::nullopt;
    skip();
    if (at_ < text_.size()) return refuse("there is more behind the object");
    return root;
  }

 private:
  Location here() const { return {file_, line_, static_cast<uint32_t>(at_ - line_start_ + 1)}; }
  std::nullopt_t refuse(const std::string& what) {
    diagnostics_.add(here(), what);
    return std::nullopt;
  }
  bool fail(const std::string& what) {
    diagnostics_.add(here(), what);
    return false;
  }
  bool starts(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    skip();
    if (!starts(c)) return false;
    ++at_;
    return true;
  }
  void skip() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  bool value(Node& to, int depth) {
    skip();
    to.location = here();
    if (depth > kDepthMax) return fail("is nested too deep");
    if (starts('{')) return object(to, depth);
    if (starts('[')) return list(to, depth);
    if (starts('"')) {
      to.kind = Node::Kind::string;
      return string(to.text);
    }
    for (const auto& [word, truth] : {std::pair<std::string_view, int64_t>{"true", 1}, {"false", 0}}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      to.kind = Node::Kind::boolean;
      to.integer = truth;
      at_ += word.size();
      return true;
    }
    return number(to);
  }

  bool object(Node& to, int depth) {
    to.kind = Node::Kind::table;
    ++at_;
    if (take('}')) return true;
    do {
      skip();
      Node item;
      const auto key_location = here();
      if (!starts('"')) return fail("a name in quotes must be here");
      if (!string(item.key)) return false;
      if (to.find(item.key)) {
        diagnostics_.add(key_location, quote(item.key) + " is there twice");
        return false;
      }
      if (!take(':')) return fail("a colon must be here");
      skip();
      const bool is_null = text_.substr(at_).starts_with("null");
      if (is_null) at_ += 4;
      else if (!value(item, depth + 1)) return false;
      item.key_location = key_location;
      if (!is_null) to.items.push_back(std::move(item));
    } while (take(','));
    return take('}') || fail("a comma or a brace must be here");
  }

  bool list(Node& to, int depth) {
    to.kind = Node::Kind::list;
    ++at_;
    if (take(']')) return true;
    do {
      if (!value(to.items.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take(']') || fail("a comma or a bracket must be here");
  }

  bool string(std::string& to) {
    for (++at_; at_ < text_.size() && text_[at_] != '"';) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character stands in a string");
      if (c != '\\') {
        to += c;
        ++at_;
      } else if (!escape(to)) {
        return false;
      }
    }
    if (at_ == text_.size()) return fail("a string does not end");
    ++at_;
    return true;
  }

  bool escape(std::string& to) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const auto known = kEscapes.find(c); c != '\0' && known != kEscapes.npos) {
      to += kMeant[known];
      at_ += 2;
      return true;
    }
    auto code = c == 'u' ? unit() : std::nullopt;
    if (code && *code >= 0xD800 && *code < 0xDC00) {
      const auto low = text_.substr(at_).starts_with("\\u") ? unit() : std::nullopt;
      code = low && *low >= 0xDC00 && *low < 0xE000
                 ? std::optional(0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00))
                 : std::nullopt;
    } else if (code && *code >= 0xDC00 && *code < 0xE000) {
      code.reset();
    }
    if (!code) return fail("an escape is not known");
    append_utf8(to, *code);
    return true;
  }

  // The number in "\u00e9", which is left behind.
  std::optional<uint32_t> unit() {
    uint32_t code = 0;
    const char* digits = text_.data() + at_ + 2;
    if (at_ + 6 > text_.size() || std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4) return std::nullopt;
    at_ += 6;
    return code;
  }

  static void append_utf8(std::string& to, uint32_t code) {
    const auto tail = [&](int shift) { to += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
    if (code < 0x80) {
      to += static_cast<char>(code);
    } else if (code < 0x800) {
      to += static_cast<char>(0xC0 | (code >> 6));
      tail(0);
    } else if (code < 0x10000) {
      to += static_cast<char>(0xE0 | (code >> 12));
      tail(6), tail(0);
    } else {
      to += static_cast<char>(0xF0 | (code >> 18));
      tail(12), tail(6), tail(0);
    }
  }

  bool number(Node& to) {
    const auto rest = text_.substr(at_);
    const auto length = std::min(rest.find_first_not_of("+-.0123456789eE"), rest.size());
    const char *begin = rest.data(), *end = begin + length;
    const auto is_digit = [&](size_t at) { return at < length && rest[at] >= '0' && rest[at] <= '9'; };
    const auto first = static_cast<size_t>(rest.starts_with('-'));
    const auto dot = rest.substr(0, length).find('.');
    // JSON wants a digit before and behind the dot, and no 0 in front of others.
    const bool is_written_so =
        is_digit(first) && !(rest[first] == '0' && is_digit(first + 1)) && (dot == rest.npos || is_digit(dot + 1));
    if (is_written_so && rest.substr(0, length).find_first_of(".eE") == rest.npos) {
      to.kind = Node::Kind::integer;
      const auto [stop, error] = std::from_chars(begin, end, to.integer);
      if (error == std::errc::result_out_of_range) return fail("an integer is too large");
      if (error == std::errc() && stop == end) return at_ += length, true;
    } else if (is_written_so) {
      to.kind = Node::Kind::number;
      const auto [stop, error] = std::from_chars(begin, end, to.number);
      if (error == std::errc() && stop == end) return at_ += length, true;
    }
    return fail("is no value of JSON");
  }

  const std::string_view text_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  size_t line_start_ = 0;
};

}  // namespace

std::optional<Node> parse_json(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  return JsonParser(text, file, diagnostics).read();
}

}  // namespace levada::agent
