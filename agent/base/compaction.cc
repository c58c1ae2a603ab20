#include "agent/base/compaction.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <unordered_map>

namespace levada::agent {
namespace {

using levada::detail::Layout;

// Blocks are copied in granules, so that texts that several columns share, or that overlap, stay
// shared.
constexpr uint64_t kGranule = 16;
// Less than this is not worth a look.
constexpr uint64_t kWorthIt = 4096;
// So few rows are copied in any case: what they were cut out of is not known.
constexpr int64_t kFewRows = 64;

bool is_view_type(Type type) { return type == Type::text || type == Type::bytes; }
int64_t block_count(const ArrowArray& array) { return array.n_buffers - 3; }
const int64_t* block_sizes(const ArrowArray& array) {
  return static_cast<const int64_t*>(array.buffers[array.n_buffers - 1]);
}
const View* views_of(const ArrowArray& array) { return static_cast<const View*>(array.buffers[1]) + array.offset; }

// The memory of arrays. Blocks of text are gathered, to be counted once.
class Held {
 public:
  void add(const Column& column) {
    const ArrowArray& array = column.array();
    const auto rows = static_cast<size_t>(array.offset + array.length);
    if (column.has_nulls() && array.n_buffers > 0) bytes_ += rows / 8;
    switch (column.type()) {
      case Type::boolean: bytes_ += rows / 8; break;
      case Type::int64:
      case Type::float64:
      case Type::timestamp: bytes_ += rows * 8; break;
      case Type::text:
      case Type::bytes: add_views(array); break;
      case Type::dictionary:
        bytes_ += rows * 4;
        add_views(*array.dictionary);
        break;
      case Type::opaque: add_opaque(*column.schema(), array); break;
    }
  }
  size_t bytes() {
    std::sort(blocks_.begin(), blocks_.end());
    size_t all = bytes_;
    // Of one block the largest size comes last: a builder may have shared it before it was full.
    for (size_t at = 0; at < blocks_.size(); ++at)
      if (at + 1 == blocks_.size() || blocks_[at + 1].first != blocks_[at].first)
        all += static_cast<size_t>(blocks_[at].second);
    return all;
  }

 private:
  void add_views(const ArrowArray& array) {
    bytes_ += static_cast<size_t>(array.offset + array.length) * sizeof(View);
    for (int64_t at = 0; at < block_count(array); ++at)
      blocks_.emplace_back(array.buffers[2 + at], block_sizes(array)[at]);
  }
  template <class Offset>
  void add_text(const ArrowArray& array, size_t rows) {
    bytes_ += rows * sizeof(Offset);
    if (rows > 0) bytes_ += static_cast<size_t>(static_cast<const Offset*>(array.buffers[1])[rows]);
  }
  void add_opaque(const ArrowSchema& schema, const ArrowArray& array) {
    const auto layout = Layout::of(schema);
    const auto rows = static_cast<size_t>(array.offset + array.length);
    switch (layout.kind) {
      case Layout::Kind::fixed: bytes_ += rows * static_cast<size_t>(layout.width); break;
      case Layout::Kind::view: add_views(array); break;
      case Layout::Kind::text: add_text<int32_t>(array, rows); break;
      case Layout::Kind::large_text: add_text<int64_t>(array, rows); break;
      default: bytes_ += rows * 8;
    }
    for (int64_t at = 0; at < array.n_children; ++at) add_opaque(*schema.children[at], *array.children[at]);
    if (schema.dictionary) add_opaque(*schema.dictionary, *array.dictionary);
  }

  size_t bytes_ = 0;
  std::vector<std::pair<const void*, int64_t>> blocks_;
};

// The blocks of text of a batch, each once, and which granules of them are in use.
class Blocks {
 public:
  explicit Blocks(const Batch& batch) {
    for (const auto& column : batch.columns())
      if (is_view_type(column.type())) add(column.array());
  }

  // Of each block that counts as used which one column points to most of:
  // what columns share counts once.
  bool half_unused(const Batch& batch) const {
    uint64_t held = 0, used = 0;
    for (const auto& block : blocks_) held += block.bytes;
    if (held < kWorthIt) return false;
    std::vector<uint64_t> of_blocks(blocks_.size()), of_column(blocks_.size());
    for (const auto& column : batch.columns()) {
      if (!is_view_type(column.type())) continue;
      of_column.assign(blocks_.size(), 0);
      const auto numbers = numbers_of(column.array());
      const View* views = views_of(column.array());
      const bool has_nulls = column.has_nulls();
      for (int64_t row = 0; row < column.rows(); ++row) {
        if (views[row].is_inline() || (has_nulls && column.null(row))) continue;
        of_column[numbers[static_cast<size_t>(views[row].outside.buffer)]] += static_cast<uint64_t>(views[row].size);
      }
      for (size_t at = 0; at < of_blocks.size(); ++at) {
        if (of_column[at] <= of_blocks[at]) continue;
        used += of_column[at] - of_blocks[at];
        of_blocks[at] = of_column[at];
      }
      if (2 * used >= held) return false;
    }
    return true;
  }

