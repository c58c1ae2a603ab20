#include "levada/testkit/fake_host.h"

#include <gtest/gtest.h>

namespace levada::testkit {
namespace {

TEST(FakeHost, keeps_logs_and_counts_for_the_test_to_see) {
  FakeHost fake("sources.clicks");
  const Host host = fake.host();
  host.warning("disk is slow");
  host.counter("files_completed").add(2);
  host.counter("files_completed").add();
  EXPECT_EQ(host.component(), "sources.clicks");
  EXPECT_EQ(fake.count("files_completed"), 3);
  EXPECT_EQ(fake.count("never_made"), 0);
  EXPECT_EQ(fake.log(), std::vector<std::string>{"WARNING disk is slow"});
  EXPECT_TRUE(fake.logged("slow"));
}

TEST(FakeHost, shows_its_own_counters_and_those_that_the_test_gives_to_others) {
  FakeHost fake("sources.metrics");
  fake.host().counter("polls").add(2);
  fake.set_counter("sinks.out", "rows_written", 7);
  fake.set_counter("sinks.out", "rows_written", 9);
  std::vector<std::string> seen;
  auto see = [&](std::string_view component, std::string_view name, int64_t value) {
    seen.push_back(std::string(component) + "." + std::string(name) + "=" + std::to_string(value));
  };
  EXPECT_TRUE(fake.host().each_counter(see));
  EXPECT_EQ(seen, (std::vector<std::string>{"sinks.out.rows_written=9", "sources.metrics.polls=2"}));
  fake.take_away(LEVADA_OBSERVE);
  EXPECT_FALSE(fake.host().each_counter(see));
}

TEST(FakeHost, time_stands_still_until_it_is_moved) {
  FakeHost fake;
  const Host host = fake.host();
  const auto now = host.now();
  const auto monotonic = host.monotonic();
  EXPECT_EQ(host.now(), now);
  fake.clock().advance(std::chrono::seconds(3));
  EXPECT_EQ(host.now() - now, std::chrono::seconds(3));
  fake.clock().set(std::chrono::seconds(0));
  EXPECT_EQ(host.now(), std::chrono::seconds(0));
  EXPECT_EQ(host.monotonic() - monotonic, std::chrono::seconds(3));
}

TEST(FakeHost, two_hosts_do_not_share_what_they_keep) {
  FakeHost one, two;
  one.host().counter("rows").add();
  ASSERT_TRUE(one.host().files().open("/a", LEVADA_CREATE));
  EXPECT_EQ(two.count("rows"), 0);
  EXPECT_FALSE(two.files().exists("/a"));
}

TEST(FakeHost, a_service_can_be_taken_away) {
  FakeHost fake;
  fake.take_away(LEVADA_METRICS);
  fake.host().counter("rows").add();
  EXPECT_EQ(fake.count("rows"), 0);
}

TEST(FakeHost, gives_the_same_random_numbers_each_time_or_those_of_the_test) {
  FakeHost one, two;
  EXPECT_EQ(one.host().random(), two.host().random());
  one.random().give({7, 8});
  EXPECT_EQ(one.host().random(), 7u);
  EXPECT_EQ(one.host().random(), 8u);
  EXPECT_EQ(one.host().random(), two.host().random());
}

TEST(FakeHost, counts_the_memory_that_it_lent_and_no_other) {
  FakeHost one, two;
  {
    const auto scope = one.host().memory_scope();
    const auto batch = batch_of({"one", "a line that is longer than twelve bytes"});
    EXPECT_GT(one.memory_in_use(), 0u);
    EXPECT_EQ(two.memory_in_use(), 0u);
  }
  EXPECT_EQ(one.memory_in_use(), 0u);
}

TEST(FakeHost, says_how_much_memory_batches_hold) {
  FakeHost fake;
  const auto before = memory_in_use();
  {
    const auto batch = batch_of({"one", "a line that is longer than twelve bytes"});
    EXPECT_GT(memory_in_use(), before);
  }
  EXPECT_EQ(memory_in_use(), before);
}

TEST(Batches, are_made_of_texts_and_read_back_as_texts) {
  auto batch = batch_of({"one", "two"});
  batch.set(text_column("name", {std::nullopt, "x"}));
  batch.set(value_column<int64_t>("count", Type::int64, {1, std::nullopt}));
  batch.set(value_column<double>("share", Type::float64, {0.5, 2}));
  batch.set(boolean_column("good", {true, std::nullopt}));
  batch.set(repeat("host", "h1", 2));
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts(batch, "body"), (Texts{"one", "two"}));
  EXPECT_EQ(texts(batch, "name"), (Texts{"<null>", "x"}));
  EXPECT_EQ(texts(batch, "count"), (Texts{"1", "<null>"}));
  EXPECT_EQ(texts(batch, "share"), (Texts{"0.5", "2"}));
  EXPECT_EQ(texts(batch, "good"), (Texts{"true", "<null>"}));
  EXPECT_EQ(texts(batch, "host"), (Texts{"h1", "h1"}));
  EXPECT_EQ(texts(batch, "nothing"), Texts{"<missing>"});
}

}  // namespace
}  // namespace levada::testkit