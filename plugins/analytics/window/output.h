// Rows out of windows: which keys, in which order, as which columns.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aggregate_table.h"
#include "conditions/condition.h"

namespace levada::window {

class Output {
 public:
  using Number = AggregateTable::Number;
  struct Columns {
    std::string window_start, window_end;  // Empty: left out.
    std::vector<std::string> keys;
  };

  Output(Columns columns, conditions::ConditionPtr having, const Layout& layout,
         std::function<void(std::string_view)> tell)
      : columns_(std::move(columns)), having_(std::move(having)), layout_(layout), remarks_(std::move(tell)) {}

  // The keys that meet the condition, in their order.
  std::vector<Number> choose(const AggregateTable& table, int64_t start, int64_t end);
  // A batch of these keys' rows.
  Batch rows(const AggregateTable& table, std::span<const Number> numbers, int64_t start, int64_t end) const;

 private:
  const Columns columns_;
  const conditions::ConditionPtr having_;
  const Layout& layout_;
  conditions::Remarks remarks_;
  conditions::Mask mask_;
};

}  // namespace levada::window
