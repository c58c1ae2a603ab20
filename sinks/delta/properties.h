// The properties of a table that say how it is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "actions.h"

namespace levada::delta {

// "interval 30 days", "interval 1 week 2 hours", "7 days"; nothing for a text that is no such span.
std::optional<std::chrono::milliseconds> parse_interval(std::string_view text);

class Properties {
 public:
  explicit Properties(const Metadata& metadata) : configuration_(metadata.configuration) {}
  bool is_true(std::string_view name, bool fallback) const;
  int64_t integer(std::string_view name, int64_t fallback) const;
  std::chrono::milliseconds interval(std::string_view name, std::chrono::milliseconds fallback) const;

  bool append_only() const { return is_true("delta.appendOnly", false); }
  int64_t checkpoint_interval() const { return integer("delta.checkpointInterval", 100); }
  bool cleans_log() const { return is_true("delta.enableExpiredLogCleanup", true); }
  std::chrono::milliseconds log_retention() const {
    return interval("delta.logRetentionDuration", std::chrono::days(30));
  }
  std::chrono::milliseconds file_retention() const {
    return interval("delta.deletedFileRetentionDuration", std::chrono::days(7));
  }

 private:
  const Map& configuration_;
};

}  // namespace levada::delta
