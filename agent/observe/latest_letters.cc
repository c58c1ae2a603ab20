#include "agent/observe/latest_letters.h"

#include <algorithm>
#include <tuple>

#include "agent/base/row_json.h"

namespace levada::agent {

void LatestLetters::add(const std::vector<Reason>& reasons, const Batch& letter) {
  std::vector<std::string> texts;
  const auto rows = letter.rows();
  const RowJson json(letter);
  for (auto row = std::max<int64_t>(0, rows - static_cast<int64_t>(kRowsOfBatch)); row < rows; ++row) {
    std::string text;
    json.append(text, row);
    if (text.size() > kRowBytes) {
      Batch short_letter(rows);
      for (const auto& column : letter.columns())
        if (column.name() != "body" && !column.name().starts_with("row_")) short_letter.set(column);
      text.clear();
      RowJson(short_letter).append(text, row);
      if (text.size() > kRowBytes) text = R"(,"reason":"the row is too long to be shown")";
    }
    texts.push_back("{" + text.substr(std::min<size_t>(text.size(), 1)) + "}");
  }
  const std::lock_guard lock(mutex_);
  rows_ += rows;
  for (const auto& each : reasons) {
    auto& counts = counts_[each.component];
    const bool is_known = counts.contains(each.reason) || counts.size() < kReasons;
    counts[is_known ? each.reason : "other reasons"] += each.rows;
  }
  for (auto& text : texts) latest_.push_front(std::move(text));
  while (latest_.size() > kRows) latest_.pop_back();
}

int64_t LatestLetters::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

std::vector<LatestLetters::Reason> LatestLetters::reasons() const {
  std::vector<Reason> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [component, counts] : counts_)
      for (const auto& [reason, rows] : counts) all.push_back({component, reason, rows});
  }
  std::ranges::sort(all, [](const Reason& a, const Reason& b) {
    return std::tie(b.rows, a.component, a.reason) < std::tie(a.rows, b.component, b.reason);
  });
  return all;
}

std::vector<std::string> LatestLetters::latest() const {
  const std::lock_guard lock(mutex_);
  return {latest_.begin(), latest_.end()};
}

}  // namespace levada::agent
