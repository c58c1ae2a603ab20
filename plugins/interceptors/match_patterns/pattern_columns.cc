#include "pattern_columns.h"

#include <algorithm>
#include <limits>

#include "json/json_parser.h"
#include "levada/nested.h"

namespace levada::match_patterns {
namespace {

constexpr int32_t kNoRank = std::numeric_limits<int32_t>::max();

size_t bitmap_bytes(int64_t rows) { return static_cast<size_t>(rows / 8 + 1); }

Buffer zeros(size_t bytes) {
  Buffer buffer(bytes);
  std::memset(buffer.data(), 0, bytes);
  return buffer;
}

// Which rows of the column are not null, from row 0 on; an empty one where all are.
Buffer validity_of(const Column& column) {
  if (!column.has_nulls()) return {};
  Buffer bits = zeros(bitmap_bytes(column.rows()));
  for (int64_t row = 0; row < column.rows(); ++row)
    bits.as<uint8_t>()[row / 8] |= static_cast<uint8_t>(static_cast<unsigned>(!column.null(row)) << (row % 8));
  return bits;
}

// A column of int64 or boolean over these buffers, which may be shared.
Column column_over(std::string name, Type type, const Buffer& values, const Buffer& validity, int64_t rows) {
  auto held = std::make_unique<detail::Held>();
  held->buffers = {values, validity};
  held->pointers = {validity.data(), values.data()};
  auto array = detail::array_of(std::move(held), rows, validity ? -1 : 0);
  return Column::adopt(std::move(name), type, array);
}

Column texts_of(const std::vector<std::string>& texts) {
  TextBuilder builder(static_cast<int64_t>(texts.size()));
  for (const auto& text : texts) builder.append(text);
  return std::move(builder).finish("", Type::text);
}

}  // namespace

// The list of names of each row.
struct PatternColumns::Names {
  explicit Names(const Column& all) : first(items.share(all)), views(all.views().data()) {}
  TextBuilder items;
  int32_t first;
  const View* views;
  ListBuilder lists;
};

PatternColumns::PatternColumns(PatternSet& set, const std::string& names, int64_t matches_max)
    : set_(set), names_(names), matches_max_(matches_max), targets_(set.patterns().size()) {
  std::vector<std::string> all;
  for (size_t at = 0; at < set.patterns().size(); ++at) {
    const auto& pattern = set.patterns()[at];
    all.push_back(pattern.name);
    targets_[at].as = pattern.as;
    if (pattern.as == As::value) value_patterns_.push_back(at);
  }
  all_names_ = texts_of(all);
  for (const auto& each : set.firsts()) {
    auto& first = firsts_.emplace_back();
    first.ranks.assign(all.size(), kNoRank);
    for (size_t rank = 0; rank < each.patterns.size(); ++rank)
      first.ranks[each.patterns[rank]] = static_cast<int32_t>(rank);
    auto labels = each.labels;
    first.otherwise = each.otherwise ? static_cast<int32_t>(labels.size()) : -1;
    if (each.otherwise) labels.push_back(*each.otherwise);
    first.labels = texts_of(labels);
  }
}

void PatternColumns::start(const Column& texts) {
  buffers_.clear();
  values_.clear();
  indices_.clear();
  mismatches_ = 0;
  for (size_t at = 0; at < targets_.size(); ++at) {
    auto& target = targets_[at];
    if (target.as == As::boolean) {
      target.bits = buffers_.emplace_back(zeros(bitmap_bytes(texts.rows()))).as<uint8_t>();
    } else if (target.as == As::count) {
      const auto bytes = static_cast<size_t>(texts.rows() + 1) * sizeof(int64_t);
      target.counts = buffers_.emplace_back(zeros(bytes)).as<int64_t>();
    } else if (target.as == As::value) {
      values_.emplace_back(set_.patterns()[at].column, texts.rows()).share(texts);
    }
  }
  for (size_t at = 0; at < firsts_.size(); ++at) indices_.emplace_back(texts.rows());
}

void PatternColumns::add_null() {
  for (auto& values : values_) values.append_null();
  for (auto& indices : indices_) indices.append_null();
}

void PatternColumns::add(Batch& batch, const Column& texts, std::span<int64_t> rows) {
  start(texts);
  const Documents documents(texts);
  const bool has_nulls = texts.has_nulls();
  Names names(all_names_);
  for (int64_t row = 0; row < batch.rows(); ++row) {
    if (has_nulls && texts.null(row)) {
      add_null();
      if (!names_.empty()) names.lists.append_null();
      continue;
    }
    const auto text = documents[row].text;
    const auto found = set_.find(text);
    rows.back() += found.empty() ? 0 : 1;
    for (const int number : found) {
      const auto pattern = static_cast<size_t>(number);
      ++rows[pattern];
      const auto& target = targets_[pattern];
      if (target.as == As::boolean) target.bits[row / 8] |= static_cast<uint8_t>(1u << (row % 8));
      else if (target.as == As::count)
        target.counts[row] = set_.each_match(pattern, text, matches_max_, [](const PatternSet::Match&) {});
    }
    if (!names_.empty()) {
      for (const int number : found) names.items.append_view(names.views[number], names.first);
      names.lists.append(names.items.rows());
    }
    for (size_t at = 0; at < value_patterns_.size(); ++at) {
      const auto pattern = value_patterns_[at];
      PatternSet::Match match;
      const bool occurs = std::find(found.begin(), found.end(), static_cast<int>(pattern)) != found.end();
      if (!occurs || !set_.extract(pattern, text, 0, match)) {
        values_[at].append_null();
      } else if (!values_[at].append_part(documents.view(row), text, match.value)) {
        values_[at].append_null();
        ++mismatches_;
      }
    }
    for (size_t at = 0; at < firsts_.size(); ++at) {
      int32_t rank = kNoRank;
      for (const int number : found) rank = std::min(rank, firsts_[at].ranks[static_cast<size_t>(number)]);
      if (rank == kNoRank) rank = firsts_[at].otherwise;
      rank < 0 ? indices_[at].append_null() : indices_[at].append(rank);
    }
  }
  const Buffer validity = validity_of(texts);
  auto buffer = buffers_.begin();
  auto values = values_.begin();
  for (size_t at = 0; at < targets_.size(); ++at) {
    const auto& name = set_.patterns()[at].column.name;
    switch (targets_[at].as) {
      case As::none: break;
      case As::boolean: batch.set(column_over(name, Type::boolean, *buffer++, validity, texts.rows())); break;
      case As::count: batch.set(column_over(name, Type::int64, *buffer++, validity, texts.rows())); break;
      case As::value: batch.set(std::move(*values++).finish(name)); break;
    }
  }
  for (size_t at = 0; at < firsts_.size(); ++at)
    batch.set(std::move(indices_[at]).finish(set_.firsts()[at].column, firsts_[at].labels));
  if (!names_.empty()) batch.set(std::move(names.lists).finish(names_, std::move(names.items).finish("", Type::text)));
}

}  // namespace levada::match_patterns
