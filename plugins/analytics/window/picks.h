// Aggregates that pick a value: min, max, first, last.
#pragma once

#include "aggregate.h"
#include "cell.h"

namespace levada::window {

// The least or the greatest value of a column.
class Extreme final : public Aggregate {
 public:
  Extreme(std::string column, bool greatest) : name_(std::move(column)), greatest_(greatest) {}
  size_t state_bytes() const override { return sizeof(Cell); }
  void bind(const Batch& batch, const int64_t*) override { column_ = batch.find(name_); }
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  void join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;
  bool holds_memory() const override { return true; }
  size_t held_bytes(const char* record) const override { return in<Cell>(record).held_bytes(); }
  void release(char* record) const override { in<Cell>(record).release(); }
  void save(const char* record, StateWriter& to) const override { in<Cell>(record).save(to); }
  void load(char* record, StateReader& from) const override { in<Cell>(record).load(from); }

 private:
  bool is_better(std::strong_ordering order) const { return greatest_ ? order > 0 : order < 0; }
  const std::string name_;
  const bool greatest_;
  const Column* column_ = nullptr;
};

// The value of the earliest or the latest row; of rows of the same time the least or the greatest
// value.
class Pick final : public Aggregate {
 public:
  Pick(std::string column, bool latest) : name_(std::move(column)), latest_(latest) {}
  size_t state_bytes() const override { return sizeof(State); }
  void bind(const Batch& batch, const int64_t* times) override {
    column_ = batch.find(name_);
    times_ = times;
  }
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  void join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;
  bool holds_memory() const override { return true; }
  size_t held_bytes(const char* record) const override { return in<State>(record).cell.held_bytes(); }
  void release(char* record) const override { in<State>(record).cell.release(); }
  void save(const char* record, StateWriter& to) const override;
  void load(char* record, StateReader& from) const override;

 private:
  struct State {
    int64_t time;
    Cell cell;
  };
  // Whether that time is on the right side of the other: above 0 it is, below 0 it is not.
  std::strong_ordering side(int64_t time, int64_t other) const { return latest_ ? time <=> other : other <=> time; }
  const std::string name_;
  const bool latest_;
  const Column* column_ = nullptr;
  const int64_t* times_ = nullptr;
};

}  // namespace levada::window
