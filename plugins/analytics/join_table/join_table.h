// Joins rows with those of a table, which is read from a CSV file and read again when that changes.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "join/join.h"
#include "levada/sdk.h"
#include "text/reloaded_file.h"

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
  JoinTable(Settings settings, join::TableShape shape, Host host);
  // Puts what the file says now in place of the table.
  Done take(std::string_view text);

  const Settings settings_;
  const join::TableShape shape_;
  const Host host_;
  join::TableJoiner joiner_;
  ReloadedFile file_;
  std::shared_ptr<const join::Table> table_;
};

}  // namespace levada::join_table
