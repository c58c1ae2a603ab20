// Records of one size: a header of whoever uses them, and a piece of each aggregate. They have
// numbers, stay where they are, and are used again; no memory is taken for a single one.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "layout.h"

namespace levada::window {

class Records {
 public:
  using Number = uint32_t;

  Records(const Layout& layout, size_t header_bytes);
  ~Records() { clear(); }
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  // One whose header and pieces are zero.
  Number take();
  void give_back(Number number);
  bool is_taken(Number number) const { return taken_[number]; }
  // How many are taken; all numbers are below `end`.
  size_t size() const { return size_; }
  Number end() const { return static_cast<Number>(taken_.size()); }

  template <class Header>
  Header& header(Number number) {
    return *reinterpret_cast<Header*>(at(number));
  }
  template <class Header>
  const Header& header(Number number) const {
    return *reinterpret_cast<const Header*>(at(number));
  }
  char* pieces(Number number) { return at(number) + header_bytes_; }
  const char* pieces(Number number) const { return at(number) + header_bytes_; }

  // Fetches it into the cache.
  void prefetch(Number number) const {
    __builtin_prefetch(at(number));
    __builtin_prefetch(at(number) + record_bytes_ - 1);
  }

  // Adds rows of the batch that the layout is bound to, each to the pieces beside it.
  void add(std::span<const int64_t> rows, char* const* pieces);
  // Joins the first with the second of each pair, one pair after the other.
  void join(std::span<const char* const> from, char* const* to);
  std::vector<const Aggregate::Shared*> shared() const;
  // What the aggregates of these hold was put down to the others, which were joined with them.
  void take_held_from(Records& others);
  // What aggregates share grows with all values that there ever were: made anew where it has
  // doubled.
  void renew_shared();

  // Memory that they hold, or would hold with so many more.
  size_t bytes() const { return bytes_with(0); }
  size_t bytes_with(size_t more) const;

  void save_pieces(std::span<const Number> numbers, StateWriter& to) const;
  void load_pieces(std::span<const Number> numbers, StateReader& from);
  // Pieces of others are as they were at the last begin_changes or save_changes. Where that cannot
  // be said of what aggregates share, it knows no changes.
  bool knows_changes() const { return knows_changes_; }
  void begin_changes();
  void save_changes(std::span<const Number> numbers, StateWriter& to);
  void load_changes(std::span<const Number> numbers, StateReader& from);
  void clear();

 private:
  static constexpr unsigned kBlockBits = 10;
  static constexpr size_t kBlock = size_t{1} << kBlockBits, kSharedLeast = size_t{1} << 16;

  char* at(Number number) const {
    return blocks_[number >> kBlockBits].get() + (number & (kBlock - 1)) * record_bytes_;
  }
  size_t shared_bytes() const;
  void make_shared();
  void load_piece(const Aggregate& aggregate, Number number, StateReader& from);
  void take_note_of_growth();

  const Layout& layout_;
  const size_t header_bytes_, record_bytes_;
  bool holds_memory_ = false, knows_changes_ = false;
  size_t held_bytes_ = 0, size_ = 0, renew_at_ = kSharedLeast;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<uint8_t> taken_;
  std::vector<Number> free_;
  std::vector<std::unique_ptr<Aggregate::Shared>> shared_;
};

}  // namespace levada::window
