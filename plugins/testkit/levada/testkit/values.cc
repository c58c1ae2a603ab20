// Reads the values of options: strings, numbers, booleans, lists and tables of TOML, each on one line.
#include "levada/testkit/values.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace levada::testkit {

namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
constexpr bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// "5s" with {"s", 1e9}: a whole number and one of the units.
bool with_unit(std::string_view text, std::initializer_list<std::pair<std::string_view, int64_t>> units, int64_t& to) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : units)
    if (error == std::errc() && unit == name) return !__builtin_mul_overflow(count, factor, &to);
  return false;
}

}  // namespace

class ValueParser {
 public:
  ValueParser(Values& owner, std::string_view text) : owner_(owner), rest_(text) {}

  Done of_option(const levada_option& option, levada_value& value) {
    LEVADA_TRY(any(value));
    skip();
    if (!rest_.empty()) return fatal("there is more behind the value: " + std::string(rest_));
    return fit(option, value);
  }

 private:
  void skip() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  levada_bytes keep(std::string text) {
    owner_.texts_.push_back(std::move(text));
    return {owner_.texts_.back().data(), owner_.texts_.back().size()};
  }
  void keep(std::vector<levada_value> items, levada_value& value) {
    owner_.lists_.push_back(std::move(items));
    value.items = owner_.lists_.back().data();
    value.count = owner_.lists_.back().size();
  }

  // A value of whatever type it is written as.
  Done any(levada_value& value) {
    value.set = 1;
    skip();
    if (rest_.empty()) return fatal("the value is missing");
    if (rest_.front() == '"' || rest_.front() == '\'') return string(value);
    if (rest_.front() == '[') return list(value);
    if (rest_.front() == '{') return table(value);
    return scalar(value);
  }

  Done string(levada_value& value) {
    value.type = LEVADA_STRING;
    const char quote = rest_.front();
    std::string text;
    for (rest_.remove_prefix(1); !rest_.empty() && rest_.front() != quote; rest_.remove_prefix(1)) {
      if (quote == '"' && rest_.front() == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
        constexpr std::string_view kEscapes = "ntr\"\\", kMeant = "\n\t\r\"\\";
        const auto at = kEscapes.find(rest_.front());
        if (at == kEscapes.npos) return fatal("unknown escape \\" + std::string(1, rest_.front()));
        text += kMeant[at];
      } else {
        text += rest_.front();
      }
    }
    if (!take(quote)) return fatal("a string does not end");
    value.text = keep(std::move(text));
    return {};
  }

  Done list(levada_value& value) {
    value.type = LEVADA_STRINGS;
    std::vector<levada_value> items;
    for (take('['); !take(']');) {
      LEVADA_TRY(any(items.emplace_back()));
      if (items.back().type != LEVADA_STRING) return fatal("a list may only have strings in it");
      if (!take(',') && !rest_.starts_with(']')) return fatal("a list does not end");
    }
    keep(std::move(items), value);
    return {};
  }

