// TOML text to a tree of nodes. toml++ stops at the first fault; a name that is defined twice
// is therefore renamed in the text, and the parser runs once more, so that the rest of the
// file is checked in the same run.
#include "agent/config/toml_parser.h"

#include <algorithm>
#include <utility>

// toml++ 3.3 asserts what a user can break: "[" at the end of a line aborts a debug
// build and is undefined in a release. Behind the assertions it has proper errors, so
// they are switched off in both.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace levada::agent {

namespace {

struct Duplicate {
  std::string stand_in;  // the key that took its place in the text
  std::string name;      // "sources.clicks" of a table, "path" of a key
  bool is_table = false;
  Location location;
};

Location place(const std::string& file, const toml::source_position& position) {
  return {file, static_cast<uint32_t>(position.line), static_cast<uint32_t>(position.column)};
}

Node convert(const toml::node& from, const std::string& file) {
  Node node;
  node.location = place(file, from.source().begin);
  if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::string;
    node.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.kind = Node::Kind::integer;
    node.integer = integer->get();
  } else if (const auto* number = from.as_floating_point()) {
    node.kind = Node::Kind::number;
    node.number = number->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Node::Kind::boolean;
    node.integer = boolean->get() ? 1 : 0;
  } else if (const auto* list = from.as_array()) {
    node.kind = Node::Kind::list;
    for (const toml::node& item : *list) node.items.push_back(convert(item, file));
  } else if (const auto* table = from.as_table()) {
    node.kind = Node::Kind::table;
    for (const auto& [key, value] : *table) {
      Node item = convert(value, file);
      item.key = std::string(key.str());
      item.key_location = place(file, key.source().begin);
      node.items.push_back(std::move(item));
    }
    // The library sorts by name.
    std::stable_sort(node.items.begin(), node.items.end(), [](const Node& a, const Node& b) {
      return std::pair(a.key_location.line, a.key_location.column) <
             std::pair(b.key_location.line, b.key_location.column);
    });
  } else {
    node.kind = Node::Kind::date;
    std::ostringstream text;
    text << toml::node_view<const toml::node>(from);
    node.text = text.str();
  }
  return node;
}

// What the library says, less what its parser was doing, and with a remedy
// where the cause is a common one.
std::string explain(std::string_view description) {
  constexpr std::string_view kDoing = "Error while parsing ";
  std::string_view doing, what = description;
  if (what.starts_with(kDoing)) {
    const size_t colon = what.find(": ");
    doing = what.substr(kDoing.size(), colon - kDoing.size());
    what.remove_prefix(colon + 2);
  }
  if (what == "could not determine value type") return "this is no value; text stands in quotes";
  if (what.starts_with("unescaped control characters") || (doing == "string" && what == "encountered end-of-file")) {
    return "the text is not closed by a quote on its line, or holds a control character";
  }
  if (what.starts_with("Encountered invalid utf-8")) return "this is not UTF-8";
  if ((doing == "decimal integer" || doing == "floating-point") && what.find("saw '") != std::string_view::npos) {
    return "this is no number; text, durations and sizes stand in quotes: \"5s\", \"64KiB\"";
  }
  if (what == "expected value, saw '\\n'" || what == "encountered end-of-file") return "a value is missing";
  return std::string(what);
}

// Where line `number` (from 1) begins and ends.
std::pair<size_t, size_t> line_range(std::string_view text, uint32_t number) {
  size_t begin = 0;
  for (uint32_t line = 1; line < number; ++line) {
    const size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return {text.size(), text.size()};
    begin = end + 1;
  }
  return {begin, std::min(text.find('\n', begin), text.size())};
}

bool is_bare_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// The byte of a line at which its `column`, counted in characters, begins.
size_t byte_of_column(std::string_view line, uint32_t column) {
  size_t at = 0;
  for (uint32_t passed = 1; passed < column && at < line.size(); ++passed) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

// Where on the line the header of that table begins, if it is one: `  [
// sources.clicks ]  # comment`.
std::optional<size_t> header_of(std::string_view line, std::string_view name) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos || line[begin] != '[') return std::nullopt;
  line.remove_prefix(begin + 1);
  if (line.starts_with('[')) line.remove_prefix(1);
  std::string inside;
  for (const char c : line.substr(0, line.find(']'))) {
    if (c != ' ' && c != '\t') inside += c;
  }
  return inside == name ? std::optional(begin) : std::nullopt;
}

