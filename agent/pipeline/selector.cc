#include "agent/pipeline/selector.h"

#include <algorithm>

#include "levada/pattern.h"

namespace levada::agent {
namespace {

Batch without_rows(const Batch& batch) {
  Batch empty(0);
  empty.stream = batch.stream;
  empty.position = batch.position;
  empty.sequence = batch.sequence;
  return empty;
}

}  // namespace

Selector::Selector(const SelectorConfig& config, const std::vector<size_t>& channels)
    : type_(config.type), count_(channels.size()), column_(config.column) {
  const auto numbers = [&](const std::vector<size_t>& named) {
    std::vector<size_t> found;
    for (const auto channel : named)
      found.push_back(static_cast<size_t>(std::find(channels.begin(), channels.end(), channel) - channels.begin()));
    return found;
  };
  for (const auto& mapping : config.mapping) targets_[mapping.value] = numbers(mapping.channels);
  default_ = numbers(config.default_channels);
}

std::vector<Batch> Selector::route(const Batch& batch) const {
  switch (type_) {
    case SelectorConfig::Type::replicate: return std::vector<Batch>(count_, batch);
    case SelectorConfig::Type::load_balance: {
      std::vector<Batch> routed(count_, without_rows(batch));
      routed[batch.sequence / kBlockRows % count_] = batch;
      return routed;
    }
    case SelectorConfig::Type::multiplex: break;
  }
  return multiplex(batch);
}

std::vector<Batch> Selector::multiplex(const Batch& batch) const {
  const Column* column = batch.find(column_);
  const bool is_textual = column && column->is_textual();
  std::vector<std::vector<int64_t>> rows(count_);
  std::string value, written;
  std::string_view last;
  const std::vector<size_t>* targets = nullptr;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    std::string_view text;
    if (is_textual) {
      text = column->text(row);
    } else if (column && !column->null(row)) {
      written.clear();
      append_value(*column, row, written);
      text = written;
    }
    // Like rows tend to come together.
    if (!targets || text != last) {
      value = text;
      const auto found = targets_.find(value);
      targets = found == targets_.end() ? &default_ : &found->second;
      last = value;
    }
    for (const auto channel : *targets) rows[channel].push_back(row);
  }
  std::vector<Batch> routed;
  for (const auto& chosen : rows) {
    if (chosen.empty()) {
      routed.push_back(without_rows(batch));
      continue;
    }
    routed.push_back(batch);
    if (static_cast<int64_t>(chosen.size()) != batch.rows()) routed.back().take(chosen);
  }
  return routed;
}

}  // namespace levada::agent
