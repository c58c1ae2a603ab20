// Rows become columns.
#include "bot_rows.h"

namespace levada::detect_bots {

Batch BotRows::take() {
  const auto rows = static_cast<int64_t>(rows_.size());
  Batch batch(rows);
  if (rows == 0) return batch;
  const auto texts = [&](const char* name, auto text_of) {
    TextBuilder to(rows);
    for (const auto& row : rows_) {
      const std::string text = text_of(row);
      text.empty() ? to.append_null() : to.append(text);
    }
    batch.set(std::move(to).finish(name, Type::text));
  };
  const auto times = [&](const char* name, int64_t Row::* time) {
    ValueBuilder<int64_t> to(rows);
    for (const auto& row : rows_) to.append(row.*time);
    batch.set(std::move(to).finish(name, Type::timestamp));
  };
  const auto counts = [&](const char* name, int64_t Statistic::* count) {
    ValueBuilder<int64_t> to(rows);
    for (const auto& row : rows_) row.has_statistic ? to.append(row.statistic.*count) : to.append_null();
    batch.set(std::move(to).finish(name, Type::int64));
  };
  texts("kind", [](const Row& row) { return std::string(row.kind); });
  keys_.finish(batch);
  times("since", &Row::since);
  times("until", &Row::until);
  counts("requests", &Statistic::requests);
  counts("clicks", &Statistic::clicks);
  counts("views", &Statistic::views);
  counts("categories", &Statistic::categories);
  counts("rate", &Statistic::rate);
  texts("reasons", [](const Row& row) { return Rules::names(row.rules); });
  rows_.clear();
  return batch;
}

}  // namespace levada::detect_bots