  void compact(const Batch& batch) {
    for (const auto& column : batch.columns())
      if (is_view_type(column.type())) mark(column);
    for (auto& block : blocks_) block.compact();
  }

  Column rewritten(const Column& column) const {
    const ArrowArray& array = column.array();
    auto held = std::make_unique<levada::detail::Held>();
    Buffer views(static_cast<size_t>(array.length + 1) * sizeof(View));
    held->pointers = {nullptr, views.data()};
    int64_t nulls = 0;
    if (column.has_nulls()) {
      std::vector<int64_t> rows(static_cast<size_t>(array.length));
      std::iota(rows.begin(), rows.end(), 0);
      Buffer valid = levada::detail::gather_bits(array.buffers[0], array.offset, rows.data(), array.length, nulls);
      nulls = array.length - nulls;
      held->pointers[0] = valid.data();
      held->buffers.push_back(std::move(valid));
    }
    const auto block_numbers = numbers_of(array);
    // Its own numbers of the blocks that are left.
    std::vector<int32_t> numbers(block_numbers.size(), -1);
    for (int64_t row = 0; row < array.length; ++row) {
      View& view = views.as<View>()[row];
      view = column.null(row) ? View{} : views_of(array)[row];
      if (view.is_inline()) continue;
      const Block& block = blocks_[block_numbers[static_cast<size_t>(view.outside.buffer)]];
      int32_t& number = numbers[static_cast<size_t>(view.outside.buffer)];
      if (number < 0) {
        number = static_cast<int32_t>(held->sizes.size());
        held->pointers.push_back(block.copy.data());
        held->sizes.push_back(static_cast<int64_t>(block.bytes));
        held->buffers.push_back(block.copy);
      }
      view.outside.buffer = number;
      view.outside.offset = static_cast<int32_t>(block.place(static_cast<uint64_t>(view.outside.offset)));
    }
    held->pointers.push_back(held->sizes.data());
    held->buffers.push_back(std::move(views));
    auto made = levada::detail::array_of(std::move(held), array.length, nulls);
    return Column(column.name(), column.type(), levada::detail::hold(made), column.schema());
  }

 private:
  struct Block {
    const char* data;
    uint64_t bytes;
    std::vector<uint64_t> used = {};    // A bit for each granule that a view points into.
    std::vector<uint32_t> before = {};  // How many granules are in use before each word of `used`.
    Buffer copy = {};                   // The granules that are in use.

    void mark(uint64_t offset, uint64_t size) {
      if (used.empty()) used.resize(bytes / kGranule / 64 + 1);
      const uint64_t first = offset / kGranule, last = (offset + size - 1) / kGranule;
      for (uint64_t word = first / 64; word <= last / 64; ++word) {
        const uint64_t from = word == first / 64 ? first % 64 : 0, to = word == last / 64 ? last % 64 : 63;
        used[word] |= (~uint64_t{0} >> (63 - to)) & (~uint64_t{0} << from);
      }
    }
    uint64_t place(uint64_t offset) const {
      const uint64_t granule = offset / kGranule;
      const uint64_t lower = used[granule / 64] & ((uint64_t{1} << granule % 64) - 1);
      return (before[granule / 64] + static_cast<uint64_t>(std::popcount(lower))) * kGranule + offset % kGranule;
    }
    void compact() {
      uint32_t granules = 0;
      for (const uint64_t word : used) {
        before.push_back(granules);
        granules += static_cast<uint32_t>(std::popcount(word));
      }
      copy = Buffer(granules * kGranule + 1);
      uint64_t copied = 0;
      for (size_t word = 0; word < used.size(); ++word)
        for (uint64_t left = used[word]; left != 0;) {  // A run of granules at once.
          const auto first = static_cast<uint64_t>(std::countr_zero(left));
          const auto count = static_cast<uint64_t>(std::countr_one(left >> first));
          left = first + count == 64 ? 0 : left & (~uint64_t{0} << (first + count));
          const uint64_t from = (64 * word + first) * kGranule;
          // Only the block's last granule may be short.
          const uint64_t length = std::min(count * kGranule, bytes - from);
          std::memcpy(copy.data() + copied, data + from, length);
          copied += length;
        }
      bytes = copied;
    }
  };

