// Windows of one length, tumbling or sliding, over panes: a row is added to one pane, and a window
// is joined out of its panes when it is over. The next window has most of its panes in common with
// the one before: where the aggregates allow it, only those that have left are taken away, and
// those that are new are joined. Panes of sliding windows share a table of keys, so that a row's
// key is looked up once, and joined under its number; those that no pane has any more go.
//
// With `keep` panes stay for a while when their windows were given. Rows that come for these go to
// panes of their own first, so that what is being given stays as it is; between two windows they
// are joined with the others, and the keys that they have are given again.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "aggregate_table.h"
#include "joined_window.h"
#include "shape.h"

namespace levada::window {

class PaneWindows {
 public:
  // `keep`: for how long after its end a window can be given again, in microseconds. `notes`:
  // whether somebody asks take_touched.
  PaneWindows(Shape shape, const Layout& layout, int64_t keep, bool notes, size_t memory_bytes)
      : shape_(shape),
        layout_(layout),
        keep_(keep),
        notes_(notes),
        memory_bytes_(memory_bytes),
        joined_(layout, keys_),
        again_(layout),
        early_(layout) {}

  // Adds rows of the batch that the layout is bound to. Calls full(row) for each whose key is new,
  // and for which there is no memory. How many were of windows that were given.
  template <class Full>
  size_t add(const RowKeys& keys, std::span<const int64_t> rows, const int64_t* times, Full full) {
    if (rows.empty()) return 0;
    size_t late = 0;
    for (const auto& group : grouped(rows, times)) {
      const bool is_late = begun_end_ != kNone && shape_.first_end(group.start) <= begun_end_;
      if (is_late) late += group.rows.size();
      else if (notes_) touched_.insert(group.start);
      AggregateTable& pane = pane_at(is_late ? late_ : panes_, group.start);
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
    return late;
  }

  // Of windows with rows that were not given yet, the first end up to `limit`.
  std::optional<int64_t> next_end(int64_t limit) const;
  // It is about to be given: from now on its rows are late. Rows before the time that comes back
  // have no window any more.
  int64_t begin(int64_t end);
  // The window that ends there; valid until the next call.
  const WindowTable& window(int64_t end);
  // It was given: panes that nobody needs any more go.
  void given(int64_t end);

  int64_t keep() const { return keep_; }
  bool has_updates() const { return !late_.empty() || !changed_.empty(); }
  // Of the windows that were given, the next that late rows have changed.
  std::optional<int64_t> next_update();
  // Its keys that have changed, with all of their rows; valid until the next call.
  const AggregateTable& updated(int64_t end);
  void update_given(int64_t end) { updated_end_ = end; }

  bool is_touched() const { return !touched_.empty(); }
  // The ends of windows that were not given, to which rows were added since the last call; the last
  // first.
  std::vector<int64_t> take_touched();
  // What such a window holds; valid until the next call.
  const AggregateTable& so_far(int64_t end);

  size_t bytes() const;

  void save(StateWriter& to) const;
  void load(StateReader& from, size_t key_columns);
  void forget();
  // What has changed since the last begin_changes or save_changes.
  void begin_changes();
  void save_changes(StateWriter& to);
  void load_changes(StateReader& from, size_t key_columns);

 private:
  static constexpr int64_t kNone = INT64_MIN;
  static constexpr size_t kForgetAt = 64;  // Keys.

  using Panes = std::map<int64_t, std::unique_ptr<AggregateTable>>;  // By their start.

  AggregateTable& pane_at(Panes& panes, int64_t start);
  void forget_joined();
  void forget_keys();
  void forget_but_panes();
  // The first window end above `end` that holds the pane.
  int64_t end_after(int64_t end, int64_t start) const;
  // Windows up to that end are not kept any more when those up to begun_end_ are given.
  int64_t forgotten_end() const { return keep_ == 0 ? begun_end_ : shape_.last_end(begun_end_ - keep_); }
  void join_late();
  static void save(const Panes& panes, StateWriter& to);
  void load(Panes& panes, StateReader& from, size_t key_columns);
  void save_rest(StateWriter& to) const;
  void load_rest(StateReader& from, size_t key_columns);
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
  const int64_t keep_;
  const bool notes_;
  const size_t memory_bytes_;
  Panes panes_;
  // Those that were emptied, with their memory: a batch may begin and end several.
  struct Spare {
    std::unique_ptr<AggregateTable> pane;
    size_t bytes;
  };
  std::vector<Spare> spare_;
  size_t spare_bytes_ = 0;
  // Of all panes, where windows slide. They are forgotten when there are twice as many as were left
  // the last time.
  KeyTable keys_{0};
  size_t forget_keys_at_ = kForgetAt;
  // The panes from joined_from_ on, before joined_end_, as one.
  JoinedWindow joined_;
  int64_t joined_from_ = kNone, joined_end_ = kNone;
  int64_t begun_end_ = kNone, given_end_ = kNone;  // All windows up to there.
  Panes late_;                                     // Rows of windows that were given, which are not joined yet.
  Panes changed_;                                  // Those that were joined last, until their windows were given again,
  int64_t updated_end_ = kNone;                    // which they were up to this end.
  AggregateTable again_;                           // A window that is given again: keys that have changed.
  std::set<int64_t> touched_;                      // Panes that rows were added to.
  AggregateTable early_;
  std::vector<Group> groups_;
};

}  // namespace levada::window
