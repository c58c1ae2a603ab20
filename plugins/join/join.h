// What interceptors that join rows with a table share: which rows are kept, and what is added.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "join/table.h"
#include "levada/batch.h"
#include "levada/host.h"
#include "levada/shared_options.h"

namespace levada::join {

enum class Kind { inner, left, anti };

struct JoinSettings {
  Kind join = Kind::inner;
  std::string prefix;
};

inline constexpr std::array kJoinOptions = {
    choice<&JoinSettings::join>("join", "inner|left|anti", R"("inner")",
                                "Which rows are kept: those that the table has; all, with nulls where it has none; or "
                                "those that it does not have."),
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

// Keeps and drops rows, and adds columns.
class Joiner {
 public:
  Joiner(const JoinSettings& settings, Host host)
      : kind_(settings.join),
        prefix_(settings.prefix),
        matched_(host.counter("rows_matched")),
        unmatched_(host.counter("rows_unmatched")) {}

  // `found`: for each row of the batch the row of `columns`; `none` where there is none, at which
  // the columns have nulls. It is of no use afterwards.
  void join(Batch& batch, const std::vector<Column>& columns, int64_t none, std::vector<int64_t>& found);

 private:
  const Kind kind_;
  const std::string prefix_;
  Counter matched_, unmatched_;
  std::vector<int64_t> kept_;
};

// Joins by the key of each row.
class TableJoiner {
 public:
  TableJoiner(const TableSettings& settings, Host host);

  void join(Batch& batch, const Table& table);

 private:
  Joiner joiner_;
  std::vector<std::string> keys_;  // The columns of the rows.
  std::vector<int64_t> found_;
  std::string key_, part_;
};

}  // namespace levada::join
