#include "match_rows.h"

#include <algorithm>

#include "json/json_parser.h"
#include "text/value_column.h"

namespace levada::match_patterns {

int64_t make_match_rows(PatternSet& set, Batch& batch, const Column& texts, const std::vector<std::string>& keep,
                        int64_t matches_max, std::span<int64_t> rows) {
  TextBuilder names(static_cast<int64_t>(set.patterns().size()));
  for (const auto& pattern : set.patterns()) names.append(pattern.name);
  ValueColumn values({.name = "value"}, batch.rows());
  values.share(texts);
  ValueBuilder<int32_t> patterns(batch.rows());
  ValueBuilder<int64_t> starts(batch.rows());
  std::vector<int64_t> origins;  // Of each match, its row.
  int64_t mismatches = 0;

  const Documents documents(texts);
  const bool has_nulls = texts.has_nulls();
  for (int64_t row = 0; row < batch.rows(); ++row) {
    if (has_nulls && texts.null(row)) continue;
    const auto text = documents[row].text;
    const auto found = set.find(text);
    rows.back() += found.empty() ? 0 : 1;
    for (const int number : found) {
      ++rows[static_cast<size_t>(number)];
      set.each_match(static_cast<size_t>(number), text, matches_max, [&](const PatternSet::Match& match) {
        origins.push_back(row);
        patterns.append(number);
        starts.append(match.value.data() - text.data());
        if (values.append_part(documents.view(row), text, match.value)) return;
        values.append_null();
        ++mismatches;
      });
    }
  }

  const std::vector<Column> columns = batch.columns();
  for (const auto& column : columns) {
    const auto& name = column.name();
    const bool is_kept = keep.empty() ? name != texts.name() : std::find(keep.begin(), keep.end(), name) != keep.end();
    if (!is_kept) batch.remove(name);
  }
  batch.take(origins);
  batch.set(std::move(patterns).finish("pattern", std::move(names).finish("", Type::text)));
  batch.set(std::move(values).finish("value"));
  batch.set(std::move(starts).finish("start", Type::int64));
  return mismatches;
}

}  // namespace levada::match_patterns
