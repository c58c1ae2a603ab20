// Members of any size come as they were, or not at all; reads that fail are repeated.
#include "rows/decoder.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "levada/testkit/fake_host.h"
#include "rows/compressed_text.h"

namespace levada::rows {
namespace {

struct Decoded {
  std::string text, damage;
  int busy = 0;
};

Decoded decode(const std::string& content, int64_t failing_call = 0) {
  testkit::FakeHost host("sources.test");
  host.files().write_file("/a", content);
  auto file = host.host().files().open("/a");
  EXPECT_TRUE(file.ok());
  const auto decoder = make_decoder(compression_of(content), *file, 0);
  if (failing_call > 0) host.files().fail_call(failing_call, EIO);
  Decoded all;
  std::string part(100'000, '\0');
  for (int failures = 0;;) {
    const auto got = decoder->read(part.data(), part.size());
    if (!got) {
      EXPECT_LT(++failures, 2);
      continue;
    }
    all.text.append(part, 0, *got);
    if (*got > 0) continue;
    if (!decoder->is_busy()) break;
    ++all.busy;
  }
  EXPECT_TRUE(!decoder->damage().empty() || decoder->file_bytes() == content.size());
  all.damage = decoder->damage();
  return all;
}

// Too large to be held in memory.
std::string large_text() {
  std::string text;
  for (int64_t line = 0; text.size() < (20 << 20); ++line) text += "line " + std::to_string(line * 7919) + "\n";
  return text;
}

TEST(Decoder, gives_large_members_and_those_behind_them) {
  const auto text = large_text();
  for (const auto& content : {gzip(text) + gzip("more"), zstd(text) + zstd("more")}) {
    const auto all = decode(content);
    EXPECT_TRUE(all.text == text + "more");
    EXPECT_EQ(all.damage, "");
    EXPECT_GT(all.busy, 0) << "a call must not take as long as a large member";
  }
}

TEST(Decoder, gives_nothing_of_a_large_member_that_is_damaged) {
  const auto text = large_text();
  auto broken = gzip(text);
  broken[broken.size() - 6] ^= 1;
  const auto all = decode(gzip("first\n") + broken);
  EXPECT_EQ(all.text, "first\n");
  EXPECT_EQ(all.damage, "is broken");
  EXPECT_EQ(decode(gzip(text).substr(0, 1 << 20)).text, "");
}

TEST(Decoder, goes_on_after_a_read_that_failed) {
  const auto text = large_text();
  for (const auto& content : {gzip(text) + gzip("more"), zstd(text) + zstd("more")})
    for (int64_t call = 1; call < 60; call += 7) EXPECT_TRUE(decode(content, call).text == text + "more") << call;
}

TEST(Decoder, passes_over_zeros_behind_members) {
  const auto all = decode(gzip("text") + std::string(1000, '\0') + gzip("more") + std::string(70'000, '\0'));
  EXPECT_EQ(all.text, "textmore");
  EXPECT_EQ(all.damage, "");
}

TEST(Decoder, gives_nothing_of_a_zstd_frame_whose_checksum_alone_is_wrong) {
  auto broken = zstd("second");
  broken.back() ^= 1;
  const auto all = decode(zstd("first") + broken);
  EXPECT_EQ(all.text, "first");
  EXPECT_EQ(all.damage, "is broken");
}

}  // namespace
}  // namespace levada::rows
