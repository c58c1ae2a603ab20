// Brings rows into the order of their event times, for those who go event by event: rows are held
// until the watermark says that no older one will come, and are then given by (time, stream, order
// of arrival). Where the input is in order already, nothing is held and nothing copied.
//
// An interceptor uses it so:
//   Done intercept(Batch& batch) override { order_.take(batch); see(batch); return {}; }
//   nanoseconds deadline() override { return order_.deadline(); }
//   Result<Batch> advance(nanoseconds now, bool ended) override {
//     auto batch = order_.advance(now, ended);
//     if (batch) see(*batch);
//     return batch;
//   }
// and saves and loads it with its own state.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "levada/host.h"
#include "levada/joined_rows.h"
#include "levada/watermarks.h"

namespace levada {

enum class OnLate { reject, drop };

class EventOrder {
 public:
  // Rows that are given at once.
  static constexpr size_t kRowsMax = 65'536;

  // `memory_bytes`: what rows that are held may take; the oldest go before their time where it is
  // not enough, and rows that come behind them are late.
  EventOrder(const EventTimeSettings& settings, OnLate on_late, Size memory_bytes, Host host)
      : host_(host),
        times_(settings.time, settings.unit),
        marks_(settings),
        on_late_(on_late),
        memory_bytes_(static_cast<size_t>(memory_bytes.bytes)),
        late_count_(host.counter("rows_late")),
        ahead_count_(host.counter("rows_ahead")),
        hurried_count_(host.counter("rows_given_early")) {}

  // In place of the batch's rows: those that are due. Rows without a time, and late ones, are
  // rejected or dropped.
  void take(Batch& batch) {
    accept(batch);
    const bool in_order = blocks_.empty() && std::is_sorted(times_now_.begin(), times_now_.end());
    if (in_order && (times_now_.empty() || times_now_.back() < bound())) {
      if (!times_now_.empty()) marks_.close(times_now_.back());
      return;
    }
    const auto rejections = batch.rejections();
    std::string reason;
    if (const auto* opaque = find_opaque(batch))
      reason = "the column \"" + opaque->name() +
               "\" is of a type that cannot be held until its time comes: convert or drop it first";
    else hold(std::move(batch));
    batch = give(bound());
    for (const auto& each : rejections) batch.reject_part(each.row, each.reason, each.body);
    if (!reason.empty())
      for (const int64_t row : kept_) batch.reject_part(row, reason);
  }
  // The times of the rows that take or advance gave last.
  std::span<const int64_t> times() const { return times_now_; }

  std::chrono::nanoseconds deadline() const {
    if (has_due(bound())) return std::chrono::nanoseconds(0);
    return marks_.deadline();
  }
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) {
    marks_.advance(now);
    const int64_t before = ended ? std::numeric_limits<int64_t>::max() : bound();
    if (!has_due(before)) return idle();
    return give(before);
  }

  const Watermarks& watermarks() const { return marks_; }
  size_t rows_held() const { return rows_held_; }

  void save(StateWriter& to) const {
    marks_.save(to);
    to.value(static_cast<uint64_t>(blocks_.size()));
    std::vector<int64_t> rows;
    for (const auto& block : blocks_) {
      rows.clear();
      for (size_t at = block.next; at < block.order.size(); ++at) rows.push_back(block.order[at].row);
      to.text(block.batch.stream);
      save_rows(to, block.batch, rows);
      for (size_t at = block.next; at < block.order.size(); ++at) to.value(block.order[at].time);
    }
  }
  void load(StateReader& from) {
    forget();
    marks_.load(from, host_.monotonic());
    load_blocks(from);
    if (!from.good()) forget();
  }
  // Goes back to the beginning.
  void forget() {
    marks_.forget();
    blocks_.clear();
    rows_held_ = bytes_ = 0;
  }

 private:
  struct Entry {
    int64_t time;
    int64_t row;
  };
  // Rows that came together, by (time, arrival).
  struct Block {
    Batch batch;
    std::vector<Entry> order;
    size_t next = 0;  // Those before were given.
    size_t bytes = 0;
  };
  struct Due {
    int64_t time;
    size_t block;
    int64_t row;
  };

  // Leaves the rows that have a time and are not late, with their times in times_now_.
  void accept(Batch& batch) {
    kept_.clear();
    unkept_.clear();
    times_.read(batch, [&](int64_t row, const std::string& reason) {
      batch.reject_part(row, reason);
      unkept_.push_back(row);
    });
    marks_.observe(
        batch.stream, times_, host_.monotonic(), [](int64_t time) { return time; },
        [&](int64_t row) {
          late_count_.add();
          unkept_.push_back(row);
          if (on_late_ == OnLate::reject) batch.reject_part(row, "the row is late: its stream has passed its time");
        });
    ahead_count_.add(marks_.rows_ahead() - std::exchange(rows_ahead_, marks_.rows_ahead()));
    times_now_.assign(times_.values(), times_.values() + times_.rows());
    times_.read(Batch(), [](int64_t, const std::string&) {});  // Lets go of the batch.
    std::sort(unkept_.begin(), unkept_.end());
    auto out = unkept_.begin();
    for (int64_t row = 0; row < batch.rows(); ++row)
      if (out != unkept_.end() && *out == row) ++out;
      else kept_.push_back(row);
    if (unkept_.empty()) return;
    for (size_t at = 0; at < kept_.size(); ++at) times_now_[at] = times_now_[static_cast<size_t>(kept_[at])];
    times_now_.resize(kept_.size());
    batch.take(kept_);
  }

