// Which keys had a mail lately, and how many rows came since then.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "levada/result.h"

namespace levada::email {

class CoolDown {
 public:
  struct Verdict {
    bool mail = true;
    int64_t held_back = 0;  // Rows of the key that got no mail since its last one.
  };

  explicit CoolDown(std::chrono::nanoseconds span) : span_(span) {}

  // Asks for a row of the key, at the time since 1970.
  Verdict see(const std::string& key, std::chrono::nanoseconds now);
  // Drops keys whose time is long over.
  void forget(std::chrono::nanoseconds now);
  size_t size() const { return keys_.size(); }

  // Lines of text.
  std::string encoded() const;
  // In place of what it has. REJECT where that is not what `encoded` gives.
  Done load(std::string_view text);

 private:
  struct Key {
    int64_t mailed = 0;  // Nanoseconds since 1970.
    int64_t held_back = 0;
  };
  bool is_over(const Key& key, std::chrono::nanoseconds now, int64_t times) const;

  std::chrono::nanoseconds span_;
  std::map<std::string, Key> keys_;
};

}  // namespace levada::email
