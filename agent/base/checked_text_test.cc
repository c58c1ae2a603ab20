#include "levada/checked_text.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_files.h"

namespace levada {
namespace {

constexpr std::string_view kFirstLine = "levada test 1";

TEST(CheckedText, has_the_checksum_that_everybody_has) { EXPECT_EQ(checksum("123456789"), "e3069283"); }

TEST(CheckedText, gives_back_what_was_put_in) {
  const std::string like_an_end("a\tb\n\nend\t00000000\n\0x\n", 21);
  for (const std::string& content : {std::string(), std::string("a\n"), like_an_end}) {
    const std::string text = checked_text(kFirstLine, content) + "behind it";
    std::string_view rest = text;
    EXPECT_EQ(take_checked(kFirstLine, rest), content);
    EXPECT_EQ(rest, "behind it");
  }
}

TEST(CheckedText, notices_each_byte_that_is_changed_or_missing) {
  const std::string text = checked_text(kFirstLine, "one\ntwo\n");
  for (size_t at = 0; at < text.size(); ++at) {
    std::string changed = text, cut = text.substr(0, at), without = text;
    changed[at] ^= 1;
    without.erase(at, 1);
    for (const std::string& damaged : {changed, cut, without}) {
      std::string_view rest = damaged;
      EXPECT_FALSE(take_checked(kFirstLine, rest)) << at << ": " << damaged;
      EXPECT_EQ(rest, damaged);
    }
  }
}

TEST(CheckedText, takes_lines_and_leaves_what_has_no_end) {
  std::string_view text = "one\n\nthr";
  EXPECT_EQ(take_line(text), "one");
  EXPECT_EQ(take_line(text), "");
  EXPECT_EQ(take_line(text), std::nullopt);
  EXPECT_EQ(text, "thr");
}

TEST(CheckedText, tells_a_file_that_is_missing_from_one_that_is_damaged_and_from_a_disk_that_fails) {
  testkit::ManualClock clock;
  testkit::MemoryFiles disk(clock);
  disk.make_folders("/data");
  const Files files(disk.table());
  const auto load = [&] { return load_checked(files, "/data/file", kFirstLine); };
  ASSERT_TRUE(load());
  EXPECT_EQ(*load(), std::nullopt);
  ASSERT_TRUE(save_checked(files, "/data/file", kFirstLine, "one\n"));
  ASSERT_TRUE(load());
  EXPECT_EQ(*load(), "one\n");
  EXPECT_EQ(load_checked(files, "/data/file", "levada test 2").code(), Code::reject);
  disk.append_file("/data/file", "x");
  EXPECT_EQ(load().code(), Code::reject);
  for (int64_t call = 1; call <= 3; ++call) {
    disk.fail_call(call, EIO);
    EXPECT_EQ(load().code(), Code::retry) << call;
  }
}

}  // namespace
}  // namespace levada
