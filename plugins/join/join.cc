#include "join/join.h"

#include <algorithm>

#include "levada/pattern.h"

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
  if (kind_ != Kind::left && matched != (kind_ == Kind::inner ? batch.rows() : 0)) {
    kept_.clear();
    size_t to = 0;
    for (size_t row = 0; row < found.size(); ++row) {
      if ((found[row] != none) != (kind_ == Kind::inner)) continue;
      kept_.push_back(static_cast<int64_t>(row));
      found[to++] = found[row];
    }
    found.resize(to);
    batch.take(kept_);
  }
  if (kind_ == Kind::anti) return;
  for (const auto& column : columns)
    batch.set(take(column, found.data(), static_cast<int64_t>(found.size())).renamed(prefix_ + column.name()));
}

TableJoiner::TableJoiner(const TableSettings& settings, Host host) : joiner_(settings, host) {
  for (const auto& [ours, theirs] : settings.keys) keys_.push_back(ours);
}

void TableJoiner::join(Batch& batch, const Table& table) {
  std::vector<const Column*> columns;
  for (const auto& name : keys_) {
    const Column* column = batch.find(name);
    columns.push_back(column && column->type() != Type::opaque ? column : nullptr);
  }
  found_.resize(static_cast<size_t>(batch.rows()));
  for (int64_t row = 0; row < batch.rows(); ++row) {
    key_.clear();
    bool has_key = true;
    for (const Column* column : columns) {
      has_key = has_key && column && !column->null(row);
      if (!has_key) break;
      if (column->is_textual()) {
        KeyIndex::append_part(column->text(row), key_);
        continue;
      }
      part_.clear();
      append_value(*column, row, part_);
      KeyIndex::append_part(part_, key_);
    }
    const int64_t found = has_key ? table.index().find(key_) : -1;
    found_[static_cast<size_t>(row)] = found < 0 ? table.rows() : found;
  }
  joiner_.join(batch, table.columns(), table.rows(), found_);
}

}  // namespace levada::join
