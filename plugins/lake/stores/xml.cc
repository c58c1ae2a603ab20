// A parser by recursive descent; elements lie in one another at most so deep.
#include "lake/stores/xml.h"

#include <charconv>

namespace levada::lake {
namespace {

constexpr int kDeepest = 32;

void append_utf8(std::string& to, uint32_t code) {
  if (code < 0x80) {
    to += static_cast<char>(code);
  } else if (code < 0x800) {
    to += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
  } else if (code < 0x10000) {
    to += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
           static_cast<char>(0x80 | (code & 63))};
  } else {
    to += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
           static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  bool document(XmlElement& element) { return skip_to_element() && this->element(element, 0); }

 private:
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  // What stands before the token, which is taken too.
  bool until(std::string_view token, std::string_view& before) {
    const auto at = rest_.find(token);
    if (at == std::string_view::npos) return false;
    before = rest_.substr(0, at);
    rest_.remove_prefix(at + token.size());
    return true;
  }
  bool skip_to_element() {
    std::string_view skipped;
    for (;;) {
      const auto at = rest_.find('<');
      if (at == std::string_view::npos) return false;
      rest_.remove_prefix(at);
      if (rest_.starts_with("<?")) {
        if (!until("?>", skipped)) return false;
      } else if (rest_.starts_with("<!--")) {
        if (!until("-->", skipped)) return false;
      } else if (rest_.starts_with("<!")) {
        if (!until(">", skipped)) return false;
      } else {
        return true;
      }
    }
  }
  bool element(XmlElement& element, int depth) {
    std::string_view tag;
    if (depth > kDeepest || !take("<") || !until(">", tag)) return false;
    const bool is_empty = tag.ends_with('/');
    if (is_empty) tag.remove_suffix(1);
    tag = tag.substr(0, tag.find_first_of(" \t\r\n"));
    if (tag.empty() || tag.front() == '/') return false;
    const auto whole_name = tag;
    element.name = tag.substr(tag.find(':') + 1);
    return is_empty || content(element, whole_name, depth);
  }
  bool content(XmlElement& element, std::string_view name, int depth) {
    std::string_view part;
    for (;;) {
      const auto at = rest_.find('<');
      if (at == std::string_view::npos || !add_text(element.text, rest_.substr(0, at))) return false;
      rest_.remove_prefix(at);
      if (take("</")) return until(">", part) && part.substr(0, part.find_first_of(" \t\r\n")) == name;
      if (take("<![CDATA[")) {
        if (!until("]]>", part)) return false;
        element.text += part;
      } else if (rest_.starts_with("<!--")) {
        if (!until("-->", part)) return false;
      } else if (!this->element(element.elements.emplace_back(), depth + 1)) {
        return false;
      }
    }
  }
  static bool add_text(std::string& to, std::string_view text) {
    for (;;) {
      const auto at = text.find('&');
      to += text.substr(0, at);
      if (at == std::string_view::npos) return true;
      text.remove_prefix(at + 1);
      const auto end = text.find(';');
      if (end == std::string_view::npos || !add_reference(to, text.substr(0, end))) return false;
      text.remove_prefix(end + 1);
    }
  }
  static bool add_reference(std::string& to, std::string_view name) {
    if (name == "amp") to += '&';
    else if (name == "lt") to += '<';
    else if (name == "gt") to += '>';
    else if (name == "quot") to += '"';
    else if (name == "apos") to += '\'';
    else if (name.starts_with('#')) {
      const bool is_hex = name.starts_with("#x");
      const auto digits = name.substr(is_hex ? 2 : 1);
      uint32_t code = 0;
      const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hex ? 16 : 10);
      if (fault != std::errc() || end != digits.data() + digits.size() || code > 0x10FFFF) return false;
      append_utf8(to, code);
    } else {
      return false;
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

const XmlElement* XmlElement::find(std::string_view wanted) const {
  for (const auto& element : elements)
    if (element.name == wanted) return &element;
  return nullptr;
}

std::string XmlElement::text_of(std::string_view wanted) const {
  const auto* element = find(wanted);
  return element ? element->text : std::string();
}

Result<XmlElement> parse_xml(std::string_view text) {
  XmlElement element;
  if (!Parser(text).document(element)) return retry("the answer is no XML");
  return element;
}

std::string xml_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') escaped += "&amp;";
    else if (c == '<') escaped += "&lt;";
    else if (c == '>') escaped += "&gt;";
    else escaped += c;
  }
  return escaped;
}

}  // namespace levada::lake
