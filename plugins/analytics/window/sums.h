// Aggregates that add up: count, count_if, sum, avg.
#pragma once

#include <functional>

#include "aggregate.h"
#include "conditions/condition.h"
#include "numbers.h"

namespace levada::window {

class Count final : public Aggregate {
 public:
  size_t state_bytes() const override { return sizeof(int64_t); }
  bool counts_rows() const override { return true; }
  void bind(const Batch&, const int64_t*) override {}
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  void join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) override;
  bool can_take_away() const override { return true; }
  void take_away(std::span<const char* const> what, char* const* from) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;
};

class CountIf final : public Aggregate {
 public:
  CountIf(conditions::ConditionPtr condition, std::function<void(std::string_view)> tell)
      : condition_(std::move(condition)), remarks_(std::move(tell)) {}
  size_t state_bytes() const override { return sizeof(int64_t); }
  void bind(const Batch& batch, const int64_t*) override;
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  void join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) override;
  bool can_take_away() const override { return true; }
  void take_away(std::span<const char* const> what, char* const* from) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;

 private:
  conditions::ConditionPtr condition_;
  conditions::Remarks remarks_;
  conditions::Mask mask_;
};

// Integers are added up exactly, in 128 bits. Numbers with a fraction are added up in twice the
// precision of the result, so that the order in which they come does not show.
class Sum final : public Aggregate {
 public:
  Sum(Numbers numbers, double divisor, bool average)
      : numbers_(std::move(numbers)), divisor_(divisor), average_(average) {}
  size_t state_bytes() const override { return sizeof(State); }
  void bind(const Batch& batch, const int64_t*) override { numbers_.bind(batch); }
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  void join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) override;
  bool can_take_away() const override { return !has_reals_; }
  void take_away(std::span<const char* const> what, char* const* from) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;

 private:
  // An integer of 128 bits, or, once one of the numbers has a fraction, two that are added up.
  struct State {
    uint64_t count : 63;
    uint64_t is_real : 1;
    union {
      struct {
        uint64_t low;
        int64_t high;
      } whole;
      struct {
        double sum, rest;
      } real;
    };
    void add(int64_t value);
    void add(double value);
    void add_whole(uint64_t low, int64_t high);
    void make_real();
    void add(const State& other);
    double as_real() const;
  };
  Numbers numbers_;
  const double divisor_;
  const bool average_;
  bool has_reals_ = false;  // One of its pieces may have numbers with a fraction.
};

}  // namespace levada::window
