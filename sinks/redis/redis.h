// The sink `redis`: rows become fields of hashes, keys, or members of sets, lists and streams.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "checkpoint_key.h"
#include "levada/sdk.h"
#include "redis/connection.h"
#include "row_encoder.h"
#include "settings.h"

namespace levada::redis_sink {

class Redis final : public Sink {
 public:
  using Settings = RedisSettings;
  static constexpr auto options = join_options(
      inherited<Settings, redis::kServerOptions>(),
      std::array{
          choice<&Settings::mode>(
              "mode", "hash|keys|set|list|stream|publish", nullptr,
              "What rows become: fields of a hash, keys of their own, members of a set, a list or a "
              "stream, or messages that are published."),
          required<&Settings::key>("key",
                                   "The key, or the channel to publish to: a text with columns in it, `stat_{ip}`."),
          optional<&Settings::field>("field", nullptr, "With `mode = \"hash\"`: the field that a row is, `{ip}`."),
          optional<&Settings::value>("value", R"("json")",
                                     "The value: `json`, an object of the columns; `fields`, a hash of them (with the "
                                     "modes keys and stream); `body`; or a text with columns in it, `{ip}`."),
          optional<&Settings::columns>("columns", "[]",
                                       "With `json` and `fields`: the columns to write; all but the body "
                                       "where it is empty."),
          optional<&Settings::ttl>("ttl", nullptr, "How long a key lives behind the last row that was written to it."),
          optional<&Settings::max_length>("max_length", nullptr,
                                          "With `mode = \"stream\"`: about so many entries are kept."),
          optional<&Settings::transactions>("transactions", "true",
                                            "Writes rows and their positions in one MULTI, so that each row is there "
                                            "exactly once; without it at least once."),
          optional<&Settings::checkpoint_key>("checkpoint_key", nullptr,
                                              "With `transactions`: the key for the positions; without it one of the "
                                              "sink's name and a random number, which is kept in data_dir."),
      });
  static Result<std::unique_ptr<Redis>> create(Settings settings, Host host);

  bool keeps_checkpoint() const override { return settings_.transactions; }
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;

 private:
  // Of a commit. `checking`: whether the checkpoint is ours, and the types of keys; `leaving_out`:
  // rows whose keys have a wrong type; `executing`: the rest; `executed`: only rows that the server
  // has rejected are still to be handed over.
  enum class Phase { none, checking, leaving_out, executing, executed };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Keys = std::unordered_set<std::string, Hash, std::equal_to<>>;
  // By the number of its command, of each that the server rejects.
  using Errors = std::map<size_t, std::string>;

  Redis(Settings settings, RowEncoder encoder, Host host)
      : settings_(std::move(settings)),
        host_(host),
        encoder_(std::move(encoder)),
        values_replaced_(host.counter("values_replaced")) {}
  Done name_checkpoint();
  void forget_rows();
  void forget_commands();
  // Makes commands of the rows; those of which it cannot, and those with a key among `wrong_keys_`,
  // are rejected.
  Done encode(Batch& batch);

  void start_checking();
  // Whether all keys are as they must be.
  Result<bool> checked();
  // Whether all batches are through; else `rejected` has the rows of one.
  Result<bool> leave_out(Batch& rejected);
  void start_executing(const Checkpoint& checkpoint);
  void take_error(size_t number, std::optional<size_t> element, std::string_view said);
  Done executed(const Checkpoint& checkpoint);
  // Hands over the rejected rows of one batch; false where there are none.
  bool hand_over(Batch& rejected);

  const Settings settings_;
  const Host host_;
  RowEncoder encoder_;
  Counter values_replaced_;
  std::unique_ptr<CheckpointKey> checkpoint_key_;  // Null without transactions.
  std::unique_ptr<redis::Connection> connection_;
  std::vector<Position> committed_;  // What the last commit said; empty before it is known.

  std::vector<Batch> held_;  // The rows since the last commit,
  std::string commands_;     // their commands,
  Keys keys_;                // and the keys that these put something into.
  std::string last_key_;
  std::map<std::string, std::string, std::less<>> wrong_keys_;  // With their types.

  Phase phase_ = Phase::none;
  std::string checks_;  // The commands of the first phase,
  std::vector<redis::Reply> check_replies_;
  bool in_multi_ = false;
  size_t left_out_ = 0;  // Batches that are through.
  size_t replies_ = 0;   // That are to come while commands are executed.
  Errors errors_;
  Error refused_{Code::ok, {}};  // Why the server does not execute all of it.
};

}  // namespace levada::redis_sink
