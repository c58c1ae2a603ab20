// Files by patterns.
#include "glob.h"

#include <gtest/gtest.h>

#include "levada/testkit/fake_host.h"

namespace levada::tail {
namespace {

using Texts = std::vector<std::string>;

class GlobTest : public testing::Test {
 protected:
  GlobTest() {
    for (const char* path : {"/log/a.log", "/log/b.log", "/log/b.txt", "/log/.hidden.log", "/log/app/c.log",
                             "/log/app/deep/d.log", "/log/web/e.log", "/log/[x].log"})
      host_.files().write_file(path, "x");
  }
  Texts found(const Texts& include, const Texts& exclude = {}) {
    Texts paths;
    const auto all =
        glob(host_.host().files(), include, exclude, [&](const Error& error) { problems_.push_back(error.message); });
    for (const auto& [path, info] : all) paths.push_back(path);
    return paths;
  }

  testkit::FakeHost host_;
  Texts problems_;
};

TEST_F(GlobTest, braces_hold_alternatives) {
  EXPECT_EQ(without_braces("/log/a.log"), Texts{"/log/a.log"});
  EXPECT_EQ(without_braces("{/a,/b}/{x,y}_s.log"), (Texts{"/a/x_s.log", "/a/y_s.log", "/b/x_s.log", "/b/y_s.log"}));
  EXPECT_EQ(without_braces("/{a,b{c,d}}"), (Texts{"/a", "/bc", "/bd"}));
  EXPECT_EQ(without_braces("{/a}/x,y"), Texts{"/a/x,y"});
  EXPECT_EQ(without_braces("/a{,b}"), (Texts{"/a", "/ab"}));
  EXPECT_EQ(without_braces("/a{b/{c,d}"), (Texts{"/a{b/c", "/a{b/d"}));
}

TEST_F(GlobTest, patterns_are_about_each_part_of_a_path) {
  EXPECT_EQ(found({"/log/a.log"}), Texts{"/log/a.log"});
  EXPECT_EQ(found({"/log/*.log"}), (Texts{"/log/[x].log", "/log/a.log", "/log/b.log"}));
  EXPECT_EQ(found({"/log/*/*.log"}), (Texts{"/log/app/c.log", "/log/web/e.log"}));
  EXPECT_EQ(found({"/log/**/?.log"}),
            (Texts{"/log/a.log", "/log/app/c.log", "/log/app/deep/d.log", "/log/b.log", "/log/web/e.log"}));
  EXPECT_EQ(found({"/log/\\[x\\].log"}), Texts{"/log/[x].log"});
  EXPECT_EQ(found({"/none/*.log", "/log/none"}), Texts());
  EXPECT_EQ(problems_, Texts());
}

TEST_F(GlobTest, what_is_excluded_is_left_out_by_name_or_path) {
  EXPECT_EQ(found({"/log/**/*.log"}, {"a.*", "/log/app/**"}), (Texts{"/log/[x].log", "/log/b.log", "/log/web/e.log"}));
}

TEST_F(GlobTest, a_folder_that_cannot_be_listed_is_told) {
  host_.files().set_mode("/log/app", 0);
  EXPECT_EQ(found({"/log/*/*.log"}), Texts{"/log/web/e.log"});
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_NE(problems_[0].find("/log/app"), std::string::npos);
}

TEST_F(GlobTest, a_pattern_begins_with_a_folder) {
  EXPECT_EQ(fixed_folder("/var/log/app/*.log"), "/var/log/app");
  EXPECT_EQ(fixed_folder("/var/*/a.log"), "/var");
  EXPECT_EQ(fixed_folder("/var/log/a.log"), "/var/log");
  EXPECT_EQ(fixed_folder("/*"), "/");
}

}  // namespace
}  // namespace levada::tail
