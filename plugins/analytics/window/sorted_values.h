// Numbers in their order, where each comes and goes by itself: in blocks, so that of many only few
// are moved.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace levada::window {

class SortedValues {
 public:
  size_t size() const { return size_; }
  void add(double value) {
    if (blocks_.empty()) blocks_.emplace_back();
    auto block = std::min(block_of(value), blocks_.end() - 1);
    if (block->size() == block->capacity()) block->reserve(std::clamp<size_t>(2 * block->size(), 2, kBlock + 1));
    block->insert(std::lower_bound(block->begin(), block->end(), value), value);
    ++size_;
    if (block->size() <= kBlock) return;
    const auto middle = block->begin() + kBlock / 2;
    Block upper(middle, block->end());
    block->erase(middle, block->end());
    blocks_.insert(block + 1, std::move(upper));
  }
  // One that is there.
  void remove(double value) {
    const auto block = block_of(value);
    block->erase(std::lower_bound(block->begin(), block->end(), value));
    --size_;
    if (block->empty() && (blocks_.size() > 1 || block->capacity() > kFew)) blocks_.erase(block);
  }
  // From the least, 0, on.
  double operator[](size_t rank) const {
    auto block = blocks_.begin();
    for (; rank >= block->size(); ++block) rank -= block->size();
    return (*block)[rank];
  }
  // Memory that it holds, at most.
  size_t bytes() const {
    const size_t room = blocks_.size() == 1 ? blocks_[0].capacity() : blocks_.size() * (kBlock + 1);
    return blocks_.capacity() * sizeof(Block) + room * sizeof(double);
  }

 private:
  using Block = std::vector<double>;
  static constexpr size_t kBlock = 512, kFew = 16;

  // The first that ends with the value or a greater one.
  std::vector<Block>::iterator block_of(double value) {
    return std::partition_point(blocks_.begin(), blocks_.end(),
                                [&](const Block& block) { return !block.empty() && block.back() < value; });
  }

  std::vector<Block> blocks_;
  size_t size_ = 0;
};

}  // namespace levada::window
