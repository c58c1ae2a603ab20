// From a table of a configuration and the options of a component to the
// values that the component gets.
#include "agent/config/schema.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "agent/config/document.h"
#include "agent/config/nearest.h"
#include "agent/config/value_reader.h"

namespace levada::agent {

OptionValues::OptionValues() = default;
OptionValues::OptionValues(OptionValues&&) noexcept = default;
OptionValues& OptionValues::operator=(OptionValues&&) noexcept = default;
OptionValues::~OptionValues() = default;

const levada_value& OptionValues::value(std::string_view name) const {
  for (size_t i = 0; i < options_.size(); ++i) {
    if (options_[i].name == name) return values_[i];
  }
  std::fprintf(stderr, "no option is named \"%.*s\"\n", static_cast<int>(name.size()), name.data());
  std::abort();
}

bool OptionValues::is_attempted(std::string_view name) const {
  return written(name) != nullptr || std::find(misspelt_.begin(), misspelt_.end(), name) != misspelt_.end();
}

std::string OptionValues::text(std::string_view name) const {
  const levada_bytes bytes = value(name).text;
  return bytes.size == 0 ? std::string() : std::string(bytes.data, bytes.size);
}

std::vector<std::string> OptionValues::strings(std::string_view name) const {
  const levada_value& list = value(name);
  std::vector<std::string> all;
  for (size_t i = 0; i < list.count; ++i) all.emplace_back(list.items[i].text.data, list.items[i].text.size);
  return all;
}

Location OptionValues::locate(std::string_view path) const {
  const Node* deepest = &table_;
  while (!path.empty()) {
    const Node* next = nullptr;
    size_t longest = 0;
    for (size_t i = 0; i < deepest->items.size(); ++i) {
      const Node& item = deepest->items[i];
      // A key may hold dots itself ("sasl.password"), so the longest one that fits is meant.
      const std::string key = deepest->kind == Node::Kind::list ? std::to_string(i) : item.key;
      if (!path.starts_with(key) || (path.size() > key.size() && path[key.size()] != '.')) continue;
      if (key.size() < longest) continue;
      next = &item;
      longest = key.size();
    }
    if (next == nullptr) break;
    deepest = next;
    path.remove_prefix(std::min(path.size(), longest + 1));
  }
  return deepest->location;
}

std::string OptionValues::text() const {
  std::string lines;
  for (size_t i = 0; i < options_.size(); ++i) {
    const levada_option& option = options_[i];
    if (values_[i].set == 0 || (option.flags & LEVADA_OF_AGENT) != 0) continue;
    const Node* user = table_.find(option.name);
    const std::optional<Node> node = user != nullptr ? *user : parse_value(fallbacks_[i]);
    const bool secret = (option.flags & LEVADA_SECRET) != 0;
    lines += std::string(option.name) + " = " + (secret ? "\"(hidden)\"" : toml_text(*node, true)) + "\n";
  }
  return lines;
}

std::map<std::string, std::string> OptionValues::exact() const {
  std::map<std::string, std::string> all;
  for (size_t i = 0; i < options_.size(); ++i) {
    if (values_[i].set == 0) continue;
    const Node* user = table_.find(options_[i].name);
    const std::optional<Node> node = user != nullptr ? *user : parse_value(fallbacks_[i]);
    all[options_[i].name] = node ? exact_text(*node) : fallbacks_[i];
  }
  return all;
}

class OptionReader {
 public:
  OptionReader(const Node& table, const std::string& path, Diagnostics& diagnostics)
      : table_(table), path_(path), diagnostics_(diagnostics) {}

  // `groups` are all that describe the table; what they say of a default goes before what
  // `options` says.
  OptionValues read(Options options, std::span<const Options> groups) {
    OptionValues values;
    values.memory_ = std::make_unique<ValueMemory>();
    values.options_ = options;
    values.table_ = table_;
    ValueReader reader(*values.memory_, diagnostics_);
    Diagnostics of_defaults;  // check_options says what is wrong with a default
    ValueReader default_reader(*values.memory_, of_defaults);
    for (const levada_option& option : options) {
      levada_value value{};
      value.type = option.type;
      const Node* user = table_.find(option.name);
      // What is wrong with a value of the agent's own option is said once, for the agent's group.
      auto& value_reader = (option.flags & LEVADA_OF_AGENT) != 0 ? default_reader : reader;
      if (user != nullptr && !value_reader.read(*user, option, join_path(path_, option.name), value))
        values.sound_ = false;
      const char* fallback = fallback_of(option, groups);
      if (value.set == 0) {
        value = {};
        value.type = option.type;
        const std::optional<Node> node = fallback == nullptr ? std::nullopt : parse_value(fallback);
        if (node) default_reader.read(*node, option, option.name, value);
      }
      if (user == nullptr && (option.flags & LEVADA_REQUIRED) != 0) values.sound_ = false;
      values.values_.push_back(value);
      values.fallbacks_.push_back(fallback);
    }
    return values;
  }

