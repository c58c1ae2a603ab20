// Windows of one length, tumbling or sliding, over panes: a row is added to one pane, and a window
// is joined out of its panes when it is over. The next window has most of its panes in common with
// the one before: where the aggregates allow it, only those that have left are taken away, and
// those that are new are joined.
#pragma once

#include <map>
#include <optional>

#include "aggregate_table.h"
#include "shape.h"

namespace levada::window {

class PaneWindows {
 public:
  PaneWindows(Shape shape, const Layout& layout, size_t memory_bytes)
      : shape_(shape), layout_(layout), memory_bytes_(memory_bytes), joined_(layout) {}

  // Adds rows of the batch that the layout is bound to. Calls full(row) for each whose key is new,
  // and for which there is no memory.
  template <class Full>
  void add(const RowKeys& keys, std::span<const int64_t> rows, const int64_t* times, Full full) {
    if (rows.empty()) return;
    for (const auto& group : grouped(rows, times)) {
      AggregateTable& pane = pane_at(group.start);
      const size_t others = bytes() - pane.bytes();
      if (others + pane.bytes_with(group.rows.size(), key_bytes(group.rows.size())) <= memory_bytes_) {
        pane.add(keys, group.rows);
        continue;
      }
      for (const int64_t row : group.rows) {
        if (pane.knows(keys[row]) || others + pane.bytes_with(1, key_bytes(1)) <= memory_bytes_)
          pane.add(keys, std::span(&row, 1));
        else full(row);
      }
    }
  }

  // Of windows with rows that were not given yet, the first end up to `limit`.
  std::optional<int64_t> next_end(int64_t limit) const;
  // The window that ends there; valid until the next call.
  const AggregateTable& window(int64_t end);
  // It was given: panes that are in no later window go.
  void given(int64_t end);
  // All windows up to that end were given; kNone before the first.
  int64_t given_end() const { return given_end_; }
  size_t bytes() const;
  size_t panes() const { return panes_.size(); }

  void save(StateWriter& to) const;
  void load(StateReader& from, size_t key_columns);
  void forget();

 private:
  static constexpr int64_t kNone = INT64_MIN;
  static constexpr size_t kSweepAt = 4096;  // Keys.

  AggregateTable& pane_at(int64_t start);
  void forget_joined();
  // The rows of one pane.
  struct Group {
    int64_t start;
    std::span<const int64_t> rows;
    std::vector<int64_t> own;
  };
  std::span<const Group> grouped(std::span<const int64_t> rows, const int64_t* times);
  // What keys take that have no room in their records, about.
  static size_t key_bytes(size_t rows) { return 64 * rows; }

  bool is_tumbling() const { return shape_.slide == shape_.size; }

  const Shape shape_;
  const Layout& layout_;
  const size_t memory_bytes_;
  std::map<int64_t, std::unique_ptr<AggregateTable>> panes_;  // By their start.
  std::unique_ptr<AggregateTable> spare_;                     // One that was emptied, with its memory.
  // The panes from joined_from_ on, before joined_end_, as one.
  AggregateTable joined_;
  int64_t joined_from_ = kNone, joined_end_ = kNone;
  size_t sweep_at_ = kSweepAt;
  int64_t given_end_ = kNone;
  std::vector<Group> groups_;
};

}  // namespace levada::window
