// Counts, for each so many rows of a stream, how often the values of columns come.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "levada/saved_state.h"
#include "levada/sdk.h"
#include "value_counts.h"

namespace levada::count_values {

class CountValues final : public StatefulInterceptor {
 public:
  struct Settings {
    std::vector<std::string> columns;
    int64_t batch_rows = 10'000;
    int64_t values_max = 10'000;
  };
  static constexpr std::array options = {
      required<&Settings::columns>("columns",
                                   "The columns that are counted: of booleans, of text, or of lists of text; `*`, "
                                   "`?` and `[a-z]` stand for letters."),
      optional<&Settings::batch_rows>("batch_rows", "10000", "How many rows of a stream are counted together."),
      optional<&Settings::values_max>("values_max", "10000",
                                      "How many different values of a column are told apart in so many rows; what "
                                      "is beyond is counted as null."),
  };
  static Result<std::unique_ptr<CountValues>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override;
  Done save(std::string& to) override;
  Done load(std::string_view state) override;

 private:
  struct Stream {
    int64_t rows = 0;                                         // That came of it.
    std::map<std::string, ValueCounts, std::less<>> columns;  // Of the batch of rows that is open.
  };
  class Rows;

  explicit CountValues(Settings settings);
  // Of the columns that are counted, those that the batch has.
  Result<std::vector<CountedColumn>> counted(const Batch& batch) const;
  // Puts the counts of the stream, whose last batch of rows is open, into rows, and begins anew.
  void give(std::string_view name, Stream& stream, Rows& to) const;

  const Settings settings_;
  const std::string options_;  // Those that the state depends on.
  std::map<std::string, Stream, std::less<>> streams_;
};

}  // namespace levada::count_values
