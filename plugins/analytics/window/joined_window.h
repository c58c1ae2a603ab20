// A window that is joined out of panes: a record for each key of the table that they share, under
// the number that the key has there. No key is looked up for it.
#pragma once

#include <memory>
#include <vector>

#include "aggregate_table.h"
#include "levada/record_blocks.h"

namespace levada::window {

class JoinedWindow final : public WindowTable {
 public:
  JoinedWindow(const Layout& layout, const KeyTable& keys)
      : layout_(layout), keys_(keys), records_(layout.state_bytes()), shared_(layout.make_shared()) {}
  ~JoinedWindow() override { release(); }
  JoinedWindow(const JoinedWindow&) = delete;
  JoinedWindow& operator=(const JoinedWindow&) = delete;

  // Memory that it holds, without the keys.
  size_t bytes() const;
  // Adds the rows of a pane, or takes them away again, where the layout can_take_away.
  void join(const AggregateTable& pane);
  void take_away(const AggregateTable& pane);
  void clear();
  // The keys have the numbers at these places now, in the same order; kNone for those that are
  // gone, which have no rows here.
  void renumber(std::span<const Number> moved);

  size_t size() const override { return size_; }
  Key key(Number number) const override { return keys_.key(number); }
  void keys(std::span<const Number> numbers, Key* to) const override;
  void records(std::span<const Number> numbers, const char** to) const override;
  size_t with_rows(Number first, size_t most, Number* numbers, const char** records) const override;
  const Aggregate::Shared* shared(size_t aggregate) const override { return shared_[aggregate].get(); }

  template <class Each>
  void for_each(Number first, size_t end, Each each) const {
    records_.for_each(first, end, [&](Number number, const char* record) { each(number, record); });
  }

 private:
  void release();
  // Puts the pane's records into from_, and the window's records of their keys into to_.
  void match(const AggregateTable& pane);

  const Layout& layout_;
  const KeyTable& keys_;
  RecordBlocks records_;
  size_t size_ = 0;
  std::vector<std::unique_ptr<Aggregate::Shared>> shared_;
  size_t held_bytes_ = 0;
  std::vector<const char*> from_;
  std::vector<char*> to_;
};

}  // namespace levada::window
