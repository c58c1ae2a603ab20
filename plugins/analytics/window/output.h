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

  // `having_text` is what the condition was made of; empty: there is none.
  Output(Columns columns, conditions::ConditionPtr having, std::string having_text, const Layout& layout,
         std::function<void(std::string_view)> tell)
      : columns_(std::move(columns)),
        having_(std::move(having)),
        having_text_(std::move(having_text)),
        layout_(layout),
        remarks_(std::move(tell)) {}

  // The keys that meet the condition, in their order.
  std::vector<Number> choose(const AggregateTable& table, int64_t start, int64_t end);
  // A batch of these keys' rows.
  Batch rows(const AggregateTable& table, std::span<const Number> numbers, int64_t start, int64_t end) const;

 private:
  template <class Wanted>
  Batch chosen_columns(const AggregateTable& table, std::span<const Number> numbers, int64_t start, int64_t end,
                       Wanted wanted) const;

  const Columns columns_;
  const conditions::ConditionPtr having_;
  const std::string having_text_;
  const Layout& layout_;
  conditions::Remarks remarks_;
  conditions::Mask mask_;
};

}  // namespace levada::window
