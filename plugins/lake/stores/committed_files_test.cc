// What stands in the manifest comes back as it was, or not at all.
#include "lake/stores/committed_files.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

class ManifestTest : public testing::Test {
 protected:
  Manifest manifest() { return Manifest(host_.host().files(), "/data", "parquet"); }
  std::string text() { return host_.files().read_file(kPath); }
  void put(const std::string& text) { host_.files().write_file(kPath, text); }

  static constexpr char kPath[] = "/data/files";
  testkit::FakeHost host_;
  const Committed committed_ = {"4f\t",
                                12,
                                {{"clicks/3", "{\"a\":\t1}\n", 12}, {"@epoch", "7", 0}, {"", std::string("\0%", 2), 1}},
                                {{"a=50%\t/levada-1.parquet", {{".levada-x/1.tmp", 17}}},
                                 {"2.parquet", {{".levada-x/2\n.tmp", 1}, {".levada-x/3.tmp", uint64_t{1} << 40}}}}};
};

TEST_F(ManifestTest, is_empty_before_the_first_commit) {
  const auto found = manifest().load();
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, Committed());
}

TEST_F(ManifestTest, gives_back_what_it_was_given) {
  auto manifest = this->manifest();
  EXPECT_FALSE(manifest.certain());
  ASSERT_TRUE(manifest.replace(committed_));
  EXPECT_TRUE(manifest.certain());
  host_.files().crash();
  const auto found = this->manifest().load();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, committed_);
}

TEST_F(ManifestTest, whichever_byte_changes_it_is_refused) {
  ASSERT_TRUE(manifest().replace(committed_));
  const auto whole = text();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {1, 0x20, 0x80}) {
      auto damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      put(damaged);
      EXPECT_EQ(manifest().load().code(), Code::fatal) << "byte " << at;
    }
    put(whole.substr(0, at));
    EXPECT_EQ(manifest().load().code(), Code::fatal) << "cut at byte " << at;
  }
}

TEST_F(ManifestTest, is_uncertain_after_a_call_that_failed) {
  auto manifest = this->manifest();
  ASSERT_TRUE(manifest.replace(committed_));
  host_.files().fail_call(3, EIO);
  EXPECT_FALSE(manifest.replace(committed_));
  EXPECT_FALSE(manifest.certain());
}

}  // namespace
}  // namespace levada::lake
