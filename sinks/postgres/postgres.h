// The sink `postgres`: rows go into a table, in one transaction with the positions that they came
// from.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "load.h"
#include "positions_table.h"
#include "postgres/connection.h"
#include "postgres/worker.h"
#include "row_encoder.h"
#include "settings.h"
#include "table.h"

namespace levada::postgres_sink {

class Postgres final : public Sink {
 public:
  using Settings = PostgresSettings;
  static constexpr auto options = join_options(
      inherited<Settings, postgres::kServerOptions, 0, 2>(),
      std::array{
          required<&Settings::table>("table", "The table, \"logs\" or \"schema.logs\"."),
          choice<&Settings::mode>("mode", "append|upsert|ignore", R"("append")",
                                  "Whether each row is a new one, or, by `keys`, takes the place of one that is there, "
                                  "or is left out then."),
          optional<&Settings::keys>("keys", "[]",
                                    "The columns by which rows are told apart, which have a unique index; the primary "
                                    "key of a table that is made."),
          optional<&Settings::columns>("columns", "[]",
                                       "The columns to write; where it is empty all that the table has."),
          optional<&Settings::create_table>("create_table", "false",
                                            "Makes the table where it is missing, with the columns of the first rows."),
          optional<&Settings::add_columns>("add_columns", "false",
                                           "Adds columns that rows have and the table has not."),
          optional<&Settings::types>("types", nullptr,
                                     "With the two above, types other than those that follow from the rows: name = "
                                     "\"numeric(10,2)\"."),
          optional<&Settings::positions_table>("positions_table", R"("levada_positions")",
                                               "The table for positions, which several sinks may have; made where it "
                                               "is missing."),
          optional<&Settings::positions_id>("positions_id", nullptr,
                                            "By what the sink is known in that table; without it its name and a random "
                                            "number, which is kept in data_dir."),
      },
      inherited<Settings, postgres::kServerOptions, 2, 3>());
  static Result<std::unique_ptr<Postgres>> create(Settings settings, Host host);

  ~Postgres() override {
    if (stop_) stop_->raise();
  }
  bool keeps_checkpoint() const override { return true; }
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  Postgres(Settings settings, Host host);
  // Ends what is under way, and forgets rows that are not committed.
  void forget();
  // Whether the table has a place for all that the batch brings; makes one else. IDLE: not yet.
  Done prepare(const Batch& batch, std::chrono::nanoseconds timeout);
  Done encode(Batch& batch);
  // Gives the bad rows of one batch, and takes them out.
  Done hand_over(Batch& rejected);
  void note_left_out();

  const Settings settings_;
  const Host host_;
  Table table_;
  std::unique_ptr<PositionsTable> positions_;
  std::unique_ptr<postgres::Stop> stop_;
  std::unique_ptr<postgres::Connection> connection_;
  std::unique_ptr<RowEncoder> encoder_;
  std::unique_ptr<Load> load_;
  std::vector<Position> committed_;  // What the last commit said.

  std::vector<Batch> held_;  // The rows since the last commit,
  Load::Chunks chunks_;      // and what is sent of them, one by one.
  uint64_t next_number_ = 0;
  std::vector<BadRow> bad_;  // In order.
  Misfits misfits_;
  postgres::Worker worker_;  // Uses what stands above.
};

}  // namespace levada::postgres_sink
