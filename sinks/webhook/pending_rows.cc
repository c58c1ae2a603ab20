#include "pending_rows.h"

#include <algorithm>

#include "json/json_writer.h"

namespace levada::webhook {
namespace {

constexpr size_t kKeptBytes = size_t{1} << 24;

}  // namespace

void PendingRows::clear() {
  held_.clear();
  texts_.clear();
  if (texts_.capacity() > kKeptBytes) texts_ = std::string();
  ends_.clear();
}

int64_t PendingRows::add(const Batch& batch, const std::vector<std::string>& columns) {
  if (batch.rows() == 0) return 0;
  const std::string body = "body";
  JsonWriter writer(choose_columns(batch, columns, {&body, 1}), JsonStyle{});
  held_.push_back({batch, ends_.size(), {}});
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const auto used = texts_.size();
    texts_.resize(used + writer.bound(row));
    texts_.resize(static_cast<size_t>(writer.write(row, texts_.data() + used) - texts_.data()));
    ends_.push_back(texts_.size());
  }
  return writer.replaced();
}

size_t PendingRows::holder_number(size_t row) const {
  const auto behind =
      std::upper_bound(held_.begin(), held_.end(), row, [](size_t at, const Held& held) { return at < held.first; });
  return static_cast<size_t>(behind - held_.begin()) - 1;
}

PendingRows::Range PendingRows::next(size_t first, const RequestLimits& limits) const {
  Range range{first, 0};
  size_t bytes = 0;
  const std::string& stream = holder(first).batch.stream;
  for (size_t row = first; row < rows() && range.rows < limits.rows; ++row) {
    bytes += text(row).size();
    if (range.rows > 0) {
      if (bytes > limits.bytes || holder(row).batch.stream != stream) break;
      if (!stream.empty() && number_of(row) % limits.rows == 0) break;
    }
    ++range.rows;
  }
  return range;
}

// What an interceptor gave behind all rows has no stream, and no numbers but those of its commit.
std::string PendingRows::name_of(Range range, uint64_t epoch) const {
  const std::string& stream = holder(range.first).batch.stream;
  const size_t last = range.first + range.rows - 1;
  if (stream.empty())
    return "commit " + std::to_string(epoch) + ' ' + std::to_string(range.first) + ' ' + std::to_string(last);
  return stream + '\0' + std::to_string(number_of(range.first)) + ' ' + std::to_string(number_of(last));
}

void PendingRows::reject(Range range, const std::string& reason) {
  for (size_t row = range.first; row < range.first + range.rows; ++row) {
    Held& held = held_[holder_number(row)];
    held.rejections.push_back({static_cast<int64_t>(row - held.first), reason, {}});
  }
}

bool PendingRows::hand_over(Batch& rejected) {
  for (auto& held : held_) {
    if (held.rejections.empty()) continue;
    rejected = Batch::rejected(held.batch, held.rejections);
    held.rejections.clear();
    return true;
  }
  return false;
}

}  // namespace levada::webhook
