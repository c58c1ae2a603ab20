// Joins rows with those of a table, which is read from a CSV file and read again when that changes.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "csv_table.h"
#include "levada/sdk.h"

namespace levada::join_table {

class JoinTable final : public Interceptor {
 public:
  enum class Join { inner, left, anti };
  struct Settings {
    std::string path;
    std::vector<std::pair<std::string, std::string>> keys;
    Join join = Join::inner;
    Tree columns;
    std::string prefix;
    std::string delimiter = ",";
    std::string quote = "\"";
    std::chrono::nanoseconds reload_interval = std::chrono::seconds(10);
  };
  static constexpr std::array options = {
      required<&Settings::path>("path", "The CSV file with the table; its first record names the columns."),
      required<&Settings::keys>("keys",
                                "What must be equal: column of the rows = \"column of the table\", one or several."),
      choice<&Settings::join>("join", "inner|left|anti", R"("inner")",
                              "Which rows are kept: those that the table has; all, with nulls where it has none; or "
                              "those that it does not have."),
      optional<&Settings::columns>("columns", nullptr,
                                   "Columns of the table to add, and types, of keys too: name = \"type\", or name = { "
                                   "type, unit, required }; without it all, as text."),
      optional<&Settings::prefix>("prefix", R"("")", "Put before the names of the columns that are added."),
      optional<&Settings::delimiter>("delimiter", R"(",")", "What stands between fields: one character."),
      optional<&Settings::quote>("quote", R"("\"")",
                                 "What stands around fields that hold delimiters: one character, or none."),
      optional<&Settings::reload_interval>("reload_interval", R"("10s")",
                                           "How often to look whether the file has changed."),
  };
  static Result<std::unique_ptr<JoinTable>> create(Settings settings, Host host);

  Done open() override;
  Done intercept(Batch& batch) override;

 private:
  // What the file system says of the file: another file, or another content, differs in it.
  struct Version {
    uint64_t device = 0, inode = 0, bytes = 0;
    int64_t modified_ns = 0, changed_ns = 0;
    bool operator==(const Version&) const = default;
  };

  JoinTable(Settings settings, TableShape shape, Host host);
  Result<Version> version() const;
  // Puts what the file says now in place of the table.
  Done load(const Version& version);
  void reload_if_changed();
  // For each row of the batch the row of the table; one behind the last where it has none. Gives
  // how many have one.
  int64_t find_rows(const Batch& batch);

  const Settings settings_;
  const TableShape shape_;
  const Host host_;
  Counter matched_, unmatched_, reloads_, reload_failures_;
  std::shared_ptr<const CsvTable> table_;
  Version version_;  // Of the file that was looked at last, whether it was good or not.
  std::chrono::nanoseconds looked_{};
  std::vector<int64_t> found_, kept_;
  std::string key_, part_;
};

}  // namespace levada::join_table
