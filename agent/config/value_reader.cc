// Turns what a user wrote into values of the types that options have. A message says
// what must be there, what is there, and what to write instead; it never shows a secret
// or what a substitution gave.
#include "agent/config/value_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "agent/config/nearest.h"
#include "agent/config/units.h"

namespace levada::agent {

namespace {

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return number;
}

// The value as a message may show it.
std::string shown(const Node& node, const levada_option& option) {
  if ((option.flags & LEVADA_SECRET) != 0) return "the given text";
  if (!node.written.empty()) return "what " + quote(node.written) + " stands for";
  return quote(node.text);
}

// "; write X", where X is what the user wrote in the form that the option takes.
std::string write_instead(const Node& node, const levada_option& option) {
  if ((option.flags & LEVADA_SECRET) != 0 || !node.written.empty()) return "";
  const std::string plain = toml_text(node, false);
  const bool is_text = node.kind == Node::Kind::string;
  const auto hint = [](const std::string& text) { return "; write " + text; };
  switch (option.type) {
    case LEVADA_STRING:
    case LEVADA_CHOICE:
      if (node.kind == Node::Kind::list || node.kind == Node::Kind::table) return "";
      return option.type == LEVADA_STRING ? hint(quote(plain)) : "";
    case LEVADA_BOOLEAN: return is_text && (node.text == "true" || node.text == "false") ? hint(node.text) : "";
    case LEVADA_INTEGER: return is_text && parse_integer(node.text) ? hint(node.text) : "";
    case LEVADA_NUMBER: return is_text && parse_number(node.text) ? hint(node.text) : "";
    case LEVADA_SIZE:
      // 0 is hardly what was meant.
      return is_text && parse_integer(node.text).value_or(0) > 0 ? hint(node.text) : "";
    case LEVADA_STRINGS: return is_text ? hint("[" + quote(node.text) + "]") : "";
    default: return "";
  }
}

}  // namespace

std::vector<std::string> split_choices(const char* choices) {
  std::vector<std::string> names;
  if (choices == nullptr) return names;
  std::string_view rest = choices;
  while (!rest.empty()) {
    const size_t bar = std::min(rest.find('|'), rest.size());
    names.emplace_back(rest.substr(0, bar));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return names;
}

std::string one_of(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += quote(names[i]);
  }
  return text;
}

levada_bytes ValueMemory::keep(std::string text) {
  texts_.push_back(std::move(text));
  return {texts_.back().data(), texts_.back().size()};
}

const levada_value* ValueMemory::keep(std::vector<levada_value> items) {
  lists_.push_back(std::move(items));
  return lists_.back().data();
}

bool ValueReader::refuse(const Node& node, const std::string& path, const std::string& message) {
  diagnostics_.add(node.location, path, message);
  return false;
}

bool ValueReader::read(const Node& node, const levada_option& option, const std::string& path, levada_value& value) {
  if (node.missing) return false;
  value.type = option.type;
  bool fits = false;
  switch (option.type) {
    case LEVADA_CHOICE: fits = read_choice(node, option, path, value); break;
    case LEVADA_STRINGS: fits = read_strings(node, option, path, value); break;
    case LEVADA_TABLE: fits = read_table(node, path, value); break;
    case LEVADA_TREE: fits = read_tree(node, option, path, value); break;
    default: fits = read_scalar(node, option, path, value);
  }
  value.set = fits ? 1 : 0;
  return fits;
}

bool ValueReader::read_scalar(const Node& node, const levada_option& option, const std::string& path,
                              levada_value& value) {
  const bool is_text = node.kind == Node::Kind::string;
  const char* expected = "";
  const char* example = "";
  std::optional<int64_t> integer;
  switch (option.type) {
    case LEVADA_STRING:
      expected = "a string";
      if (is_text) {
        value.text = memory_.keep(node.text);
        return true;
      }
      break;
    case LEVADA_BOOLEAN:
      expected = "true or false";
      if (node.kind == Node::Kind::boolean) integer = node.integer;
      if (node.substituted && node.text == "true") integer = 1;
      if (node.substituted && node.text == "false") integer = 0;
      break;
    case LEVADA_INTEGER:
      expected = "an integer";
      if (node.kind == Node::Kind::integer) integer = node.integer;
      if (node.substituted) integer = parse_integer(node.text);
      break;
    case LEVADA_NUMBER: {
      expected = "a number";
      std::optional<double> number;
      if (node.kind == Node::Kind::number) number = node.number;
      if (node.kind == Node::Kind::integer) number = static_cast<double>(node.integer);
      if (node.substituted) number = parse_number(node.text);
      if (number && !std::isfinite(*number)) return refuse(node, path, "must be a finite number");
      if (number) {
        value.number = *number;
        return true;
      }
      break;
    }
    case LEVADA_DURATION:
      expected = "a duration";
      example = "; write a whole number and its unit, such as \"250ms\", \"5s\", \"10m\", \"2h\" or \"1d\"";
      if (is_text) integer = parse_duration(node.text);
      break;
    case LEVADA_SIZE:
      expected = "a size";
      example = "; write bytes, 4096, or units of 1024: \"64KiB\", \"16MiB\", \"2GiB\"";
      if (node.kind == Node::Kind::integer) integer = node.integer;
      if (is_text) integer = parse_size(node.text);
      if (node.substituted && !integer) integer = parse_integer(node.text);
      if (integer && *integer < 0) return refuse(node, path, "must not be negative");
      break;
    default: return refuse(node, path, "has a type that this agent does not know; the plugin needs a newer agent");
  }
  if (integer) {
    value.integer = *integer;
    return true;
  }
  const bool show = is_text && (*example != '\0' || node.substituted);
  std::string hint = write_instead(node, option);
  if (hint.empty()) hint = example;
  return refuse(node, path,
                "must be " + std::string(expected) + ", not " +
                    (show ? shown(node, option) : std::string(kind_name(node.kind))) + hint);
}

