// The interceptor `count_by`.
#include "count_by.h"

#include <algorithm>
#include <cstring>

#include "levada/positions.h"

namespace levada::count_by {
namespace {

void append_bytes(std::string& to, const void* bytes, size_t size) { to.append(static_cast<const char*>(bytes), size); }

// Each value as a letter for its type, and its bytes: no two keys of different values are the same.
void append_part(std::string& key, const Column* column, int64_t row) {
  if (!column || column->type() == Type::opaque || column->null(row)) {
    key += 'n';
    return;
  }
  switch (column->type()) {
    case Type::text:
    case Type::bytes:
    case Type::dictionary: {
      const auto text = column->text(row);
      const auto size = static_cast<uint32_t>(text.size());
      key += 't';
      append_bytes(key, &size, sizeof size);
      key += text;
      return;
    }
    case Type::boolean: key += column->boolean(row) ? 'y' : 'f'; return;
    case Type::int64: key += 'i'; return append_bytes(key, column->values<int64_t>() + row, sizeof(int64_t));
    case Type::timestamp: key += 'u'; return append_bytes(key, column->values<int64_t>() + row, sizeof(int64_t));
    case Type::float64: key += 'd'; return append_bytes(key, column->values<double>() + row, sizeof(double));
    case Type::opaque: break;
  }
}

std::string head_of(const std::vector<std::string>& columns) {
  std::string head = "levada count_by 1";
  for (const auto& column : columns) {
    head += '\t';
    append_escaped(head, column);
  }
  return head + '\n';
}

}  // namespace

Result<std::unique_ptr<CountBy>> CountBy::create(Settings settings, Host) {
  if (settings.columns.empty()) return wrong("columns", "a key needs at least one column");
  if (settings.as.empty()) return wrong("as", "a column needs a name");
  for (auto column = settings.columns.begin(); column != settings.columns.end(); ++column) {
    if (column->empty()) return wrong("columns", "a column needs a name");
    if (std::find(settings.columns.begin(), column, *column) != column)
      return wrong("columns", "\"" + *column + "\" stands in it twice");
    if (*column == settings.as) return wrong("as", "\"" + settings.as + "\" is a part of the key");
  }
  return std::unique_ptr<CountBy>(new CountBy(std::move(settings)));
}

CountBy::CountBy(Settings settings) : settings_(std::move(settings)), state_head_(head_of(settings_.columns)) {}

Done CountBy::intercept(Batch& batch) {
  columns_.clear();
  for (const auto& name : settings_.columns) columns_.push_back(batch.find(name));
  ValueBuilder<int64_t> counts(batch.rows());
  int64_t* const to = counts.extend(batch.rows());
  for (int64_t row = 0; row < batch.rows(); ++row) {
    key_.clear();
    for (const auto* column : columns_) append_part(key_, column, row);
    to[row] = table_.increment(key_);
  }
  counts.filled(batch.rows());
  batch.set(std::move(counts).finish(settings_.as, Type::int64));
  return {};
}

Done CountBy::save(std::string& to) {
  to += state_head_;
  table_.save(to);
  return {};
}

Done CountBy::load(std::string_view state) {
  if (state.empty()) {
    table_ = CountTable();
    return {};
  }
  if (!state.starts_with(state_head_))
    return fatal(
        "the state that was kept is not by these columns, or not of this version of count_by: put the configuration "
        "back as it was, or give the interceptor another name, and it counts from the beginning");
  if (auto loaded = table_.load(state.substr(state_head_.size())); !loaded)
    return fatal("the state that was kept is damaged: " + loaded.error().message);
  return {};
}

}  // namespace levada::count_by

LEVADA_PLUGIN("count_by", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::count_by::CountBy>("count_by", "Numbers the rows of each key: 1, 2, 3 ..."))
