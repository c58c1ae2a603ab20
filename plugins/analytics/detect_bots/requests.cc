// Two texts of a row become a word.
#include "requests.h"

#include <algorithm>

#include "levada/row_keys.h"

namespace levada::detect_bots {
namespace {

// By its hash, which is never that of none.
uint64_t fingerprint_of(std::string_view category, uint64_t seed) {
  return std::max<uint64_t>(levada::detail::hash_of(category, seed), 4);
}

// Calls see(row, text) for the rows that are not null.
template <class See>
void each_text(const Column& column, See see) {
  const int64_t rows = column.rows();
  if (column.type() != Type::dictionary && !column.has_nulls()) {
    const Views views = column.views();
    for (int64_t row = 0; row < rows; ++row) see(static_cast<size_t>(row), views[row]);
    return;
  }
  for (int64_t row = 0; row < rows; ++row)
    if (!column.null(row)) see(static_cast<size_t>(row), column.text(row));
}

}  // namespace

Requests::Requests(RequestColumns columns)
    : columns_(std::move(columns)),
      before_(columns_.category_after.empty() ? "" : "/" + columns_.category_after + "/") {}

void Requests::read(const Batch& batch, uint64_t seed) {
  const Column* const types = batch.text(columns_.type);
  const Column* const categories = columns_.category.empty() ? nullptr : batch.text(columns_.category);
  requests_.assign(static_cast<size_t>(batch.rows()), Request());
  if (types) each_text(*types, [&](size_t row, std::string_view type) { requests_[row] = Request(kind_of(type), 0); });
  if (!categories) return;
  each_text(*categories, [&](size_t row, std::string_view text) {
    const auto category = category_in(text);
    if (!category.empty()) requests_[row] = Request(requests_[row].kind(), fingerprint_of(category, seed));
  });
}

// The first segment behind `before_` that is not empty. Paths are short: a call of memchr for each
// of their slashes costs more than to look at their characters.
std::string_view Requests::category_in(std::string_view text) const {
  if (before_.empty()) return text;
  const char second = before_[1];
  for (size_t at = 0; at + before_.size() < text.size(); ++at) {
    if (text[at] != '/' || text[at + 1] != second) continue;
    if (!text.substr(at).starts_with(before_)) continue;
    const auto rest = text.substr(at + before_.size());
    size_t size = 0;
    while (size < rest.size() && rest[size] != '/' && rest[size] != '?' && rest[size] != '#') ++size;
    if (size > 0) return rest.substr(0, size);
  }
  return {};
}

}  // namespace levada::detect_bots