  // Gives the options that were meant by unknown ones.
  std::vector<std::string> report_unknown(std::span<const Options> groups) {
    std::vector<std::string> names, misspelt;
    for (const Options options : groups) {
      for (const levada_option& option : options) names.emplace_back(option.name);
    }
    for (const Node& item : table_.items) {
      if (std::find(names.begin(), names.end(), item.key) != names.end()) continue;
      diagnostics_.add(item.key_location, path_, "unknown option " + quote(item.key) + did_you_mean(item.key, names));
      if (std::string near = nearest(item.key, names); !near.empty()) misspelt.push_back(std::move(near));
    }
    return misspelt;
  }

  void report_missing(const OptionValues& values) {
    for (const levada_option& option : values.options_) {
      // One slip of the pen is one finding.
      if ((option.flags & LEVADA_REQUIRED) == 0 || values.is_attempted(option.name)) continue;
      diagnostics_.add(table_.location, path_, "option " + quote(option.name) + " is missing");
    }
  }

  void finish(std::vector<OptionValues>& all, std::span<const Options> groups, UnknownKeys unknown_keys) {
    std::vector<std::string> misspelt;
    if (unknown_keys == UnknownKeys::refuse) misspelt = report_unknown(groups);
    for (OptionValues& values : all) {
      values.misspelt_ = misspelt;
      report_missing(values);
    }
  }

 private:
  static const char* fallback_of(const levada_option& option, std::span<const Options> groups) {
    for (const Options options : groups)
      for (const levada_option& other : options)
        if ((other.flags & LEVADA_OF_AGENT) != 0 && std::string_view(other.name) == option.name) return other.fallback;
    return option.fallback;
  }

  const Node& table_;
  const std::string& path_;
  Diagnostics& diagnostics_;
};

namespace {

bool is_snake_case(std::string_view name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

const levada_option* find_option(Options options, std::string_view name) {
  const auto at = std::find_if(options.begin(), options.end(), [&](const levada_option& option) {
    return option.name != nullptr && option.name == name;
  });
  return at == options.end() ? nullptr : &*at;
}

// What is wrong with a name that the agent uses in the same table, or nothing. `reserved` is null
// where it uses no such name.
std::string check_reserved(const levada_option& option, const levada_option* reserved) {
  if ((option.flags & LEVADA_OF_AGENT) == 0)
    return reserved != nullptr ? "has a name that the agent uses itself; it needs another one" : "";
  if (reserved == nullptr) return "is no option that the agent has";
  constexpr uint32_t kTypes[] = {LEVADA_BOOLEAN, LEVADA_INTEGER, LEVADA_NUMBER, LEVADA_DURATION, LEVADA_SIZE};
  if (std::find(std::begin(kTypes), std::end(kTypes), reserved->type) == std::end(kTypes))
    return "is one of the agent's that can have no other default";
  if (option.type != reserved->type) return "has not the type that it has for the agent";
  return option.fallback == nullptr ? "gives the agent's option no default" : "";
}

// What is wrong with the default of an option, or nothing.
std::string check_fallback(const levada_option& option) {
  if ((option.flags & LEVADA_REQUIRED) != 0) return "is required and has a default";
  const std::optional<Node> node = parse_value(option.fallback);
  if (!node) return std::string("has a default that is no TOML: ") + option.fallback;
  Diagnostics diagnostics;
  ValueMemory memory;
  levada_value value{};
  if (ValueReader(memory, diagnostics).read(*node, option, option.name, value)) return "";
  return std::string("has a default that does not fit: ") + option.fallback;
}

}  // namespace

std::vector<std::string> check_options(Options options, Options reserved) {
  std::vector<std::string> faults;
  for (size_t i = 0; i < options.size(); ++i) {
    const levada_option& option = options[i];
    const std::string name = option.name == nullptr ? "" : option.name;
    const auto fault = [&](const std::string& what) { faults.push_back("option " + quote(name) + " " + what); };
    if (!is_snake_case(name)) {
      fault("must have a name of a-z, 0-9 and _ that starts with a letter");
      continue;
    }
    if (find_option(options.first(i), name) != nullptr) fault("is declared twice");
    if (const auto wrong = check_reserved(option, find_option(reserved, name)); !wrong.empty()) fault(wrong);
    if (option.summary == nullptr || *option.summary == '\0') fault("has no summary");
    const bool has_choices = !split_choices(option.choices).empty();
    if (option.type > LEVADA_TREE) {
      fault("has the unknown type " + std::to_string(option.type));
    } else if (option.type == LEVADA_CHOICE && !has_choices) {
      fault("is a choice without choices");
    } else if (option.choices != nullptr && option.type != LEVADA_CHOICE && option.type != LEVADA_STRINGS) {
      fault("has choices, and is neither a choice nor a list of strings");
    } else if (option.fallback != nullptr) {
      const std::string wrong = check_fallback(option);
      if (!wrong.empty()) fault(wrong);
    }
  }
  return faults;
}

std::vector<OptionValues> read_options(const Node& table, const std::string& path, std::span<const Options> groups,
                                       UnknownKeys unknown_keys, Diagnostics& diagnostics) {
  OptionReader reader(table, path, diagnostics);
  std::vector<OptionValues> values;
  for (const Options options : groups) values.push_back(reader.read(options, groups));
  reader.finish(values, groups, unknown_keys);
  return values;
}

}  // namespace levada::agent
