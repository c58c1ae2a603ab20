// Parsing shares, matching topics.
#include "subscription.h"

#include <regex.h>

#include <algorithm>
#include <charconv>

namespace levada::kafka_source {

std::optional<Share> Share::parse(std::string_view text) {
  const char* const end = text.data() + text.size();
  Share share;
  const auto number = std::from_chars(text.data(), end, share.number);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '/') return std::nullopt;
  const auto count = std::from_chars(number.ptr + 1, end, share.count);
  if (count.ec != std::errc() || count.ptr != end) return std::nullopt;
  if (share.number < 1 || share.count < share.number) return std::nullopt;
  return share;
}

// librdkafka compiles subscriptions with the same function and flags.
struct Topics::Pattern {
  regex_t compiled{};
  bool made = false;
  Pattern() = default;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() {
    if (made) regfree(&compiled);
  }
};

Result<Topics> Topics::from(const std::vector<std::string>& topics) {
  if (topics.empty()) return wrong("topics", "names no topic; write [\"clicks\"] or [\"^logs-.*\"]");
  Topics parsed;
  for (const auto& topic : topics) {
    if (topic.empty()) return wrong("topics", "a topic's name is empty");
    parsed.all_.push_back(topic);
    if (topic.front() != '^') {
      parsed.names_.push_back(topic);
      continue;
    }
    auto pattern = std::make_shared<Pattern>();
    if (const int fault = regcomp(&pattern->compiled, topic.c_str(), REG_EXTENDED | REG_NOSUB)) {
      char why[256];
      regerror(fault, &pattern->compiled, why, sizeof why);
      return wrong("topics", "\"" + topic + "\" is no regular expression: " + why);
    }
    pattern->made = true;
    parsed.patterns_.push_back(std::move(pattern));
  }
  return parsed;
}

bool Topics::match(const std::string& topic) const {
  if (std::find(names_.begin(), names_.end(), topic) != names_.end()) return true;
  if (topic.starts_with("__")) return false;
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& pattern) {
    return regexec(&pattern->compiled, topic.c_str(), 0, nullptr, 0) == 0;
  });
}

}  // namespace levada::kafka_source
