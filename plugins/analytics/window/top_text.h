// Values with how often they came, as JSON: [{"value":"/","count":17}, ...].
#pragma once

#include <string>

#include "levada/row_keys.h"

namespace levada::window {

class TopText {
 public:
  void begin() { text_ = "["; }
  void add(Key value, int64_t count);
  // Until the next begin.
  const std::string& end() {
    text_ += ']';
    return text_;
  }

 private:
  std::string text_;
};

}  // namespace levada::window
