#include "pattern_file.h"

#include <algorithm>
#include <charconv>
#include <utility>

// toml++ 3.3 asserts what a user can break, and has proper errors behind the assertions.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace levada::match_patterns {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

// The byte of the text at which a line begins, and on it a column, which counts characters; both
// from 1.
size_t offset_of(std::string_view text, toml::source_position place) {
  size_t at = 0;
  for (toml::source_index line = 1; line < place.line; ++line) {
    at = text.find('\n', at);
    if (at == text.npos) return text.size();
    ++at;
  }
  for (toml::source_index column = 1; column < place.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && !begins_character(text[at])) ++at;
  }
  return at;
}

Error error_at(const std::string& path, std::string_view text, size_t offset, const std::string& why) {
  const auto before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto on_line = before.substr(before.rfind('\n') + 1);
  const auto column = 1 + std::count_if(on_line.begin(), on_line.end(), begins_character);
  return fatal(path + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + why);
}

size_t utf8_size(uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

// Where in the file a byte of a text stands, whose opening quote is at `at`.
size_t offset_in_literal(std::string_view file, size_t at, size_t byte) {
  if (at >= file.size() || (file[at] != '\'' && file[at] != '"')) return at;
  const char quote = file[at];
  const std::string thrice(3, quote);
  if (file.substr(at).starts_with(thrice)) {
    at += 3;
    if (file.substr(at).starts_with("\r\n")) at += 2;
    else if (file.substr(at).starts_with("\n")) ++at;
  } else {
    ++at;
  }
  for (size_t passed = 0; passed < byte && at < file.size();) {
    if (quote == '\'' || file[at] != '\\' || at + 1 == file.size()) {
      ++passed;
      ++at;
      continue;
    }
    const char escape = file[at + 1];
    at += 2;
    if (escape == 'u' || escape == 'U') {
      const size_t digits = escape == 'u' ? 4 : 8;
      uint32_t code = 0;
      std::from_chars(file.data() + at, file.data() + std::min(file.size(), at + digits), code, 16);
      passed += utf8_size(code);
      at += digits;
    } else if (escape == '\n' || escape == '\r' || escape == ' ' || escape == '\t') {
      at = std::min(file.find_first_not_of(" \t\r\n", at), file.size());  // The line goes on there.
    } else {
      ++passed;
    }
  }
  return at;
}

Node convert(const toml::node& from, std::string_view text, std::string path) {
  Node node;
  node.path = std::move(path);
  node.offset = offset_of(text, from.source().begin);
  if (const auto* value = from.as_string()) {
    node.kind = Node::Kind::text;
    node.text = value->get();
  } else if (const auto* list = from.as_array()) {
    node.kind = Node::Kind::list;
    for (const toml::node& item : *list) node.items.push_back(convert(item, text, node.path));
  } else if (const auto* table = from.as_table()) {
    node.kind = Node::Kind::table;
    // The library sorts by name.
    std::vector<std::pair<size_t, Node>> items;
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      auto item = convert(value, text, node.path.empty() ? name : node.path + "." + name);
      item.key = name;
      items.emplace_back(offset_of(text, key.source().begin), std::move(item));
    }
    std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [offset, item] : items) node.items.push_back(std::move(item));
  } else {
    node.kind = Node::Kind::other;
  }
  return node;
}

}  // namespace

Result<Node> read_pattern_file(const std::string& path, std::string_view text) {
  const auto parsed = toml::parse(text, path);
  if (!parsed)
    return error_at(path, text, offset_of(text, parsed.error().source().begin),
                    std::string(parsed.error().description()));
  return convert(parsed.table(), text, "");
}

Error error_in_file(const std::string& path, std::string_view text, const Fault& fault) {
  const size_t at = fault.byte ? offset_in_literal(text, fault.offset, *fault.byte) : fault.offset;
  return error_at(path, text, at, fault.why);
}

}  // namespace levada::match_patterns
