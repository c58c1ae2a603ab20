// The rows that tell when alerts begin and end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/key_columns.h"
#include "levada/batch.h"
#include "rule.h"

namespace levada::alert {

class AlertRows {
 public:
  // Columns of the rows, beside those of the key.
  static constexpr std::string_view kColumns[] = {"time", "rule", "state", "value", "since", "text"};

  explicit AlertRows(const std::vector<std::string>& keys) : key_names_(keys), keys_(keys) {}

  struct Told {
    const Rule* rule = nullptr;
    bool begins = false;
    int64_t time = 0;   // Microseconds since 1970.
    int64_t since = 0;  // When it began.
    std::optional<double> value;
  };
  void add(Key key, const Told& told) {
    keys_.append(key);
    told_.push_back(told);
  }
  // All that were added, which are then gone.
  Batch take();

 private:
  static void append_text(const Told& told, std::string_view key, std::string& to);
  std::string key_text(const Batch& batch, int64_t row) const;

  const std::vector<std::string> key_names_;
  analytics::KeyColumns keys_;
  std::vector<Told> told_;
};

}  // namespace levada::alert
