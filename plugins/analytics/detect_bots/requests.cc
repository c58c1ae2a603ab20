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

}  // namespace

Requests::Requests(RequestColumns columns)
    : columns_(std::move(columns)),
      before_(columns_.category_after.empty() ? "" : "/" + columns_.category_after + "/") {}

void Requests::read(const Batch& batch, uint64_t seed) {
  const Column* const types = batch.text(columns_.type);
  const Column* const categories = columns_.category.empty() ? nullptr : batch.text(columns_.category);
  requests_.clear();
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const auto kind = types && !types->null(row) ? kind_of(types->text(row)) : Kind::other;
    const auto category = categories ? category_in(categories->text(row)) : std::string_view();
    requests_.emplace_back(kind, category.empty() ? 0 : fingerprint_of(category, seed));
  }
}

// The first segment behind `before_` that is not empty.
std::string_view Requests::category_in(std::string_view text) const {
  if (before_.empty()) return text;
  for (auto at = text.find('/'); at != text.npos; at = text.find('/', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] != before_[1]) continue;
    if (text.compare(at, before_.size(), before_) != 0) continue;
    const auto rest = text.substr(at + before_.size());
    size_t size = 0;
    while (size < rest.size() && rest[size] != '/' && rest[size] != '?' && rest[size] != '#') ++size;
    if (size > 0) return rest.substr(0, size);
  }
  return {};
}

}  // namespace levada::detect_bots
