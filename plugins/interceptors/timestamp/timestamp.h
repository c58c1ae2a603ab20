// Adds a column of points in time: when the row arrived, or what another column says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "epoch.h"
#include "levada/sdk.h"

namespace levada::timestamp {

class Timestamp : public Interceptor {
 public:
  enum class OnInvalid { null, reject, arrival };
  struct Settings {
    std::string column = "timestamp";
    std::optional<std::string> from = {};
    timestamp::Format format = timestamp::Format::detect;
    OnInvalid on_invalid = OnInvalid::null;
    bool overwrite = false;
  };
  static constexpr std::array options = {
      optional<&Settings::column>("column", R"("timestamp")", "The column to add."),
      optional<&Settings::from>("from", nullptr,
                                "The column that says the time; without it the time is that of arrival."),
      choice<&Settings::format>("format", "detect|rfc3339|epoch_s|epoch_ms|epoch_us|epoch_ns", R"("detect")",
                                "How `from` says it; `detect` takes RFC 3339, and numbers by their size."),
      choice<&Settings::on_invalid>(
          "on_invalid", "null|reject|arrival", R"("null")",
          "What becomes of a row in which `from` says no time: `reject` sends it to the dead letters."),
      optional<&Settings::overwrite>("overwrite", "false",
                                     "Puts the time also where a row has a value in that column."),
  };

  static Result<std::unique_ptr<Timestamp>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  Timestamp(Settings settings, Host host);
  std::optional<int64_t> time_in(const Column& from, int64_t row) const;

  Settings settings_;
  Host host_;
  Counter invalid_;
};

}  // namespace levada::timestamp
