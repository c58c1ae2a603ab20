// The time between the brackets of a line of an access log.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace levada::parse_access_log {

// Reads times; remembers the last one, as lines that follow each other mostly share it.
class AccessLogTime {
 public:
  // Microseconds since 1970 UTC of "10/Oct/2000:13:55:36 -0700", or of "2004-05-18 05:58:48", which
  // is UTC unless a zone stands behind it.
  std::optional<int64_t> read(std::string_view text) {
    constexpr size_t kCommon = 26;
    if (text.size() == size_ &&
        (size_ == kCommon ? std::memcmp(text.data(), text_, kCommon) : std::memcmp(text.data(), text_, size_)) == 0)
      return microseconds_;
    return read_anew(text);
  }

 private:
  std::optional<int64_t> read_anew(std::string_view text);

  char text_[40];
  size_t size_ = 0;
  std::optional<int64_t> microseconds_;
};

}  // namespace levada::parse_access_log
