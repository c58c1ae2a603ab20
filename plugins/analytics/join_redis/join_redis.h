// Joins rows with what Redis has under their keys, which are looked up for a batch at once and kept
// for some time.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "join/join.h"
#include "levada/pattern.h"
#include "levada/sdk.h"
#include "redis/connection.h"
#include "value_cache.h"
#include "value_reader.h"

namespace levada::join_redis {

class JoinRedis final : public Interceptor {
 public:
  struct Settings : redis::Server, join::JoinSettings {
    std::string key;
    ValueKind value = ValueKind::hash;
    Tree columns;  // Only while the interceptor is made.
    std::chrono::nanoseconds ttl = std::chrono::minutes(1);
    Size cache_bytes = {int64_t{64} << 20};
  };
  static constexpr auto options = join_options(
      inherited<Settings, redis::kServerOptions>(),
      std::array{
          required<&Settings::key>("key", "The key of a row: a text with columns in it, `campaign:{campaign_id}`."),
          choice<&Settings::value>("value", "hash|json|text", R"("hash")",
                                   "What stands under a key: a hash; a string that is an object of JSON; or one that "
                                   "is the value of the one column."),
          optional<&Settings::columns>("columns", nullptr,
                                       "Columns to add, named as fields of the hash or members of the object: name = "
                                       "\"type\", or name = { type, unit, required }; without it, it is only asked "
                                       "whether there is such a key."),
      },
      inherited<Settings, join::kJoinOptions>(),
      std::array{
          optional<&Settings::ttl>("ttl", R"("1m")",
                                   "How long what Redis said of a key is taken for true, also that there is none; 0: "
                                   "each batch asks."),
          optional<&Settings::cache_bytes>("cache_bytes", R"("64MiB")",
                                           "Memory for that; what was used least lately makes room."),
      });
  static Result<std::unique_ptr<JoinRedis>> create(Settings settings, Host host);

  Done open() override { return connect(); }
  Done intercept(Batch& batch) override;

 private:
  // A key of a batch.
  struct Asked {
    std::string key;
    std::shared_ptr<const Value> value;
  };

  JoinRedis(Settings settings, Pattern key, std::vector<DeclaredColumn> columns, Host host);
  Done connect();
  // Notes the keys of the rows, each once, and for each row which it has; -1: none.
  void find_keys(const Batch& batch);
  // Gives each key its value.
  Done look_up();
  Done ask(const std::vector<Asked*>& unknown);
  // The columns, with a row for each key that is there, and one of nulls behind them. Rejects rows
  // whose value does not fit, and puts the number of its row there in place of each row's key.
  std::vector<Column> make_columns(Batch& batch, int64_t& rows);
  // Why the value is none of these columns; else it is added to them.
  std::string add(const Value& value, std::vector<ValueColumn>& to) const;

  const Settings settings_;
  const Host host_;
  const Pattern key_;
  const std::vector<DeclaredColumn> columns_;
  ValueReader reader_;
  ValueCache cache_;
  join::Joiner joiner_;
  Counter looked_up_, cached_;
  std::unique_ptr<redis::Connection> connection_;  // Null where it is lost.

  Pattern::Bound bound_;
  std::vector<Asked> asked_;
  std::vector<int64_t> found_;
  std::string text_, commands_;
};

}  // namespace levada::join_redis
