// From a table of a configuration and the options of a component to the
// values that the component gets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/node.h"
#include "levada/plugin.h"

namespace levada::agent {

class ValueMemory;

using Options = std::span<const levada_option>;

// One value for each option, in the order of the options. What the values point to lives as long as
// this object, and stays where it is when the object moves. The options must outlive it.
class OptionValues {
 public:
  OptionValues();
  OptionValues(OptionValues&&) noexcept;
  OptionValues& operator=(OptionValues&&) noexcept;
  ~OptionValues();

  const levada_value* data() const { return values_.data(); }
  size_t size() const { return values_.size(); }
  // Every option that is set has a value of its type, and all that are required are set.
  bool sound() const { return sound_; }

  // By the option's name, which must exist. A value that is not set, or was at fault and
  // has no default, is empty or 0.
  bool is_set(std::string_view name) const { return value(name).set != 0; }
  int64_t integer(std::string_view name) const { return value(name).integer; }
  double number(std::string_view name) const { return value(name).number; }
  std::string text(std::string_view name) const;
  std::vector<std::string> strings(std::string_view name) const;
  const levada_value& value(std::string_view name) const;
  // What the user wrote for the option; null if nothing.
  const Node* written(std::string_view name) const { return table_.find(name); }
  // The user wrote it, or an unknown option that most likely means it, which was reported.
  bool is_attempted(std::string_view name) const;

  // Where the user wrote what a path such as "columns.ip.type" names: the place of
  // the deepest part that is there.
  Location locate(std::string_view path) const;

  // One line of TOML for each option that has a value, defaults included and secrets hidden.
  std::string text() const;
  // The value in effect of each option that has one, by its name, as TOML: two tables that agree
  // in it make a component that does the same. With secrets: not to be printed.
  std::map<std::string, std::string> exact() const;

 private:
  friend class OptionReader;

  Node table_;  // what the user wrote
  Options options_;
  std::vector<levada_value> values_;
  std::vector<const char*> fallbacks_;   // the default of each option
  std::unique_ptr<ValueMemory> memory_;  // of what the values point to
  std::vector<std::string> misspelt_;    // options that unknown ones most likely mean
  bool sound_ = true;
};

enum class UnknownKeys { refuse, ignore };

// Reads one table that is described by several groups of options (the agent's and the component's
// own) and gives the values of each group. `path` names the table in messages: "sources.clicks".
std::vector<OptionValues> read_options(const Node& table, const std::string& path, std::span<const Options> groups,
                                       UnknownKeys unknown_keys, Diagnostics& diagnostics);

// What is wrong with the options themselves, as a plugin declares them: one sentence for each
// fault. `reserved` are the names that the agent uses in the same table.
std::vector<std::string> check_options(Options options, Options reserved);

}  // namespace levada::agent
