#include "join/join.h"

#include <algorithm>

#include "json/json_text.h"
#include "levada/kept_rows.h"

namespace levada::join {

Result<TableShape> TableShape::of(TableSettings& settings) {
  if (settings.keys.empty()) return wrong("keys", "name what must be equal, keys = { campaign_id = \"id\" }");
  auto columns = read_declared_columns(std::exchange(settings.columns, Tree()), "columns");
  if (!columns) return std::move(columns).error();
  TableShape shape;
  shape.columns = *std::move(columns);
  for (const auto& [ours, theirs] : settings.keys) {
    if (ours.empty() || theirs.empty()) return wrong("keys", "a column needs a name");
    shape.keys.push_back(theirs);
  }
  return shape;
}

bool TableShape::is_key(const std::string& name) const {
  return std::find(keys.begin(), keys.end(), name) != keys.end();
}

void Joiner::join(Batch& batch, const std::vector<Column>& columns, int64_t none, std::vector<int64_t>& found) {
  const int64_t unmatched = std::count(found.begin(), found.end(), none);
  const int64_t matched = batch.rows() - unmatched;
  matched_.add(matched);
  unmatched_.add(unmatched);
  if ((kind_ == Kind::inner || kind_ == Kind::anti) && matched != (kind_ == Kind::inner ? batch.rows() : 0)) {
    kept_.resize(found.size());
    size_t to = 0;
    for (size_t row = 0; row < found.size(); ++row) {
      kept_[to] = static_cast<int64_t>(row);
      found[to] = found[row];
      to += (found[row] != none) == (kind_ == Kind::inner);
    }
    kept_.resize(to);
    found.resize(to);
    // Marks of rows go along with Batch::take only.
    if (batch.rejections().empty()) batch = keep_rows(batch, kept_);
    else batch.take(kept_);
  }
  if (kind_ == Kind::anti) return;
  for (const auto& column : columns)
    batch.set(take(column, found.data(), static_cast<int64_t>(found.size())).renamed(prefix_ + column.name()));
}

std::string shown(std::string_view text) {
  constexpr size_t kShown = 100;
  std::string all;
  while (!text.empty() && all.size() < kShown) {
    const size_t size = utf8_size(text);
    if (size == 0) all += '?';
    else all += text.substr(0, size);
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return text.empty() ? all : all + "...";
}

std::string RowKeys::why_not_found(int64_t row) {
  std::string all;
  const bool has_key = read(row, [&](size_t at, std::string_view part) {
    all += (at == 0 ? "" : ", ") + names_[at] + " \"" + shown(part) + "\"";
  });
  return has_key ? "the table has no row with " + all : "one of keys has no value";
}

void TableJoiner::find(int64_t rows, const Table& table) {
  found_.resize(static_cast<size_t>(rows));
  if (const auto* column = keys_.integers()) {
    table.index().integers().find({column->values<int64_t>(), found_.size()}, table.rows(), found_.data());
    if (!column->has_nulls()) return;
    for (int64_t row = 0; row < rows; ++row)
      if (column->null(row)) found_[static_cast<size_t>(row)] = table.rows();
    return;
  }
  for (int64_t row = 0; row < rows; ++row) {
    key_.clear();
    const bool has_key = keys_.read(row, [&](size_t, std::string_view part) { KeyIndex::append_part(part, key_); });
    const int64_t found = has_key ? table.index().find(key_) : -1;
    found_[static_cast<size_t>(row)] = found < 0 ? table.rows() : found;
  }
}

void TableJoiner::reject(Batch& batch, const Table& table) {
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const int64_t found = found_[static_cast<size_t>(row)];
    if (found == table.rows()) {
      if (joiner_.rejects_unmatched()) batch.reject(row, keys_.why_not_found(row));
    } else if (const auto fault = table.faults().find(found); fault != table.faults().end()) {
      batch.reject(row, fault->second);
    }
  }
}

void TableJoiner::join(Batch& batch, const Table& table) {
  keys_.bind(batch);
  find(batch.rows(), table);
  if (joiner_.rejects_unmatched() || !table.faults().empty()) reject(batch, table);
  joiner_.join(batch, table.columns(), table.rows(), found_);
}

}  // namespace levada::join
