// Which partitions a source reads: topics by name or regular expression, and a
// fixed share of their partitions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"

namespace levada::kafka_source {

// The partitions p of each topic with (p mod count) + 1 = number: "2/5" is number 2 of count 5.
struct Share {
  int32_t number = 1, count = 1;
  static std::optional<Share> parse(std::string_view text);
  bool owns(int32_t partition) const { return partition % count + 1 == number; }
  bool operator==(const Share&) const = default;
};

class Topics {
 public:
  // Names, and POSIX extended regular expressions that start with "^"; the error
  // is about the option "topics".
  static Result<Topics> from(const std::vector<std::string>& topics);

  // As librdkafka's subscriptions have them, too.
  const std::vector<std::string>& all() const { return all_; }
  const std::vector<std::string>& names() const { return names_; }
  bool has_patterns() const { return !patterns_.empty(); }
  // A topic whose name starts with "__" is Kafka's own, and is read only where it is named in full.
  bool match(const std::string& topic) const;

 private:
  struct Pattern;
  std::vector<std::string> all_, names_;
  std::vector<std::shared_ptr<const Pattern>> patterns_;
};

}  // namespace levada::kafka_source
