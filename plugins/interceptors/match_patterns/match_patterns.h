// Finds which patterns of a set occur in a text of each row: as columns, or as a row for each
// match.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/sdk.h"
#include "pattern_columns.h"
#include "pattern_set.h"
#include "text/reloaded_file.h"

namespace levada::match_patterns {

class MatchPatterns final : public Interceptor {
 public:
  enum class Emit { columns, rows };
  struct Settings {
    std::string column = "body";
    std::string file;
    Tree patterns, first;
    Emit emit = Emit::columns;
    As as = As::boolean;
    std::string prefix;
    std::string names = "patterns";
    std::vector<std::string> keep;
    int64_t matches_max = 1000;
    Encoding encoding = Encoding::utf8;
    std::chrono::nanoseconds reload_interval = std::chrono::seconds(10);
    Size memory_bytes{64 << 20};
  };
  static constexpr std::array options = {
      optional<&Settings::column>("column", R"("body")", "The text that is searched: a column of text or bytes."),
      optional<&Settings::file>("file", R"("")",
                                "A TOML file with [patterns] and [first], read again when it changes; without it and "
                                "without `patterns` there is a set for logs."),
      optional<&Settings::patterns>("patterns", nullptr,
                                    "NAME = 'EXPRESSION', or NAME = { pattern, as, column, type } for each pattern."),
      optional<&Settings::first>("first", nullptr,
                                 "COLUMN = [PATTERNS], or COLUMN = { of, strip, otherwise }: a column with the first "
                                 "of these patterns that occurs."),
      choice<&Settings::emit>("emit", "columns|rows", R"("columns")",
                              "Columns beside those of the row, or a row for each match."),
      choice<&Settings::as>("as", "none|boolean|count|value", R"("boolean")",
                            "What the column of a pattern says that has no `as` of its own: none, that there is no "
                            "column; whether it occurs; how often; or what was found first."),
      optional<&Settings::prefix>("prefix", R"("")", "Stands in front of the names of patterns in those of columns."),
      optional<&Settings::names>("names", R"("patterns")",
                                 "The column for the list of the names of all patterns that occur; empty: no such "
                                 "column."),
      optional<&Settings::keep>("keep", nullptr,
                                "The columns that stand in the rows of matches; without it all but the one that is "
                                "searched."),
      optional<&Settings::matches_max>("matches_max", "1000",
                                       "How many matches of a pattern in a row are counted, or become rows."),
      choice<&Settings::encoding>("encoding", "utf8|latin1", R"("utf8")",
                                  "What a character is: one of UTF-8, or any byte."),
      optional<&Settings::reload_interval>("reload_interval", R"("10s")",
                                           "How often to look whether the file has changed."),
      optional<&Settings::memory_bytes>("memory_bytes", R"("64MiB")",
                                        "What the search for all patterns at once may take: with less than it "
                                        "wants it is slower.")
          .advanced(),
  };
  static Result<std::unique_ptr<MatchPatterns>> create(Settings settings, Host host);

  Done open() override;
  Done intercept(Batch& batch) override;

 private:
  MatchPatterns(Settings settings, Host host);
  // Puts a set in place of the one that there is.
  void use(std::unique_ptr<PatternSet> set);
  // The same for what a file says; an error leaves everything as it was.
  Done take(std::string_view text);
  // The column that is searched; one of nulls where the batch has none of text.
  Column texts_of(const Batch& batch) const;
  void count();

  const Settings settings_;
  const Host host_;
  Counter rows_matched_, mismatched_, without_text_;
  std::optional<ReloadedFile> file_;
  std::unique_ptr<PatternSet> set_;
  std::optional<PatternColumns> columns_;
  std::map<std::string, Counter> counters_;  // Of patterns, by their names; they stay when a set goes.
  std::vector<Counter> counter_of_;          // Of each pattern of the set.
  std::vector<int64_t> rows_;                // In the batch at hand: with each pattern, and with any.
};

}  // namespace levada::match_patterns