  void add(const ArrowArray& array) {
    for (int64_t at = 0; at < block_count(array); ++at) {
      const void* data = array.buffers[2 + at];
      const auto bytes = static_cast<uint64_t>(block_sizes(array)[at]);
      const auto [known, fresh] = numbers_.try_emplace(data, blocks_.size());
      if (fresh) blocks_.push_back({static_cast<const char*>(data), bytes});
      // A builder may have shared it before it was full.
      else blocks_[known->second].bytes = std::max(blocks_[known->second].bytes, bytes);
    }
  }
  // For each block of an array its number here.
  std::vector<size_t> numbers_of(const ArrowArray& array) const {
    std::vector<size_t> numbers(static_cast<size_t>(block_count(array)));
    for (size_t at = 0; at < numbers.size(); ++at) numbers[at] = numbers_.find(array.buffers[2 + at])->second;
    return numbers;
  }
  void mark(const Column& column) {
    const ArrowArray& array = column.array();
    const auto numbers = numbers_of(array);
    for (int64_t row = 0; row < array.length; ++row) {
      const View& view = views_of(array)[row];
      if (view.is_inline() || column.null(row)) continue;
      blocks_[numbers[static_cast<size_t>(view.outside.buffer)]].mark(static_cast<uint64_t>(view.outside.offset),
                                                                      static_cast<uint64_t>(view.size));
    }
  }

  std::vector<Block> blocks_;
  std::unordered_map<const void*, size_t> numbers_;
};

// With the words that are in use only; nothing where they take up half of all.
std::optional<Column> with_used_words(const Column& column) {
  const ArrowArray& words = *column.array().dictionary;
  auto held = static_cast<size_t>(words.length) * sizeof(View);
  for (int64_t at = 0; at < block_count(words); ++at) held += static_cast<size_t>(block_sizes(words)[at]);
  if (held < kWorthIt / 16) return std::nullopt;

  const Views texts(words);
  std::vector<int32_t> numbers(static_cast<size_t>(words.length), -1);
  std::vector<int32_t> used;
  size_t used_bytes = 0;
  const auto* indices = column.values<int32_t>();
  for (int64_t row = 0; row < column.rows(); ++row) {
    if (column.null(row) || numbers[static_cast<size_t>(indices[row])] >= 0) continue;
    numbers[static_cast<size_t>(indices[row])] = static_cast<int32_t>(used.size());
    used.push_back(indices[row]);
    used_bytes += sizeof(View) + texts[indices[row]].size();
  }
  if (2 * used_bytes >= held) return std::nullopt;

  TextBuilder builder(static_cast<int64_t>(used.size()));
  for (const auto word : used) builder.append(texts[word]);
  ValueBuilder<int32_t> renumbered(column.rows());
  for (int64_t row = 0; row < column.rows(); ++row)
    column.null(row) ? renumbered.append_null() : renumbered.append(numbers[static_cast<size_t>(indices[row])]);
  Column made = std::move(renumbered).finish(column.name(), std::move(builder).finish("", Type::text));
  return Column(column.name(), Type::dictionary, made.shared(), column.schema());
}

bool is_cut_out(const Column& column) {
  const ArrowArray& array = column.array();
  return array.length <= kFewRows || array.offset > array.length;
}

}  // namespace

size_t held_bytes(const Batch& batch) {
  Held held;
  for (const auto& column : batch.columns()) held.add(column);
  return held.bytes();
}

Batch compacted(Batch batch) {
  std::vector<Column> changed;
  std::vector<int64_t> rows;
  const auto cut_out = [&](const Column& column) {
    if (rows.empty()) {
      rows.resize(static_cast<size_t>(batch.rows()));
      std::iota(rows.begin(), rows.end(), 0);
    }
    return take(column, rows.data(), batch.rows());
  };
  for (const auto& column : batch.columns()) {
    auto with_few_words = column.type() == Type::dictionary ? with_used_words(column) : std::nullopt;
    if (with_few_words) changed.push_back(*std::move(with_few_words));
    else if (is_cut_out(column)) changed.push_back(cut_out(column));
  }
  for (auto& column : changed) batch.set(std::move(column));
  changed.clear();

  Blocks blocks(batch);
  if (!blocks.half_unused(batch)) return batch;
  blocks.compact(batch);
  for (const auto& column : batch.columns())
    if (is_view_type(column.type())) changed.push_back(blocks.rewritten(column));
  for (auto& column : changed) batch.set(std::move(column));
  return batch;
}

}  // namespace levada::agent
