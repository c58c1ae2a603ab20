// Adds columns with what the lines of a web server's access log say.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "access_log_columns.h"
#include "access_log_line.h"
#include "levada/sdk.h"

namespace levada::parse_access_log {

class ParseAccessLog final : public Interceptor {
 public:
  struct Settings {
    std::vector<std::string> columns;
  };
  static constexpr std::array options = {
      choice<&Settings::columns>("columns",
                                 "host|ident|user|timestamp|request|method|path|protocol|http_response|bytes_sent|"
                                 "referer|user_agent",
                                 R"(["host", "timestamp", "request", "http_response", "bytes_sent"])",
                                 "The columns to make; with `referer` or `user_agent` lines must be in the combined "
                                 "format."),
  };
  static Result<std::unique_ptr<ParseAccessLog>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  // So few that they stay in the fastest cache until all columns have taken their part.
  static constexpr int64_t kLinesAtOnce = 64;

  ParseAccessLog(std::vector<Part> parts, WantedParts wanted) : parts_(std::move(parts)), reader_(wanted) {}

  std::vector<Part> parts_;
  LineReader reader_;
  std::array<LineOfBody, kLinesAtOnce> lines_;
};

}  // namespace levada::parse_access_log
