// The interceptor parse_regex.
#include "parse_regex.h"

#include <algorithm>

#include "json/json_parser.h"
#include "json/rows.h"

namespace levada::parse_regex {

namespace {

// "column 7: missing closing ]: [a-z"
std::string fault_of(const RE2& expression) {
  const std::string& part = expression.error_arg();
  const auto at = expression.pattern().find(part);
  return "column " + std::to_string(at == std::string::npos ? 1 : at + 1) + ": " + expression.error();
}

}  // namespace

Result<std::unique_ptr<ParseRegex>> ParseRegex::create(Settings settings, Host host) {
  RE2::Options options;
  options.set_log_errors(false);
  auto expression = std::make_unique<RE2>(settings.pattern, options);
  if (!expression->ok()) return wrong("pattern", fault_of(*expression));
  // By their place in the pattern.
  std::vector<DeclaredColumn> columns;
  std::vector<size_t> groups;
  for (const auto& [number, name] : expression->CapturingGroupNames()) {
    if (name == "body") return wrong("pattern", "\"body\" is the row itself: give the group another name");
    columns.push_back({.name = name});
    groups.push_back(static_cast<size_t>(number));
  }
  if (columns.empty()) return wrong("pattern", "has no group with a name, (?P<ip>[0-9.]+)");
  const auto declared = read_declared_columns(settings.columns, "columns");
  if (!declared) return declared.error();
  for (const auto& each : *declared) {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == each.name; });
    if (at == columns.end()) return wrong("columns." + each.name, "the pattern has no group of this name");
    *at = each;
  }
  ParsedColumns parsed(std::move(columns), settings.on_mismatch == OnMismatch::reject);
  return std::unique_ptr<ParseRegex>(new ParseRegex(std::move(expression), std::move(groups), std::move(parsed), host));
}

ParseRegex::ParseRegex(std::unique_ptr<RE2> expression, std::vector<size_t> groups, ParsedColumns columns, Host host)
    : expression_(std::move(expression)),
      groups_(std::move(groups)),
      columns_(std::move(columns)),
      mismatched_(host.counter("values_mismatched")),
      matches_(1 + *std::max_element(groups_.begin(), groups_.end())),
      parts_(groups_.size()) {}

Done ParseRegex::intercept(Batch& batch) {
  const Column* found = batch.body();
  if (!found) return fatal("parse_regex reads the column \"body\", which the batch does not have");
  const Column body = resolved(*found);
  const Documents bodies(body);
  columns_.start(body);
  std::string reason;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const auto text = bodies[row].text;
    size_t offset = 0;
    if (expression_->Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, matches_.data(),
                           static_cast<int>(matches_.size()))) {
      for (size_t at = 0; at < groups_.size(); ++at) {
        const auto& match = matches_[groups_[at]];
        parts_[at] = {.text = {match.data(), match.size()}, .is_missing = match.data() == nullptr};
      }
      size_t column = 0;
      if (columns_.append({&bodies.view(row), text}, parts_, column, reason)) continue;
      if (!parts_[column].is_missing) offset = static_cast<size_t>(parts_[column].text.data() - text.data());
    } else {
      columns_.append_nulls();
      reason = "the pattern does not match";
    }
    batch.reject(row, reason_at(batch, row, offset, reason));
  }
  for (auto& column : columns_.finish()) batch.set(std::move(column));
  mismatched_.add(columns_.mismatches());
  batch.drop_marked();
  return {};
}

}  // namespace levada::parse_regex

LEVADA_PLUGIN("parse_regex", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::parse_regex::ParseRegex>(
                  "parse_regex", "Makes typed columns of what the groups of a regular expression match."))
