#include "join/table.h"

#include <utility>

#include "levada/pattern.h"

namespace levada::join {

TableBuilder::TableBuilder(std::vector<DeclaredColumn> keys, const std::vector<DeclaredColumn>& columns)
    : keys_(std::move(keys)) {
  for (const auto& column : columns) {
    names_.push_back(column.name);
    values_.emplace_back(column, 0);
  }
}

// As a value of its type, so that 007 and 7 are one number.
bool TableBuilder::add_to_key(std::string_view text) {
  ValueColumn value(keys_[parts_++], 1);
  if (!value.append(text)) return false;
  part_.clear();
  append_value(std::move(value).finish(""), 0, part_);
  KeyIndex::append_part(part_, key_);
  return true;
}

int64_t TableBuilder::end_key() {
  const auto other = table_->index_.add(key_, table_->rows_);
  key_.clear();
  parts_ = 0;
  return other;
}

std::shared_ptr<const Table> TableBuilder::finish() && {
  for (size_t at = 0; at < values_.size(); ++at) {
    values_[at].append_null();
    table_->columns_.push_back(std::move(values_[at]).finish(std::move(names_[at])));
  }
  return std::move(table_);
}

DeclaredColumn declared_as(const std::string& name, const std::vector<DeclaredColumn>& columns) {
  for (const auto& column : columns)
    if (column.name == name) return column;
  return {.name = name};
}

}  // namespace levada::join