  Done table(levada_value& value) {
    value.type = LEVADA_TREE;
    std::vector<levada_value> items;
    for (take('{'); !take('}');) {
      levada_value key{}, item{};
      skip();
      if (rest_.starts_with('"')) {
        LEVADA_TRY(string(key));
      } else {
        const auto end = static_cast<size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_bare) - rest_.begin());
        key.text = keep(std::string(rest_.substr(0, end)));
        rest_.remove_prefix(end);
      }
      if (key.text.size == 0 || !take('=')) return fatal("a table needs key = value");
      LEVADA_TRY(any(item));
      item.key = key.text;
      items.push_back(item);
      if (!take(',') && !rest_.starts_with('}')) return fatal("a table does not end");
    }
    keep(std::move(items), value);
    return {};
  }

  Done scalar(levada_value& value) {
    const auto end = std::min(rest_.find_first_of(" \t\r,]}"), rest_.size());
    const auto word = rest_.substr(0, end);
    const char* last = word.data() + word.size();
    rest_.remove_prefix(end);
    value.text = keep(std::string(word));
    if (word == "true" || word == "false") {
      value.type = LEVADA_BOOLEAN;
      value.integer = word == "true";
    } else if (std::from_chars(word.data(), last, value.integer).ptr == last) {
      value.type = LEVADA_INTEGER;
    } else if (std::from_chars(word.data(), last, value.number).ptr == last) {
      value.type = LEVADA_NUMBER;
    } else {
      return fatal("is no value of TOML: " + std::string(word));
    }
    return {};
  }

  // Makes of what was written a value of the option's type.
  Done fit(const levada_option& option, levada_value& value) {
    const uint32_t written = value.type;
    const std::string_view text(value.text.data ? value.text.data : "", value.text.size);
    value.type = option.type;
    const auto must = [](bool fits, const char* what) -> Done {
      if (!fits) return fatal(std::string("must be ") + what);
      return {};
    };
    switch (option.type) {
      case LEVADA_STRING:
        return must(written == LEVADA_STRING, "a string");
      case LEVADA_BOOLEAN:
        return must(written == LEVADA_BOOLEAN, "true or false");
      case LEVADA_INTEGER:
        return must(written == LEVADA_INTEGER, "an integer");
      case LEVADA_NUMBER:
        if (written == LEVADA_INTEGER) value.number = static_cast<double>(value.integer);
        return must(written == LEVADA_INTEGER || written == LEVADA_NUMBER, "a number");
      case LEVADA_DURATION:
        return must(written == LEVADA_STRING && with_unit(text,
                                                          {{"ms", 1'000'000},
                                                           {"s", 1'000'000'000},
                                                           {"m", 60'000'000'000},
                                                           {"h", 3'600'000'000'000},
                                                           {"d", 86'400'000'000'000}},
                                                          value.integer),
                    "a duration like \"5s\"");
      case LEVADA_SIZE:
        if (written == LEVADA_INTEGER && value.integer >= 0) return {};
        return must(
            written == LEVADA_STRING &&
                with_unit(text, {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", int64_t{1} << 40}},
                          value.integer),
            "a size like 4096 or \"64KiB\"");
      case LEVADA_CHOICE: {
        const auto names = choices_of(option);
        value.integer = std::find(names.begin(), names.end(), text) - names.begin();
        return must(written == LEVADA_STRING && value.integer < static_cast<int64_t>(names.size()), option.choices);
      }
      case LEVADA_STRINGS: {
        const auto names = choices_of(option);
        for (size_t at = 0; at < value.count && !names.empty(); ++at) {
          auto& item = const_cast<levada_value&>(value.items[at]);
          const auto name = std::find(names.begin(), names.end(), std::string_view(item.text.data, item.text.size));
          item.integer = name - names.begin();
          LEVADA_TRY(must(name != names.end(), option.choices));
        }
        return must(written == LEVADA_STRINGS, "a list of strings");
      }
      case LEVADA_TABLE:
        LEVADA_TRY(must(written == LEVADA_TREE, "a table"));
        for (size_t at = 0; at < value.count; ++at) {
          auto& item = const_cast<levada_value&>(value.items[at]);
          LEVADA_TRY(must(item.type <= LEVADA_NUMBER, "a table of strings, numbers and booleans"));
          item.type = LEVADA_STRING;
        }
        return {};
      case LEVADA_TREE:
        return must(written == LEVADA_TREE, "a table");
      default:
        return fatal("has an unknown type");
    }
  }

  Values& owner_;
  std::string_view rest_;
};

std::vector<std::string> choices_of(const levada_option& option) {
  std::vector<std::string> names;
  std::string_view rest = option.choices ? option.choices : "";
  while (!rest.empty()) {
    const auto bar = std::min(rest.find('|'), rest.size());
    names.emplace_back(rest.substr(0, bar));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return names;
}

Done check_value(const levada_option& option, std::string_view text) {
  Values owner;
  levada_value value{};
  return ValueParser(owner, text).of_option(option, value);
}

Result<Values> Values::parse(const levada_component& component, std::string_view text) {
  Values values;
  values.values_.resize(component.option_count);
  for (size_t at = 0; at < component.option_count; ++at) {
    values.values_[at].type = component.options[at].type;
    if (const char* fallback = component.options[at].fallback) {
      if (auto done = ValueParser(values, fallback).of_option(component.options[at], values.values_[at]); !done)
        return std::move(done).error().at(std::string("the default of ") + component.options[at].name);
    }
  }
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    if (line.empty() || line.front() == '#') continue;
    const auto name =
        line.substr(0, static_cast<size_t>(std::find_if_not(line.begin(), line.end(), is_bare) - line.begin()));
    const auto equals = line.find('=');
    size_t at = 0;
    while (at < component.option_count && component.options[at].name != name) ++at;
    if (at == component.option_count || equals == line.npos) return fatal("no such option: " + std::string(line));
    values.values_[at] = {};
    if (auto done = ValueParser(values, line.substr(equals + 1)).of_option(component.options[at], values.values_[at]);
        !done)
      return std::move(done).error().at(component.options[at].name);
  }
  for (size_t at = 0; at < component.option_count; ++at)
    if ((component.options[at].flags & LEVADA_REQUIRED) && !values.values_[at].set)
      return fatal(std::string("option ") + component.options[at].name + " is missing");
  return values;
}

}  // namespace levada::testkit
