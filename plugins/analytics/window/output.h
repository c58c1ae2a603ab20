// Rows out of windows: which keys, in which order, as which columns.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "conditions/condition.h"
#include "window_table.h"

namespace levada::window {

// What kind of a result a row is. `removed`: a session that was given under this beginning is part
// of another now.
enum class Kind : uint8_t { early, final, updated, removed };

// What is given: for each row a key, a record and a window. Where only some columns are asked for,
// what the others are made of may be missing.
struct Given {
  std::vector<Key> keys;
  std::vector<const char*> records;
  std::vector<int64_t> starts, ends;
  std::vector<Kind> kinds;
  std::vector<const Aggregate::Shared*> shared;  // One for each aggregate.

  size_t rows() const { return records.size(); }
  void add(Key key, const char* record, int64_t start, int64_t end, Kind kind) {
    keys.push_back(key);
    records.push_back(record);
    starts.push_back(start);
    ends.push_back(end);
    kinds.push_back(kind);
  }
};

class Output {
 public:
  using Number = WindowTable::Number;
  struct Columns {
    std::string window_start, window_end, result;  // Empty: left out.
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
  std::vector<Number> choose(const WindowTable& table, int64_t start, int64_t end, Kind kind);
  // A batch of these keys' rows.
  Batch rows(const WindowTable& table, std::span<const Number> numbers, int64_t start, int64_t end, Kind kind) const;
  // Takes away rows that do not meet the condition; what is removed stays.
  void narrow(Given& given);
  Batch rows(const Given& given) const;
  // For each of them whether it meets the condition.
  std::vector<uint8_t> meets(const Given& given);

 private:
  // What the wanted columns are made of, without the records.
  template <class Wanted>
  Given of(const WindowTable& table, std::span<const Number> numbers, int64_t start, int64_t end, Kind kind,
           Wanted wanted) const;
  template <class Wanted>
  Batch chosen_columns(const Given& given, Wanted wanted) const;
  // Moves those that meet the condition to the front. How many they are.
  size_t narrow(const WindowTable& table, std::span<Number> numbers, std::span<const char* const> records,
                int64_t start, int64_t end, Kind kind);
  // A name that stands in the condition may be a column of it.
  bool is_asked(const std::string& name) const { return having_text_.find(name) != std::string::npos; }
  // Into the mask, which of them meet the condition.
  void ask(const Given& given);

  const Columns columns_;
  const conditions::ConditionPtr having_;
  const std::string having_text_;
  const Layout& layout_;
  conditions::Remarks remarks_;
  conditions::Mask mask_;
};

}  // namespace levada::window
