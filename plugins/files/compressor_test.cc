// Each block is a whole frame, and frames behind each other are one file.
#include "files/compressor.h"

#include <gtest/gtest.h>

#include "files/unpack.h"

namespace levada::files {
namespace {

using Kind = Compressor::Kind;
constexpr Kind kKinds[] = {Kind::none, Kind::gzip, Kind::zstd, Kind::snappy};

TEST(Compressor, blocks_behind_each_other_are_one_file) {
  for (const auto kind : kKinds) {
    Compressor compressor;
    std::string all, packed;
    for (const auto& block : {std::string("one"), std::string(700'000, 'x'), std::string(), std::string("\0\n", 2)}) {
      all += block;
      packed += compressor.compress(kind, block);
    }
    EXPECT_EQ(unpack(kind, packed), all) << Compressor::suffix(kind);
  }
}

TEST(Compressor, a_name_says_the_kind) {
  for (const auto kind : kKinds)
    EXPECT_EQ(Compressor::kind_of("part-1.ndjson" + std::string(Compressor::suffix(kind))), kind);
}

// No chunk of a Hadoop block may be longer than the buffers of its readers.
TEST(Compressor, snappy_has_short_chunks) {
  Compressor compressor;
  std::string noise(300'000, '\0');
  uint32_t state = 1;
  for (auto& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  std::string_view packed = compressor.compress(Kind::snappy, noise);
  const auto number = [&] {
    uint32_t value = 0;
    for (int at = 0; at < 4; ++at) value = value << 8 | static_cast<unsigned char>(packed[static_cast<size_t>(at)]);
    packed.remove_prefix(4);
    return value;
  };
  EXPECT_EQ(number(), noise.size());
  int chunks = 0;
  for (; !packed.empty(); ++chunks) {
    const auto size = number();
    ASSERT_LT(size, 220'000u);
    ASSERT_LE(size, packed.size());
    packed.remove_prefix(size);
  }
  EXPECT_EQ(chunks, 3);
}

}  // namespace
}  // namespace levada::files
