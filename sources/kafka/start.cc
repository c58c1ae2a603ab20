// Reading the options `start` and `offsets`.
#include "start.h"

#include <charconv>

#include "levada/time.h"

namespace levada::kafka_source {
namespace {

bool is_stream(std::string_view text) {
  const auto slash = text.rfind('/');
  if (slash == text.npos || slash == 0) return false;
  int32_t partition = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + slash + 1, end, partition);
  return error == std::errc() && at == end && partition >= 0;
}

}  // namespace

Result<StartRule> StartRule::from(std::string_view start,
                                  const std::vector<std::pair<std::string, std::string>>& offsets) {
  StartRule rule;
  if (start == "earliest") {
    rule.kind = Kind::earliest;
  } else if (start == "latest") {
    rule.kind = Kind::latest;
  } else if (start == "offsets") {
    rule.kind = Kind::offsets;
  } else if (const auto time = parse_rfc3339(start)) {
    rule.kind = Kind::time;
    rule.milliseconds = *time / 1000;
    if (rule.milliseconds < 0) return wrong("start", "must not be before 1970");
  } else {
    return wrong("start", "must be \"earliest\", \"latest\", \"offsets\" or a time, \"2026-01-31T10:00:00Z\"");
  }
  if (rule.kind == Kind::offsets && offsets.empty())
    return wrong("offsets", "is missing: start = \"offsets\" needs { \"topic/0\" = \"123\" }");
  if (rule.kind != Kind::offsets && !offsets.empty())
    return wrong("offsets", "has no effect without start = \"offsets\"");
  for (const auto& [stream, text] : offsets) {
    if (!is_stream(stream)) return wrong("offsets", "\"" + stream + "\" is no partition; write \"topic/0\"");
    int64_t offset = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, offset);
    if (error != std::errc() || at != end || offset < 0)
      return wrong("offsets", "\"" + text + "\" for " + stream + " is no offset: it must be 0 or more");
    rule.offsets[stream] = offset;
  }
  return rule;
}

}  // namespace levada::kafka_source
