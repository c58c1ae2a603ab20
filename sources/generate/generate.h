// A source that makes the records of five systems up, the same from the same seed on every run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "levada/backlog.h"
#include "levada/sdk.h"
#include "records.h"

namespace levada {

// A row depends on the seed and its number only, so a position is the number of the next row.
class Generate : public Source {
 public:
  enum class Layout { lines, array };
  struct Settings {
    generate::Record record = generate::Record::bot_events;
    std::optional<int64_t> rows = {};
    int64_t rate = 0;
    int64_t seed = 1;
    std::string start = "2026-06-01T00:00:00Z";
    std::optional<int64_t> requests = {};
    std::optional<double> seconds = {};
    std::optional<int64_t> bots = {}, users = {};
    double broken = 0;
    std::optional<double> incomplete = {};
    Layout layout = Layout::lines;
    int64_t batch_rows = 4096;
  };
  static constexpr std::array options = {
      choice<&Settings::record>("record", "bot_events|access_log|ad_views|app_log|click_log", nullptr,
                                "What the rows are."),
      optional<&Settings::rows>("rows", nullptr,
                                "How many rows in all, 0 for no end; without it as many as `requests`, else no end."),
      optional<&Settings::rate>("rate", "0", "Rows a second; 0 is as fast as they are taken."),
      optional<&Settings::seed>("seed", "1", "The same seed gives the same rows."),
      optional<&Settings::start>("start", R"("2026-06-01T00:00:00Z")",
                                 "The event time of the first row: RFC 3339, or seconds since 1970."),
      optional<&Settings::requests>(
          "requests", nullptr,
          "How many rows fall into `seconds` of event time; each record has a default of its own."),
      optional<&Settings::seconds>("seconds", nullptr, "The event time that `requests` rows take."),
      optional<&Settings::bots>("bots", nullptr,
                                "bot_events: how many bots there are, each as busy as 50 users; 10 without it."),
      optional<&Settings::users>("users", nullptr, "bot_events: how many users there are; 1000 without it."),
      optional<&Settings::broken>("broken", "0", "The share of the lines that are broken, 0.05 for 5 %."),
      optional<&Settings::incomplete>(
          "incomplete", nullptr, "click_log: the share of the rows that lack a field, or have a time that is none."),
      choice<&Settings::layout>(
          "layout", "lines|array", R"("lines")",
          "Each row by itself, or with the brackets and commas of one JSON array around all of them."),
      optional<&Settings::batch_rows>("batch_rows", "4096", "The most rows that travel together.").advanced(),
  };

  static Result<std::unique_ptr<Generate>> create(Settings settings, Host host);

  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view, std::string_view) override { return {}; }

  const void* extension(std::string_view id);
  // The rows, where they have an end.
  std::vector<BacklogItem> backlog() const;

 private:
  Generate(const Settings& settings, uint64_t rows, std::unique_ptr<generate::Records> records, Host host);
  uint64_t due();

  Host host_;
  Counter broken_;
  std::unique_ptr<generate::Records> records_;
  uint64_t rows_;  // In all.
  int64_t rate_;
  uint64_t batch_rows_;
  uint64_t next_ = 0;
  std::optional<std::chrono::nanoseconds> rate_since_;  // When the rate began to count, from row rate_from_ on.
  uint64_t rate_from_ = 0;
  std::vector<char*> ends_;
};

}  // namespace levada
