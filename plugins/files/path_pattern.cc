// Time is put into the literal parts of a pattern, and kept until it changes.
#include "files/path_pattern.h"

#include <algorithm>
#include <ctime>

namespace levada::files {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kSecondsOfDay = 86'400;
constexpr size_t kLongestValue = 100;

// How long, in microseconds, an escape stays the same at least; 0: there is no such escape. Offsets
// of time zones change by quarters of an hour.
int64_t unit_of(char escape) {
  switch (escape) {
    case 'S': return kSecond;
    case 'M': return 60 * kSecond;
    case 'Y':
    case 'y':
    case 'm':
    case 'd':
    case 'H':
    case 'j':
    case 'F': return 900 * kSecond;
    case '%': return std::numeric_limits<int64_t>::max();
    default: return 0;
  }
}

// The time whose name paths have: of a zone in which so many seconds are added.
int64_t rounded(int64_t seconds, int64_t zone, int64_t step) {
  if (step <= 0) return seconds;
  const int64_t local = seconds + zone;
  const int64_t day = local >= 0 ? local / kSecondsOfDay : (local + 1) / kSecondsOfDay - 1;
  const int64_t in_day = local - day * kSecondsOfDay;
  return seconds - in_day % step;
}

void make_safe(std::string& path, size_t from, bool allows_colons) {
  if (path.size() - from > kLongestValue) {
    size_t end = from + kLongestValue;
    // Not within a character of UTF-8.
    while (end > from && (static_cast<unsigned char>(path[end]) & 0xc0) == 0x80) --end;
    path.resize(end);
  }
  std::replace_if(
      path.begin() + static_cast<std::ptrdiff_t>(from), path.end(),
      [=](unsigned char c) { return c == '/' || c < 0x20 || c == 0x7f || (c == ':' && !allows_colons); }, '_');
  const auto value = std::string_view(path).substr(from);
  if (value.empty() || value == "." || value == "..") path.replace(from, std::string::npos, "_");
}

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view text, PathStyle style) {
  PathPattern path;
  auto pattern = Pattern::parse(text);
  if (!pattern) return std::move(pattern).error();
  path.pattern_ = *std::move(pattern);
  path.style_ = style;
  for (const auto& piece : path.pattern_.pieces()) {
    const auto& literal = piece.literal;
    for (auto at = literal.find('%'); at != literal.npos; at = literal.find('%', at + 2)) {
      const char escape = at + 1 < literal.size() ? literal[at + 1] : '\0';
      const auto unit = unit_of(escape);
      if (unit == 0)
        return fatal(std::string("\"").append(literal, at, 2) +
                     "\" is no escape; there are %Y %y %m %d %H %M %S %j %F, and %% for a %");
      path.uses_time_ |= escape != '%';
      path.unit_us_ = std::min(path.unit_us_, unit);
    }
  }
  path.expand(0);
  return path;
}

void PathPattern::expand(int64_t time) {
  expanded_unit_ = unit(time);
  const auto seconds = static_cast<std::time_t>(time >= 0 ? time / kSecond : (time + 1) / kSecond - 1);
  std::tm parts{};
  const auto split = [&](std::time_t at) {
    style_.zone == TimeZone::utc ? gmtime_r(&at, &parts) : localtime_r(&at, &parts);
  };
  split(seconds);
  if (const auto step = std::chrono::floor<std::chrono::seconds>(style_.round_time).count(); step > 0)
    split(rounded(seconds, parts.tm_gmtoff, step));
  literals_.clear();
  for (const auto& piece : pattern_.pieces()) {
    // An empty result and one that is too long look the same without the letter in front.
    const auto format = std::string("x").append(piece.literal);
    std::string text(format.size() * 8 + 64, '\0');
    text.resize(std::strftime(text.data(), text.size(), format.c_str(), &parts));
    literals_.push_back(text.substr(1));
  }
}

const std::string* PathPattern::append(int64_t row, int64_t time, std::string& to) {
  if (uses_time_ && unit(time) != expanded_unit_) expand(time);
  auto literal = literals_.begin();
  return bound_.append(
      row, to, [&](std::string& path, size_t from) { make_safe(path, from, style_.allows_colons); },
      [&](const std::string&, std::string& path) { path += *literal++; });
}

}  // namespace levada::files
