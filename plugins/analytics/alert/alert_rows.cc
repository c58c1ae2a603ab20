#include "alert_rows.h"

#include <charconv>
#include <iterator>

#include "levada/builders.h"

namespace levada::alert {
namespace {

std::string number_text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, std::end(digits), value).ptr};
}

std::string lasted(const AlertRows::Told& told) {
  return duration_text(std::chrono::microseconds(told.time - told.since));
}

std::string what_it_is(const AlertRows::Told& told) {
  const Rule& rule = *told.rule;
  const std::string value = number_text(told.value.value_or(0));
  switch (rule.kind) {
    case Rule::Kind::value:
      return rule.column + " is " + value + (rule.upwards ? ", above " : ", below ") + number_text(rule.limit);
    case Rule::Kind::movement:
      return rule.column + (rule.upwards ? " rose by " : " fell by ") + value + " within " +
             duration_text(std::chrono::microseconds(rule.window)) + ", more than " + number_text(rule.limit);
    case Rule::Kind::silence: break;
  }
  return (rule.column.empty() ? std::string("no rows") : "no change of " + rule.column) + " for " + lasted(told);
}

}  // namespace

// "sink_fails [sinks.mail]: rate is 3, above 0"
void AlertRows::append_text(const Told& told, std::string_view key, std::string& to) {
  to += told.rule->name;
  if (!key.empty()) ((to += " [") += key) += ']';
  if (told.begins) {
    (to += ": ") += what_it_is(told);
    return;
  }
  (to += ": over after ") += lasted(told);
  if (told.value)
    ((to += ", ") += told.rule->column) += told.rule->kind == Rule::Kind::value
                                               ? " is " + number_text(*told.value)
                                               : " moved by " + number_text(*told.value);
}

std::string AlertRows::key_text(const Batch& batch, int64_t row) const {
  std::string text;
  for (const auto& name : key_names_) {
    const Column* column = batch.find(name);
    if (!column || column->null(row)) continue;
    if (!text.empty()) text += ", ";
    append_value(*column, row, text);
  }
  return text;
}

Batch AlertRows::take() {
  const auto rows = static_cast<int64_t>(told_.size());
  Batch batch(rows);
  if (rows == 0) return batch;
  TextBuilder rules(rows), states(rows), texts(rows);
  ValueBuilder<int64_t> times(rows), since(rows);
  ValueBuilder<double> values(rows);
  for (const auto& told : told_) {
    times.append(told.time);
    rules.append(told.rule->name);
    states.append(told.begins ? "begin" : "end");
    told.value ? values.append(*told.value) : values.append_null();
    since.append(told.since);
  }
  batch.set(std::move(times).finish("time", Type::timestamp));
  batch.set(std::move(rules).finish("rule", Type::text));
  batch.set(std::move(states).finish("state", Type::text));
  keys_.finish(batch);
  batch.set(std::move(values).finish("value", Type::float64));
  batch.set(std::move(since).finish("since", Type::timestamp));
  std::string text;
  for (int64_t row = 0; row < rows; ++row) {
    const Told& told = told_[static_cast<size_t>(row)];
    text.clear();
    // A column that has no value leaves the default.
    if (told.rule->text.empty() || Pattern::Bound(told.rule->text, batch).append(row, text)) {
      text.clear();
      append_text(told, key_text(batch, row), text);
    }
    texts.append(text);
  }
  batch.set(std::move(texts).finish("text", Type::text));
  told_.clear();
  return batch;
}

}  // namespace levada::alert
