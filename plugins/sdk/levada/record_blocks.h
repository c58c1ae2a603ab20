// Records of one size, numbered from 0. They stay where they are as more come, and no memory is
// taken for a single one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace levada {

class RecordBlocks {
 public:
  using Number = uint32_t;

  explicit RecordBlocks(size_t record_bytes) : record_bytes_(record_bytes) {}

  size_t record_bytes() const { return record_bytes_; }
  char* operator[](Number number) const {
    const auto block = block_of(number);
    return blocks_[block].get() + (number - first_in(block)) * record_bytes_;
  }
  // Makes the record zero; that of the number before has been made.
  char* make(Number number) {
    if (const auto block = block_of(number); block >= blocks_.size())
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(
          (size_t{1} << std::max(kFirstBits, block + kFirstBits - 1)) * record_bytes_));
    char* const made = (*this)[number];
    std::memset(made, 0, record_bytes_);
    return made;
  }
  // Calls each(number, record) for those from `first` on, before `end`.
  template <class Each>
  void for_each(Number first, size_t end, Each each) const {
    while (first < end) {
      const size_t block_end = std::min(end, size_t{1} << (block_of(first) + kFirstBits));
      char* at = (*this)[first];
      for (; first < block_end; ++first, at += record_bytes_) each(first, at);
    }
  }
  // Fetches it into the cache.
  void prefetch(Number number) const {
    const char* const at = (*this)[number];
    __builtin_prefetch(at);
    __builtin_prefetch(at + record_bytes_ - 1);
  }

 private:
  // Blocks double: 64 records, 64, 128, 256 ... A number's block is found by its highest bit.
  static constexpr unsigned kFirstBits = 6;

  static unsigned block_of(Number number) {
    return number < (1u << kFirstBits) ? 0 : static_cast<unsigned>(std::bit_width(number)) - kFirstBits;
  }
  static Number first_in(unsigned block) { return block == 0 ? 0 : Number{1} << (block + kFirstBits - 1); }

  size_t record_bytes_;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

}  // namespace levada
