// The rows that come out: statistics, and bots.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/key_columns.h"
#include "rules.h"

namespace levada::detect_bots {

enum class Emit { all, statistics, bots };

class BotRows {
 public:
  // The columns that are made, beside those of the key.
  static constexpr std::array<std::string_view, 9> kColumns = {"kind",  "since",      "until", "requests", "clicks",
                                                               "views", "categories", "rate",  "reasons"};

  BotRows(const std::vector<std::string>& keys, Emit emit) : keys_(keys), emit_(emit) {}

  bool wants_statistics() const { return emit_ != Emit::bots; }
  bool wants_bots() const { return emit_ != Emit::statistics; }

  void statistic(Key key, int64_t since, int64_t until, const Statistic& statistic) {
    add("statistic", key, since, until, &statistic, 0);
  }
  void bot(Key key, int64_t since, int64_t until, const Statistic& statistic, uint32_t rules) {
    add("bot", key, since, until, &statistic, rules);
  }
  void bot_ended(Key key, int64_t since, int64_t until, uint32_t rules) {
    add("bot_ended", key, since, until, nullptr, rules);
  }
  // The rows since the last call.
  Batch take();

 private:
  struct Row {
    const char* kind;
    int64_t since, until;
    Statistic statistic;
    bool has_statistic;
    uint32_t rules;
  };
  void add(const char* kind, Key key, int64_t since, int64_t until, const Statistic* statistic, uint32_t rules) {
    keys_.append(key);
    rows_.push_back({kind, since, until, statistic ? *statistic : Statistic(), statistic != nullptr, rules});
  }

  analytics::KeyColumns keys_;
  const Emit emit_;
  std::vector<Row> rows_;
};

}  // namespace levada::detect_bots
