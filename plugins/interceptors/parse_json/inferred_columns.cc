#include "inferred_columns.h"

#include <algorithm>
#include <charconv>

#include "json/json_text.h"

namespace levada::parse_json {

namespace {
bool is_integer(std::string_view number) {
  int64_t value;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  return error == std::errc() && end == number.data() + number.size();
}
}  // namespace

CellType InferredColumns::Found::type() const {
  if (is_mixed() || has_text) return CellType::text;
  if (has_booleans) return CellType::boolean;
  return has_reals ? CellType::float64 : CellType::int64;
}

bool InferredColumns::Found::is_mixed() const {
  return int{has_text} + int{has_booleans} + int{has_integers || has_reals} > 1;
}

void InferredColumns::Found::add(int64_t row, std::string_view value) {
  const char first = value[0];
  if (first == '"') has_text = true;
  else if (first == 't' || first == 'f') has_booleans = true;
  else if (is_integer(value)) has_integers = true;
  else has_reals = true;
  cells.push_back({row, value});
}

void InferredColumns::start() {
  ignored_ = 0;
  // Names are kept from batch to batch, but not without end.
  if (found_.size() >= kMaxColumns) {
    found_.clear();
    numbers_.clear();
  }
  for (auto& found : found_) {
    found.cells.clear();
    found.last_row = -1;
    found.has_text = found.has_integers = found.has_reals = found.has_booleans = false;
  }
}

InferredColumns::Found* InferredColumns::find(std::string_view key, bool wanted) {
  if (expected_ < found_.size() && found_[expected_].name == key) return &found_[expected_++];
  auto at = numbers_.find(key);
  if (at == numbers_.end()) {
    if (!wanted || found_.size() >= kMaxColumns || key.empty() || key.find('\0') != std::string_view::npos)
      return nullptr;
    at = numbers_.emplace(key, found_.size()).first;
    found_.emplace_back().name = key;
  }
  expected_ = at->second + 1;
  return &found_[at->second];
}

bool InferredColumns::has_passed(std::string_view key) const {
  const auto end = passed_.begin() + static_cast<std::ptrdiff_t>(passed_count_);
  return std::find(passed_.begin(), end, key) != end;
}

void InferredColumns::pass(std::string_view key) {
  if (passed_count_ == passed_.size()) passed_.emplace_back();
  passed_[passed_count_++] = key;
}

bool InferredColumns::read(int64_t row, TokenCursor cursor, bool has_escapes) {
  expected_ = 0;
  passed_count_ = 0;
  if (cursor.here() == '{' && members(row, cursor, has_escapes) && cursor.is_behind_last()) return true;
  for (auto& found : found_)
    if (!found.cells.empty() && found.cells.back().row == row) found.cells.pop_back();
  return false;
}

bool InferredColumns::members(int64_t row, TokenCursor& cursor, bool has_escapes) {
  cursor.next();
  if (cursor.here() == '}') {
    cursor.next();
    return true;
  }
  for (;; cursor.next()) {
    std::string_view key;
    if (!cursor.key(key)) return false;
    const auto value = cursor.value();
    if (value.empty()) return false;
    if (has_escapes && key.find('\\') != std::string_view::npos) {
      unescaped_.clear();
      if (!unescape(key, unescaped_)) return false;
      key = unescaped_;
    }
    // The first of several members of one name counts, also where it is null, an object or an array.
    const bool is_scalar = value[0] != '{' && value[0] != '[' && value[0] != 'n';
    const bool is_passed = has_passed(key);
    auto* found = find(key, is_scalar && !is_passed);
    if (!found) {
      if (!is_scalar) pass(key);
      else if (!is_passed) ++ignored_;
    } else if (found->last_row != row) {
      found->last_row = row;
      if (is_scalar) found->add(row, value);
    }
    if (cursor.here() == '}') break;
    if (cursor.here() != ',') return false;
  }
  cursor.next();
  return true;
}

std::vector<Column> InferredColumns::finish(const Column& body) {
  std::vector<Column> columns;
  for (auto& found : found_)
    if (!found.cells.empty()) columns.push_back(column(found, body));
  return columns;
}

Column InferredColumns::column(Found& found, const Column& body) {
  CellBuilder builder(found.type(), TimeUnit::none, body);
  const Documents documents(body);
  int64_t row = 0;
  for (const auto& cell : found.cells) {
    for (; row < cell.row; ++row) builder.append_null();
    const CellBuilder::Document document{&documents.view(row), documents[row].text, true};
    if (found.is_mixed() && cell.value[0] != '"') builder.append_raw(document, cell.value);
    else builder.append(document, cell.value);
    ++row;
  }
  for (; row < body.rows(); ++row) builder.append_null();
  return std::move(builder).finish(found.name);
}

}  // namespace levada::parse_json
