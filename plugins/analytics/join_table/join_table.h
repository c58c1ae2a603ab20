// Joins rows with those of a table, which is read from a CSV file and read again when that changes.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "join/join.h"
#include "levada/sdk.h"

namespace levada::join_table {

class JoinTable final : public Interceptor {
 public:
  struct Settings : join::TableSettings {
    std::string path;
    std::string delimiter = ",";
    std::string quote = "\"";
    std::chrono::nanoseconds reload_interval = std::chrono::seconds(10);
  };
  static constexpr auto options = join_options(
      std::array{
          required<&Settings::path>("path", "The CSV file with the table; its first record names the columns."),
      },
      inherited<Settings, join::kTableOptions>(), inherited<Settings, join::kJoinOptions>(),
      std::array{
          optional<&Settings::delimiter>("delimiter", R"(",")", "What stands between fields: one character."),
          optional<&Settings::quote>("quote", R"("\"")",
                                     "What stands around fields that hold delimiters: one character, or none."),
          optional<&Settings::reload_interval>("reload_interval", R"("10s")",
                                               "How often to look whether the file has changed."),
      });
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

  JoinTable(Settings settings, join::TableShape shape, Host host);
  Result<Version> version() const;
  // Puts what the file says now in place of the table.
  Done load(const Version& version);
  void reload_if_changed();

  const Settings settings_;
  const join::TableShape shape_;
  const Host host_;
  join::TableJoiner joiner_;
  Counter reloads_, reload_failures_;
  std::shared_ptr<const join::Table> table_;
  Version version_;  // Of the file that was looked at last, whether it was good or not.
  std::chrono::nanoseconds looked_{};
};

}  // namespace levada::join_table
