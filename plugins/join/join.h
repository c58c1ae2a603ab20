// What interceptors that join rows with a table share: which rows are kept, and what is added.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "join/table.h"
#include "levada/batch.h"
#include "levada/host.h"
#include "levada/pattern.h"
#include "levada/shared_options.h"

namespace levada::join {

enum class Kind { inner, left, anti, required };

struct JoinSettings {
  Kind join = Kind::inner;
  std::string prefix;
};

inline constexpr std::array kJoinOptions = {
    choice<&JoinSettings::join>("join", "inner|left|anti|required", R"("inner")",
                                "Which rows are kept: those that the table has; all, with nulls where it has none; "
                                "those that it does not have; or those that it has, and all others are rejected."),
    optional<&JoinSettings::prefix>("prefix", R"("")", "Put before the names of the columns that are added."),
};

// Of a table that lies in memory as a whole.
struct TableSettings : JoinSettings {
  std::vector<std::pair<std::string, std::string>> keys;
  Tree columns;  // Only while the interceptor is made.
};

inline constexpr std::array kTableOptions = {
    required<&TableSettings::keys>("keys",
                                   "What must be equal: column of the rows = \"column of the table\", one or several."),
    optional<&TableSettings::columns>("columns", nullptr,
                                      "Columns of the table to add, and types, of keys too: name = \"type\", or name = "
                                      "{ type, unit, required }; without it all, as they are."),
};

// What of a table is asked for.
struct TableShape {
  std::vector<std::string> keys;        // The columns that make the key.
  std::vector<DeclaredColumn> columns;  // Types; where there are none, all others are asked for.

  // Takes `columns` out of the settings. FATAL, with the option, where something is wrong.
  static Result<TableShape> of(TableSettings& settings);
  bool is_key(const std::string& name) const;
};

// A value in a reason: the beginning of a long one, and "?" for what is not UTF-8.
std::string shown(std::string_view text);

// Keeps and drops rows, and adds columns.
class Joiner {
 public:
  Joiner(const JoinSettings& settings, Host host)
      : kind_(settings.join),
        prefix_(settings.prefix),
        matched_(host.counter("rows_matched")),
        unmatched_(host.counter("rows_unmatched")) {}

  // Whether whoever calls `join` has to reject the rows that are not found, as it knows what for.
  bool rejects_unmatched() const { return kind_ == Kind::required; }
  // `found`: for each row of the batch the row of `columns`; `none` where there is none, at which
  // the columns have nulls. It is of no use afterwards.
  void join(Batch& batch, const std::vector<Column>& columns, int64_t none, std::vector<int64_t>& found);

 private:
  const Kind kind_;
  const std::string prefix_;
  Counter matched_, unmatched_;
  std::vector<int64_t> kept_;
};

// The keys of the rows of a batch.
class RowKeys {
 public:
  explicit RowKeys(const TableSettings& settings) {
    for (const auto& [ours, theirs] : settings.keys) names_.push_back(ours);
  }

  void bind(const Batch& batch) {
    columns_.clear();
    for (const auto& name : names_) {
      const Column* column = batch.find(name);
      columns_.push_back(column && column->type() != Type::opaque ? column : nullptr);
    }
  }
  // Calls on_part with the number and the text of each part, valid until the next one. False where
  // the row has no key: a column is missing, or null.
  template <class OnPart>
  bool read(int64_t row, OnPart&& on_part) {
    for (const Column* column : columns_)
      if (!column || column->null(row)) return false;
    for (size_t at = 0; at < columns_.size(); ++at) {
      if (columns_[at]->is_textual()) {
        on_part(at, columns_[at]->text(row));
        continue;
      }
      part_.clear();
      append_value(*columns_[at], row, part_);
      on_part(at, std::string_view(part_));
    }
    return true;
  }
  // The key's column, where it is one of integers; else null.
  const Column* integers() const {
    return columns_.size() == 1 && columns_[0] && columns_[0]->type() == Type::int64 ? columns_[0] : nullptr;
  }
  // Of a row that is not in the table.
  std::string why_not_found(int64_t row);

 private:
  std::vector<std::string> names_;
  std::vector<const Column*> columns_;
  std::string part_;
};

// Joins by the key of each row.
class TableJoiner {
 public:
  TableJoiner(const TableSettings& settings, Host host) : joiner_(settings, host), keys_(settings) {}

  // Rejects rows whose row of the table is at fault.
  void join(Batch& batch, const Table& table);

 private:
  void find(int64_t rows, const Table& table);
  void reject(Batch& batch, const Table& table);

  Joiner joiner_;
  RowKeys keys_;
  std::vector<int64_t> found_;  // Of each row of the batch its row of the table, or how many that has.
  std::string key_;
};

}  // namespace levada::join
