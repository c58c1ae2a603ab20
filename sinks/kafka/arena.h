// Memory for bytes that must stay where they were written, given back all at once.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "levada/buffer.h"

namespace levada::kafka_sink {

class Arena {
 public:
  // Room for `bytes`; where there is none left, for `more` at once. What is
  // used of it is said with use().
  char* reserve(size_t bytes, size_t more) {
    if (blocks_.empty() || blocks_.back().capacity() - used_ < bytes) {
      blocks_.emplace_back(std::max(bytes, more));
      used_ = 0;
    }
    return blocks_.back().data() + used_;
  }
  void use(size_t bytes) { used_ += bytes; }
  std::string_view copy(std::string_view text) {
    constexpr size_t kBlock = 16384;
    char* at = reserve(text.size(), kBlock);
    std::copy(text.begin(), text.end(), at);
    use(text.size());
    return {at, text.size()};
  }
  // Keeps one block, to be used again.
  void clear() {
    if (blocks_.size() > 1) blocks_.erase(blocks_.begin() + 1, blocks_.end());
    used_ = 0;
  }

 private:
  std::vector<Buffer> blocks_;
  size_t used_ = 0;
};

}  // namespace levada::kafka_sink