  // Rows older than that are due. Of a single stream, none that is as old as the watermark can come
  // in front of one that is there.
  int64_t bound() const {
    const int64_t mark = marks_.watermark();
    return mark == Watermarks::kNone ? mark : mark + (marks_.is_single() ? 1 : 0);
  }

  void hold(Batch batch) {
    if (batch.rows() == 0) return;
    Block block;
    for (int64_t row = 0; row < batch.rows(); ++row) block.order.push_back({times_now_[static_cast<size_t>(row)], row});
    std::stable_sort(block.order.begin(), block.order.end(), [](auto& a, auto& b) { return a.time < b.time; });
    add(std::move(block), std::move(batch));
  }
  void add(Block block, Batch batch) {
    block.batch = Batch(batch.rows());
    for (const auto& column : batch.columns()) {
      block.batch.set(column);
      block.bytes += static_cast<size_t>(batch.rows()) * 16;
      if (!column.is_textual()) continue;
      for (int64_t row = 0; row < batch.rows(); ++row) block.bytes += column.text(row).size();
    }
    block.batch.stream = std::move(batch.stream);
    block.bytes += block.order.size() * sizeof(Entry);
    bytes_ += block.bytes;
    rows_held_ += block.order.size();
    blocks_.push_back(std::move(block));
  }

  bool has_due(int64_t before) const {
    if (bytes_ > memory_bytes_) return true;
    return std::any_of(blocks_.begin(), blocks_.end(),
                       [&](const Block& block) { return block.order[block.next].time < before; });
  }

  // The rows that are due, as many as go into a batch.
  Batch give(int64_t before) {
    times_now_.clear();
    if (bytes_ > memory_bytes_) before = std::max(before, hurried());
    due_.clear();
    for (size_t at = 0; at < blocks_.size(); ++at) {
      const auto& block = blocks_[at];
      for (size_t next = block.next; next < block.order.size() && block.order[next].time < before; ++next)
        due_.push_back({block.order[next].time, at, block.order[next].row});
    }
    // Blocks of a stream are in the order of arrival.
    std::stable_sort(due_.begin(), due_.end(), [&](const Due& a, const Due& b) {
      if (a.time != b.time) return a.time < b.time;
      return blocks_[a.block].batch.stream < blocks_[b.block].batch.stream;
    });
    size_t count = std::min(due_.size(), kRowsMax);
    for (size_t at = 1; at < count; ++at)
      if (!can_join(blocks_[due_[at - 1].block].batch, blocks_[due_[at].block].batch) ||
          !can_join(blocks_[due_[0].block].batch, blocks_[due_[at].block].batch))
        count = at;
    rows_.clear();
    for (size_t at = 0; at < count; ++at) {
      times_now_.push_back(due_[at].time);
      rows_.push_back({&blocks_[due_[at].block].batch, due_[at].row});
      ++blocks_[due_[at].block].next;
    }
    Batch given = join_rows(rows_);
    if (count > 0) marks_.close(times_now_.back());
    rows_held_ -= count;
    std::erase_if(blocks_, [&](const Block& block) {
      const bool all = block.next == block.order.size();
      if (all) bytes_ -= block.bytes;
      return all;
    });
    return given;
  }
  // A time by which the older half of the rows is due.
  int64_t hurried() {
    std::vector<int64_t> times;
    for (const auto& block : blocks_)
      for (size_t at = block.next; at < block.order.size(); ++at) times.push_back(block.order[at].time);
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    hurried_count_.add(static_cast<int64_t>(times.size() / 2));
    return *middle + 1;
  }

  void load_blocks(StateReader& from) {
    const auto count = from.value<uint64_t>();
    for (uint64_t at = 0; at < count && from.good(); ++at) {
      std::string stream(from.text());
      Batch batch = load_rows(from);
      batch.stream = std::move(stream);
      Block block;
      for (int64_t row = 0; row < batch.rows() && from.good(); ++row) {
        const auto time = from.value<int64_t>();
        if (!block.order.empty() && block.order.back().time > time) from.fail();
        block.order.push_back({time, row});
      }
      if (batch.rows() == 0) from.fail();
      if (from.good()) add(std::move(block), std::move(batch));
    }
  }

  const Host host_;
  EventTimes times_;
  Watermarks marks_;
  const OnLate on_late_;
  const size_t memory_bytes_;
  Counter late_count_, ahead_count_, hurried_count_;
  int64_t rows_ahead_ = 0;  // That were counted.
  std::vector<Block> blocks_;
  size_t rows_held_ = 0, bytes_ = 0;
  std::vector<int64_t> times_now_, kept_, unkept_;
  std::vector<Due> due_;
  std::vector<RowOf> rows_;
};

}  // namespace levada
