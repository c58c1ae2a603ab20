// What stands in the manifest comes back as it was, or not at all.
#include "manifest.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "levada/testkit/fake_host.h"

namespace levada::file_sink {
namespace {

using State = Unfinished::State;

class ManifestTest : public testing::Test {
 protected:
  Manifest manifest() { return Manifest(host_.host().files(), "/data"); }
  std::string text() { return host_.files().read_file(kPath); }
  void put(const std::string& text) { host_.files().write_file(kPath, text); }
  // What is loaded, as one text; "damaged" where it is refused.
  std::string loaded() {
    const auto found = manifest().load();
    if (!found) return found.code() == Code::fatal ? "damaged" : "code " + found.error().message;
    std::string all = found->id;
    if (!all.empty()) all += std::to_string(found->next_number);
    for (const auto& [stream, position, sequence] : found->positions)
      all += "[" + stream + "|" + position + "|" + std::to_string(sequence) + "]";
    for (const auto& file : found->files)
      all += "(" + std::to_string(static_cast<int>(file.state)) + "|" + std::to_string(file.bytes) + "|" + file.path +
             "|" + file.name + ")";
    return all;
  }

  static constexpr char kPath[] = "/data/files";
  testkit::FakeHost host_;
};

TEST_F(ManifestTest, is_empty_before_the_first_commit) { EXPECT_EQ(loaded(), ""); }

TEST_F(ManifestTest, gives_back_what_it_was_given) {
  auto manifest = this->manifest();
  ASSERT_TRUE(manifest.replace({"4f\t",
                                12,
                                {{"clicks/3", "{\"a\":\t1}\n", 12}, {"@epoch", "7", 0}, {"", std::string("\0%", 2), 1}},
                                {{"/o/50%\t.tmp", "/o/50%\t", State::open, 17},
                                 {"/o/b.tmp", "/o/b", State::complete, 5},
                                 {"/o/c.tmp", "/o/c"}}}));
  ASSERT_TRUE(manifest.begin({"/o/d.tmp", "/o/d"}));
  host_.files().crash();
  EXPECT_EQ(loaded(), "4f\t12[clicks/3|{\"a\":\t1}\n|12][@epoch|7|0][|" + std::string("\0%", 2) +
                          "|1](1|17|/o/50%\t.tmp|/o/50%\t)(2|5|/o/b.tmp|/o/b)(0|0|/o/c.tmp|/o/c)(0|0|/o/d.tmp|/o/d)");
}

TEST_F(ManifestTest, a_path_that_is_used_again_is_what_its_last_line_says) {
  auto manifest = this->manifest();
  ASSERT_TRUE(manifest.replace({"id", 7, {}, {{"/o/a.tmp", "/o/a", State::complete, 5}}}));
  ASSERT_TRUE(manifest.begin({"/o/a.tmp", "/o/a"}));
  EXPECT_EQ(loaded(), "id7(0|0|/o/a.tmp|/o/a)");
}

TEST_F(ManifestTest, whichever_byte_of_a_commit_changes_it_is_refused) {
  ASSERT_TRUE(manifest().replace({"id", 7, {{"s", "p", 12}}, {{"/o/a.tmp", "/o/a", State::open, 17}}}));
  const auto whole = text();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {1, 2, 3, 0x20, 0x80}) {
      auto damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      put(damaged);
      EXPECT_EQ(loaded(), "damaged") << "byte " << at;
    }
    put(whole.substr(0, at));
    EXPECT_EQ(loaded(), "damaged") << "cut at byte " << at;
  }
}

TEST_F(ManifestTest, whichever_byte_behind_the_commit_is_torn_off_the_commit_stays) {
  auto manifest = this->manifest();
  ASSERT_TRUE(manifest.replace({"id", 7, {{"s", "p", 12}}, {}}));
  const auto committed = text();
  ASSERT_TRUE(manifest.begin({"/o/a.tmp", "/o/a"}));
  const auto whole = text();
  EXPECT_EQ(loaded(), "id7[s|p|12](0|0|/o/a.tmp|/o/a)");
  for (size_t length = committed.size(); length < whole.size(); ++length) {
    put(whole.substr(0, length));
    EXPECT_EQ(loaded(), "id7[s|p|12]") << "cut at byte " << length;
    put(whole.substr(0, length) + std::string(whole.size() - length, '\0') + "\n");
    EXPECT_EQ(loaded(), "id7[s|p|12]") << "zeros from byte " << length;
  }
}

TEST_F(ManifestTest, reads_version_1) {
  put("levada file sink 1\n"
      "complete\t5\t/o/50%25.tmp\t/o/50%25\n"
      "open\t17\t/o/b.tmp\t/o/b\n"
      "open\t0\t/o/c.tmp\t/o/c\n"
      "open\t0\t/o/d.t");
  EXPECT_EQ(loaded(), "(2|5|/o/50%25.tmp|/o/50%25)(1|17|/o/b.tmp|/o/b)(0|0|/o/c.tmp|/o/c)");
  put("levada file sink 1\nopen\tmany\t/o/b.tmp\t/o/b\n");
  EXPECT_EQ(loaded(), "damaged");
}

TEST_F(ManifestTest, says_what_to_do_where_it_is_damaged) {
  put("levada file sink 3\nend\t00000000\n");
  EXPECT_EQ(manifest().load().error().message,
            "/data/files is damaged, or was written by another version: put back what was there, or move it away, and "
            "see to the files that it names; without it the sink starts anew, and rows that it had come again");
}

TEST_F(ManifestTest, is_certain_when_the_last_call_has_succeeded) {
  auto manifest = this->manifest();
  EXPECT_FALSE(manifest.certain());
  ASSERT_TRUE(manifest.replace({"id", 7, {}, {}}));
  EXPECT_TRUE(manifest.certain());
  host_.files().fail_call(3, EIO);  // Opening, writing, syncing.
  EXPECT_FALSE(manifest.begin({"/o/a.tmp", "/o/a"}));
  EXPECT_FALSE(manifest.certain());
  ASSERT_TRUE(manifest.replace({"id", 7, {}, {}}));
  EXPECT_TRUE(manifest.certain());
}

}  // namespace
}  // namespace levada::file_sink
