// Looks things up in a configuration tree and writes it back as TOML.
#include "agent/config/node.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace levada::agent {

namespace {

bool is_bare(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool names_a_secret(std::string_view key) {
  constexpr std::array<std::string_view, 4> kMarks = {"password", "secret", "token", "credential"};
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return key.find(mark) != std::string_view::npos; });
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (const Node& item : items) {
    if (item.key == name) return &item;
  }
  return nullptr;
}

const char* kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::string: return "a string";
    case Node::Kind::integer: return "an integer";
    case Node::Kind::number: return "a number";
    case Node::Kind::boolean: return "a boolean";
    case Node::Kind::date: return "a date";
    case Node::Kind::list: return "a list";
    case Node::Kind::table: return "a table";
  }
  return "";
}

std::string join_path(std::string_view path, std::string_view key) {
  std::string joined(path);
  if (!joined.empty()) joined += ".";
  return joined + (is_bare(key) ? std::string(key) : quote(key));
}

std::string quote(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

namespace {

enum class Strings { as_written, in_effect };

std::string text_of(const Node& node, bool hide_secrets, Strings strings) {
  if (hide_secrets && node.kind != Node::Kind::table && names_a_secret(node.key)) return "\"(hidden)\"";
  switch (node.kind) {
    case Node::Kind::string:
      return quote(node.written.empty() || strings == Strings::in_effect ? node.text : node.written);
    case Node::Kind::integer: return std::to_string(node.integer);
    case Node::Kind::number: return number_text(node.number);
    case Node::Kind::boolean: return node.integer != 0 ? "true" : "false";
    case Node::Kind::date: return node.text;
    case Node::Kind::list:
    case Node::Kind::table: break;
  }
  const bool is_table = node.kind == Node::Kind::table;
  std::string out;
  for (const Node& item : node.items) {
    if (!out.empty()) out += ", ";
    if (is_table) out += join_path("", item.key) + " = ";
    out += text_of(item, hide_secrets, strings);
  }
  if (!is_table) return "[" + out + "]";
  return out.empty() ? "{}" : "{ " + out + " }";
}

}  // namespace

std::string toml_text(const Node& node, bool hide_secrets) { return text_of(node, hide_secrets, Strings::as_written); }

std::string exact_text(const Node& node) { return text_of(node, false, Strings::in_effect); }

}  // namespace levada::agent
