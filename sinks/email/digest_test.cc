// Which rows go into which mail.
#include "digest.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"

namespace levada::email {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::text_column;
using testkit::texts;
using Texts = std::vector<std::string>;

class DigestTest : public testing::Test {
 protected:
  DigestTest() {
    settings_.from = "levada@x";
    settings_.to = {"ops@x"};
    settings_.subject = "alerts";
    settings_.text = "{body}";
  }
  void make() {
    auto made = Digest::from(settings_);
    ASSERT_TRUE(made) << made.error().option << ": " << made.error().message;
    digest_.emplace(*std::move(made));
  }
  void add(Batch batch) {
    held_back_ += digest_->add(batch, cool_down_, now_);
    for (const auto& each : batch.rejections()) rejected_.push_back(each.reason);
  }
  static Batch teams(const Texts& bodies, const std::vector<std::optional<std::string>>& names) {
    auto batch = batch_of(bodies);
    batch.set(text_column("team", names));
    return batch;
  }

  testkit::FakeHost host_;
  EmailSettings settings_;
  CoolDown cool_down_{10s};
  std::chrono::nanoseconds now_ = 1000s;
  std::optional<Digest> digest_;
  int64_t held_back_ = 0;
  Texts rejected_;
};

TEST_F(DigestTest, rows_of_one_sender_recipients_and_subject_share_a_mail) {
  settings_.to = {"{team}@x", "Boss <boss@x>"};
  settings_.subject = "for {team}";
  make();
  add(teams({"one", "two", "three"}, {"a", "b", "a"}));
  add(teams({"four"}, {"b"}));
  ASSERT_EQ(digest_->mails(), 2u);
  EXPECT_EQ(digest_->mail(0), (Mail{{"", "levada@x"}, {{"", "a@x"}, {"Boss", "boss@x"}}, "for a", "one\n\nthree\n"}));
  EXPECT_EQ(digest_->mail(1).text, "two\n\nfour\n");
  digest_->clear();
  EXPECT_EQ(digest_->mails(), 0u);
}

TEST_F(DigestTest, without_a_text_a_row_is_its_columns) {
  settings_.text.reset();
  make();
  auto batch = teams({"event", "other"}, {"a", std::nullopt});
  batch.set(testkit::value_column<int64_t>("n", Type::int64, {1, 2}));
  add(batch);
  EXPECT_EQ(digest_->mail(0).text, "body: event\nteam: a\nn: 1\n\nbody: other\nn: 2\n");
}

TEST_F(DigestTest, of_many_rows_a_mail_has_some_and_their_number) {
  settings_.digest_rows = 2;
  make();
  add(batch_of({"1", "2", "3", "4", "5"}));
  EXPECT_EQ(digest_->mail(0).text, "1\n\n2\n\n... and 3 more.\n");
}

TEST_F(DigestTest, a_row_that_makes_no_mail_is_rejected_with_its_reason) {
  settings_.to = {"{team}@x"};
  settings_.text = "{body} {none:-}";
  make();
  add(teams({"1", "2", "3", "4"}, {"a", std::nullopt, "b@c, d", "x\r\nBcc: y"}));
  ASSERT_EQ(digest_->mails(), 1u);
  ASSERT_EQ(rejected_.size(), 3u);
  EXPECT_EQ(rejected_[0], "the column \"team\", which the recipient is made of, has no value");
  EXPECT_NE(rejected_[1].find("no mail address"), std::string::npos);
  EXPECT_NE(rejected_[2].find("control characters"), std::string::npos);
}

TEST_F(DigestTest, a_key_that_cools_down_gets_no_mail_and_the_next_one_says_so) {
  settings_.cool_down = 10s;
  settings_.key = "{team}";
  make();
  add(teams({"1", "2", "3", "4"}, {"a", "a", "b", "a"}));
  EXPECT_EQ(digest_->mail(0).text, "1\n\n3\n");
  EXPECT_EQ(held_back_, 2);
  digest_->clear();
  now_ += 10s;
  add(teams({"5"}, {"a"}));
  EXPECT_EQ(digest_->mail(0).text, "5\n(2 more like it got no mail since the last one.)\n");
  add(teams({"6"}, {std::nullopt}));
  EXPECT_EQ(rejected_, Texts{"the column \"team\", which the key is made of, has no value"});
}

TEST_F(DigestTest, all_rows_of_a_mail_that_is_refused_are_rejected_batch_by_batch) {
  settings_.digest_rows = 1;
  settings_.subject = "{team}";
  make();
  add(teams({"1", "2", "3"}, {"a", "b", "a"}));
  add(teams({"4"}, {"a"}));
  digest_->reject(0, "no");
  digest_->reject(1, "never");
  Batch rejected;
  ASSERT_TRUE(digest_->hand_over(rejected));
  EXPECT_EQ(texts(rejected, "body"), (Texts{"1", "2", "3"}));
  EXPECT_EQ(texts(rejected, "reason"), (Texts{"no", "never", "no"}));
  ASSERT_TRUE(digest_->hand_over(rejected));
  EXPECT_EQ(texts(rejected, "body"), Texts{"4"});
  EXPECT_FALSE(digest_->hand_over(rejected));
}

TEST_F(DigestTest, texts_and_subjects_of_any_length_and_content_fit) {
  settings_.subject = "{body}";
  make();
  add(batch_of({std::string(100'000, 'x'), "two\r\n  lines\t", ""}));
  ASSERT_EQ(digest_->mails(), 3u);
  EXPECT_LT(digest_->mail(0).subject.size(), 260u);
  EXPECT_LT(digest_->mail(0).text.size(), 17'000u);
  EXPECT_EQ(digest_->mail(1).subject, "two lines");
  EXPECT_EQ(digest_->mail(2).subject, "");
}

}  // namespace
}  // namespace levada::email
