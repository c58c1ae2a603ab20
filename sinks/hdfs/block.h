// Bytes that wait to be written, in memory of the host.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "levada/buffer.h"

namespace levada::hdfs_sink {

class Block {
 public:
  // Room for so many bytes, to be written by the caller, who then says how many they are.
  char* reserve(size_t bytes) {
    if (!buffer_ || buffer_.capacity() - used_ < bytes) buffer_.grow(used_ + bytes, used_);
    return buffer_.data() + used_;
  }
  void use(size_t bytes) { used_ += bytes; }
  void append(std::string_view text) {
    std::copy(text.begin(), text.end(), reserve(text.size()));
    use(text.size());
  }
  void append(char byte) { append(std::string_view(&byte, 1)); }

  std::string_view view() const { return {buffer_.data(), used_}; }
  size_t size() const { return used_; }
  // Keeps no more memory than most blocks need.
  void clear() {
    used_ = 0;
    if (buffer_.capacity() > kKept) buffer_ = Buffer();
  }

 private:
  static constexpr size_t kKept = 1 << 20;
  Buffer buffer_;
  size_t used_ = 0;
};

}  // namespace levada::hdfs_sink
