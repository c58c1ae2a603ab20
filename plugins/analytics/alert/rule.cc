#include "rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "conditions/condition_parser.h"

namespace levada::alert {
namespace {

using std::chrono::nanoseconds;

constexpr std::array<std::string_view, 11> kEntries = {"where",  "column",     "above",        "below",
                                                       "until",  "for",        "rises_by",     "falls_by",
                                                       "window", "absent_for", "unchanged_for"};

// Reads the entries of one rule.
class Reader {
 public:
  explicit Reader(const Tree& rule) : rule_(rule), path_("rules." + std::string(rule.key())) {}

  Error fault(std::string_view entry, const std::string& why) const {
    return wrong(entry.empty() ? path_ : path_ + "." + std::string(entry), why);
  }
  bool has(std::string_view entry) const { return static_cast<bool>(rule_.find(entry)); }
  Result<std::string> text(std::string_view entry) const {
    const Tree value = rule_.find(entry);
    if (!value) return std::string();
    if (value.type() != LEVADA_STRING) return fault(entry, "is a text");
    return std::string(value.text());
  }
  Result<double> number(std::string_view entry) const {
    const Tree value = rule_.find(entry);
    if (value.type() == LEVADA_INTEGER) return static_cast<double>(value.integer());
    if (value.type() == LEVADA_NUMBER && std::isfinite(value.number())) return value.number();
    return fault(entry, "is a number");
  }
  Result<nanoseconds> duration(std::string_view entry) const {
    const auto written = text(entry);
    const auto parsed = written ? parse_duration(*written) : std::nullopt;
    if (!parsed) return fault(entry, "is a duration, such as \"30s\" or \"5m\"");
    return *parsed;
  }
  // The one of these that is there; empty where none is.
  Result<std::string> one_of(std::initializer_list<const char*> entries) const {
    std::string found;
    for (const char* entry : entries) {
      if (!has(entry)) continue;
      if (!found.empty()) return fault(entry, "does not go with " + found);
      found = entry;
    }
    return found;
  }

 private:
  const Tree& rule_;
  const std::string path_;
};

Done check_entries(const Tree& rule, const Reader& reader) {
  for (size_t at = 0; at < rule.size(); ++at) {
    const auto key = rule[at].key();
    if (key == "text" || std::find(kEntries.begin(), kEntries.end(), key) != kEntries.end()) continue;
    return reader.fault(key,
                        "is unknown: a rule has where, column, above, below, until, for, rises_by, falls_by, window, "
                        "absent_for, unchanged_for and text");
  }
  return {};
}

Done read_silence(const Reader& reader, const std::string& how, Rule& rule) {
  rule.kind = Rule::Kind::silence;
  auto span = reader.duration(how);
  if (!span) return std::move(span).error();
  rule.span = *span;
  for (const char* entry : {"until", "for", "window"})
    if (reader.has(entry)) return reader.fault(entry, "does not go with " + how);
  if ((how == "unchanged_for") != !rule.column.empty())
    return reader.fault("column", rule.column.empty() ? "is missing: of which column no change comes"
                                                      : "does not go with absent_for, which is about rows");
  return {};
}

Done read_level(const Reader& reader, const std::string& how, Rule& rule) {
  const bool moves = how == "rises_by" || how == "falls_by";
  rule.kind = moves ? Rule::Kind::movement : Rule::Kind::value;
  rule.upwards = how != "below";
  if (rule.column.empty()) return reader.fault("column", "is missing: which column is looked at");
  auto limit = reader.number(how);
  if (!limit) return std::move(limit).error();
  rule.limit = rule.until = *limit;
  if (moves && rule.limit < 0) return reader.fault(how, "must not be negative");
  if (reader.has("until")) {
    auto until = reader.number("until");
    if (!until) return std::move(until).error();
    rule.until = *until;
    if (rule.upwards ? rule.until > rule.limit : rule.until < rule.limit)
      return reader.fault("until", "lies on the wrong side of " + how);
  }
  if (reader.has("for")) {
    auto hold = reader.duration("for");
    if (!hold) return std::move(hold).error();
    rule.hold = std::chrono::duration_cast<std::chrono::microseconds>(*hold).count();
  }
  if (moves != reader.has("window"))
    return reader.fault("window", moves ? "is missing: within which time it moves" : "does not go with " + how);
  if (!moves) return {};
  auto window = reader.duration("window");
  if (!window) return std::move(window).error();
  rule.window = std::max<int64_t>(1, std::chrono::duration_cast<std::chrono::microseconds>(*window).count());
  // A fall is a rise of what is below zero.
  rule.upwards = how == "rises_by";
  return {};
}

Result<Rule> parse_rule(const Tree& written) {
  const Reader reader(written);
  if (written.type() != LEVADA_TREE) return reader.fault("", "is a table: { column = \"...\", above = 1 }");
  LEVADA_TRY(check_entries(written, reader));
  Rule rule;
  rule.name = written.key();
  auto where = reader.text("where");
  if (!where) return std::move(where).error();
  if (!where->empty()) {
    auto condition = conditions::parse_condition(*where);
    if (!condition) return reader.fault("where", condition.error().message);
    rule.where = *std::move(condition);
  }
  auto column = reader.text("column");
  if (!column) return std::move(column).error();
  rule.column = *std::move(column);
  auto text = reader.text("text");
  if (!text) return std::move(text).error();
  auto pattern = Pattern::parse(*text);
  if (!pattern) return reader.fault("text", pattern.error().message);
  rule.text = *std::move(pattern);
  auto how = reader.one_of({"above", "below", "rises_by", "falls_by", "absent_for", "unchanged_for"});
  if (!how) return std::move(how).error();
  if (how->empty())
    return reader.fault("", "tells nothing: set above, below, rises_by, falls_by, absent_for or unchanged_for");
  if (*how == "absent_for" || *how == "unchanged_for") LEVADA_TRY(read_silence(reader, *how, rule));
  else LEVADA_TRY(read_level(reader, *how, rule));
  return rule;
}

}  // namespace

Result<std::vector<Rule>> parse_rules(const Tree& rules) {
  if (rules.size() == 0) return wrong("rules", "there is no rule");
  std::vector<Rule> all;
  for (size_t at = 0; at < rules.size(); ++at) {
    auto rule = parse_rule(rules[at]);
    if (!rule) return std::move(rule).error();
    all.push_back(*std::move(rule));
  }
  return all;
}

std::optional<nanoseconds> parse_duration(std::string_view text) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  const auto unit = text.substr(static_cast<size_t>(end - text.data()));
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    const double all = number * factor;
    // A hundred years.
    if (!(all >= 1) || all > 100 * 365.25 * 86400e9) return std::nullopt;
    return nanoseconds(static_cast<int64_t>(all));
  }
  return std::nullopt;
}

std::string duration_text(std::chrono::microseconds span) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {
      {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"}, {1'000'000, "s"}, {1'000, "ms"}};
  int64_t left = std::max<int64_t>(0, span.count());
  std::string text;
  int parts = 0;
  for (const auto& [size, unit] : kUnits) {
    if (left < size || parts == 2) continue;
    // Nobody wants to know the milliseconds of minutes.
    if (size == 1'000 && parts > 0) break;
    text += std::to_string(left / size) + unit;
    left %= size;
    ++parts;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace levada::alert