// If the error is a name defined for the second time, gives it another name in `text`. The stand-in
// starts with "-", as no name of a configuration does, and is as long as a key was, so that the
// columns behind it stay right.
std::optional<Duplicate> rename_duplicate(std::string& text, const toml::parse_error& error, const std::string& file,
                                          size_t number) {
  const std::string_view description = error.description();
  if (description.find("cannot redefine") == std::string_view::npos) return std::nullopt;
  Duplicate duplicate;
  duplicate.location = place(file, error.source().begin);
  std::string stand_in = "-" + std::to_string(number);

  if (description.starts_with("Error while parsing table header")) {
    const size_t open = description.find('\''), close = description.rfind('\'');
    if (open == close) return std::nullopt;
    duplicate.is_table = true;
    duplicate.name = description.substr(open + 1, close - open - 1);
    duplicate.stand_in = stand_in;
    // The error stands at the header, or on one of the lines behind it.
    for (uint32_t number_of_line = duplicate.location.line; number_of_line > 0; --number_of_line) {
      const auto [begin, end] = line_range(text, number_of_line);
      const std::optional<size_t> column = header_of(std::string_view(text).substr(begin, end - begin), duplicate.name);
      if (!column) continue;
      duplicate.location.line = number_of_line;
      duplicate.location.column = static_cast<uint32_t>(*column + 1);
      text.replace(begin, end - begin, "[" + stand_in + "]");
      return duplicate;
    }
    return std::nullopt;
  }
  const auto [begin, end] = line_range(text, duplicate.location.line);
  const std::string line = text.substr(begin, end - begin);
  const size_t column = byte_of_column(line, duplicate.location.column);
  // The error stands at the value: back over the white space and the one equals sign to the key.
  size_t last = std::min(column, line.size());
  while (last > 0 && (line[last - 1] == ' ' || line[last - 1] == '\t' || line[last - 1] == '=')) --last;
  size_t first = last;
  while (first > 0 && is_bare_letter(line[first - 1])) --first;
  if (first == last || line[first] == '-') return std::nullopt;
  duplicate.name = line.substr(first, last - first);
  duplicate.location.column -= static_cast<uint32_t>(column - first);
  while (stand_in.size() < last - first) stand_in += '-';
  duplicate.stand_in = stand_in;
  text.replace(begin + first, last - first, stand_in);
  return duplicate;
}

// The item that a dotted name leads to, or null.
const Node* follow(const Node& root, std::string_view name) {
  const Node* node = &root;
  while (!name.empty()) {
    const size_t dot = std::min(name.find('.'), name.size());
    node = node->find(name.substr(0, dot));
    if (node == nullptr) return nullptr;
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return node;
}

// Takes the stand-ins out of the tree and reports what each was.
void report_duplicates(Node& node, const Node& root, const std::string& path, const std::vector<Duplicate>& duplicates,
                       Diagnostics& diagnostics) {
  for (const Duplicate& duplicate : duplicates) {
    const Node* there = node.find(duplicate.stand_in);
    if (there == nullptr) continue;
    const Node* first = duplicate.is_table ? follow(root, duplicate.name) : node.find(duplicate.name);
    const Location* at = first == nullptr ? nullptr : duplicate.is_table ? &first->location : &first->key_location;
    diagnostics.add(duplicate.location, duplicate.is_table ? duplicate.name : join_path(path, duplicate.name),
                    std::string(duplicate.is_table ? "defined" : "set") + " twice" +
                        (at == nullptr ? "" : "; first at " + at->text()));
    node.items.erase(node.items.begin() + (there - node.items.data()));
  }
  for (Node& item : node.items) {
    const std::string below = node.kind == Node::Kind::table ? join_path(path, item.key) : path;
    if (item.kind == Node::Kind::table || item.kind == Node::Kind::list) {
      report_duplicates(item, root, below, duplicates, diagnostics);
    }
  }
}

}  // namespace

std::optional<Node> parse_toml(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  std::string current(text);
  std::vector<Duplicate> duplicates;
  while (true) {
    const toml::parse_result result = toml::parse(std::string_view(current), std::string_view(file));
    if (result) {
      Node root = convert(result.table(), file);
      report_duplicates(root, root, "", duplicates, diagnostics);
      return root;
    }
    std::optional<Duplicate> duplicate = rename_duplicate(current, result.error(), file, duplicates.size() + 1);
    if (!duplicate) {
      for (const Duplicate& known : duplicates) diagnostics.add(known.location, known.name, "is there twice");
      diagnostics.add(place(file, result.error().source().begin), explain(result.error().description()));
      return std::nullopt;
    }
    duplicates.push_back(*std::move(duplicate));
  }
}

}  // namespace levada::agent