bool ValueReader::read_choice(const Node& node, const levada_option& option, const std::string& path,
                              levada_value& value) {
  const std::vector<std::string> names = split_choices(option.choices);
  if (node.kind != Node::Kind::string) {
    return refuse(node, path, "must be " + one_of(names) + ", not " + kind_name(node.kind));
  }
  const auto name = std::find(names.begin(), names.end(), node.text);
  if (name == names.end()) {
    const bool secret = (option.flags & LEVADA_SECRET) != 0;
    return refuse(
        node, path,
        "must be " + one_of(names) + ", not " + shown(node, option) + (secret ? "" : did_you_mean(node.text, names)));
  }
  value.integer = name - names.begin();
  value.text = memory_.keep(node.text);
  return true;
}

bool ValueReader::read_strings(const Node& node, const levada_option& option, const std::string& path,
                               levada_value& value) {
  if (node.kind != Node::Kind::list) {
    return refuse(node, path,
                  std::string("must be a list of strings, not ") + kind_name(node.kind) + write_instead(node, option));
  }
  levada_option each = option;
  each.type = option.choices == nullptr ? LEVADA_STRING : LEVADA_CHOICE;
  std::vector<levada_value> items;
  bool fits = true;
  for (const Node& item : node.items) {
    levada_value one{};
    if (!read(item, each, path, one)) fits = false;
    one.type = LEVADA_STRING;
    items.push_back(one);
  }
  value.count = items.size();
  value.items = memory_.keep(std::move(items));
  return fits;
}

bool ValueReader::read_table(const Node& node, const std::string& path, levada_value& value) {
  if (node.kind != Node::Kind::table) {
    return refuse(node, path, std::string("must be a table, not ") + kind_name(node.kind));
  }
  std::vector<levada_value> items;
  bool fits = true;
  for (const Node& item : node.items) {
    const std::string below = join_path(path, item.key);
    levada_value one{};
    one.type = LEVADA_STRING;
    one.set = 1;
    one.key = memory_.keep(item.key);
    if (item.missing) {
      fits = false;
    } else if (item.kind == Node::Kind::list || item.kind == Node::Kind::table || item.kind == Node::Kind::date) {
      fits = refuse(item, below, std::string("must be a string, a number or a boolean, not ") + kind_name(item.kind));
    } else {
      one.text = memory_.keep(item.kind == Node::Kind::string ? item.text : toml_text(item, false));
    }
    items.push_back(one);
  }
  value.count = items.size();
  value.items = memory_.keep(std::move(items));
  return fits;
}

bool ValueReader::read_tree(const Node& node, const levada_option& option, const std::string& path,
                            levada_value& value) {
  if (node.kind != Node::Kind::table) {
    return refuse(node, path, std::string("must be a table, not ") + kind_name(node.kind));
  }
  std::vector<levada_value> items;
  bool fits = true;
  for (const Node& item : node.items) {
    levada_value one{};
    if (!read_tree_item(item, option, join_path(path, item.key), one)) fits = false;
    one.key = memory_.keep(item.key);
    items.push_back(one);
  }
  value.count = items.size();
  value.items = memory_.keep(std::move(items));
  return fits;
}

bool ValueReader::read_tree_item(const Node& node, const levada_option& option, const std::string& path,
                                 levada_value& value) {
  levada_option as = option;
  as.choices = nullptr;
  switch (node.kind) {
    case Node::Kind::string: as.type = LEVADA_STRING; break;
    case Node::Kind::integer: as.type = LEVADA_INTEGER; break;
    case Node::Kind::number: as.type = LEVADA_NUMBER; break;
    case Node::Kind::boolean: as.type = LEVADA_BOOLEAN; break;
    case Node::Kind::list: as.type = LEVADA_STRINGS; break;
    case Node::Kind::table: as.type = LEVADA_TREE; break;
    case Node::Kind::date: return refuse(node, path, "must not be a date; write " + quote(node.text));
  }
  return read(node, as, path, value);
}

}  // namespace levada::agent
