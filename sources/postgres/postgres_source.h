// The source `postgres`: the rows of a query in the order of a column, page by page, and those that
// come behind them.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "page_query.h"
#include "postgres/connection.h"
#include "postgres/worker.h"
#include "settings.h"
#include "writers.h"

namespace levada::postgres_source {

class PostgresSource final : public Source {
 public:
  using Settings = PostgresSettings;
  static constexpr auto options = join_options(
      inherited<Settings, postgres::kServerOptions, 0, 2>(),
      std::array{
          required<&Settings::query>("query", "The SELECT whose rows are read."),
          required<&Settings::cursor>("cursor",
                                      "The column of the query in whose order rows are read, and behind which it goes "
                                      "on; best with an index. Rows without a value in it are not read."),
          optional<&Settings::start>("start", nullptr, "Only rows whose cursor is this or more."),
          optional<&Settings::end>("end", nullptr, "Only rows whose cursor is less than this."),
          optional<&Settings::share>("share", nullptr,
                                     "\"2/5\": the second of five shares of the rows, for as many agents. With `start` "
                                     "and `end` a part of their range, else blocks of 1024 numbers."),
          optional<&Settings::wait_for_writers>("wait_for_writers", "true",
                                                "With a cursor of whole numbers: a row is read when no transaction "
                                                "runs that may still add one before it."),
          optional<&Settings::batch_rows>("batch_rows", "10000",
                                          "So many rows are asked for at once; fewer where they are large."),
          optional<&Settings::interval>("interval", R"("10s")",
                                        "How long after a query that gave all there was the next one is made."),
      },
      inherited<Settings, postgres::kServerOptions, 2, 3>());
  static Result<std::unique_ptr<PostgresSource>> create(Settings settings, Host host);

  ~PostgresSource() override { stop_.raise(); }
  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view, std::string_view) override { return {}; }
  void wake() override { worker_.wake(); }
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  PostgresSource(Settings settings, Host host) : settings_(std::move(settings)), host_(host), worker_(host) {}
  // By the worker's thread.
  Done connect();
  Done fetch();
  // Finds out up to where the rows are all there; nothing is read meanwhile where that takes time.
  Done find_last();

  const Settings settings_;
  const Host host_;
  postgres::Stop stop_;
  std::string position_;                   // Of the last row that was asked for; empty before the first.
  std::chrono::nanoseconds not_before_{};  // The next query, by the monotonic time.
  bool is_drained_ = false;                // The last query gave all that there was.
  bool is_held_back_ = false;              // Rows are there that transactions may still add others before.

  // Of the worker while it is busy.
  std::unique_ptr<postgres::Connection> connection_;
  std::vector<QueryColumn> columns_;
  std::optional<PageQuery> query_;
  int64_t limit_;
  bool waits_for_writers_ = false;
  std::optional<std::string> last_;      // Up to this cursor all rows are there, and some are not read yet.
  std::optional<std::string> greatest_;  // The cursor that will be the next `last_` when `writers_` have ended.
  WriterWait writers_;
  std::chrono::nanoseconds held_back_since_{};
  bool has_said_so_ = false;
  Batch page_;

  postgres::Worker worker_;  // Uses what stands above.
};

}  // namespace levada::postgres_source
