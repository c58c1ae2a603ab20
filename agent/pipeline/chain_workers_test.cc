#include "agent/pipeline/chain_workers.h"

#include <gtest/gtest.h>

#include <latch>

#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using testing::scripts;
using testing::TestBench;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr nanoseconds kLong = std::chrono::minutes(1);

InFlight in_flight(const Texts& rows, const std::string& position = "p") {
  InFlight made{.batch = testkit::batch_of(rows), .end = rows.size()};
  made.batch.position = position;
  return made;
}

TEST(ChainWorkers, give_the_batch_with_its_position_when_it_has_passed_every_interceptor) {
  TestBench bench;
  scripts()["interceptors.a"].intercept = [](Batch& batch) {
    for (auto event : batch) event.set_body(std::string(event.body()) + "a");
    return Done();
  };
  scripts()["interceptors.b"].intercept = [](Batch& batch) {
    batch.drop(0);
    return Done();
  };
  auto chain = bench.chain({"interceptors.a", "interceptors.b"});
  ASSERT_TRUE(chain->open());
  chain->submit(in_flight({"1", "2"}, "here"));
  const auto through = chain->next(nanoseconds{0});
  ASSERT_TRUE(through);
  EXPECT_EQ(texts(through->batch, "body"), (Texts{"2a"}));
  EXPECT_EQ(through->batch.position, "here");
  EXPECT_EQ(through->end, 2u);
  EXPECT_EQ(bench.metrics.value("interceptors.b", "rows_in"), 2);
  EXPECT_EQ(bench.metrics.value("interceptors.b", "rows_out"), 1);
}

TEST(ChainWorkers, give_the_rows_that_were_turned_down_beside_the_batch) {
  TestBench bench;
  scripts()["interceptors.a"].intercept = [](Batch& batch) {
    for (auto event : batch)
      if (event.body() == "bad") event.reject("it is bad");
    return Done();
  };
  auto chain = bench.chain({"interceptors.a"});
  chain->submit(in_flight({"good", "bad"}));
  const auto through = chain->next(nanoseconds{0});
  EXPECT_EQ(texts(through->batch, "body"), (Texts{"good"}));
  ASSERT_EQ(through->rejected_rows.size(), 1u);
  EXPECT_EQ(through->rejected_rows[0].component, "interceptors.a");
  EXPECT_EQ(texts(through->rejected_rows[0].rows, "reason"), (Texts{"it is bad"}));
  ASSERT_EQ(through->account.counts.size(), 1u);
  EXPECT_EQ(through->account.counts[0].outcome, Outcome::dead_letters);
  EXPECT_EQ(bench.metrics.value("interceptors.a", "rows_rejected"), 1);
}

TEST(ChainWorkers, reject_the_whole_batch_when_the_interceptor_says_so) {
  TestBench bench;
  scripts()["interceptors.a"].answers["intercept"] = {reject("none of it")};
  auto chain = bench.chain({"interceptors.a", "interceptors.b"});
  chain->submit(in_flight({"1", "2"}));
  const auto through = chain->next(nanoseconds{0});
  ASSERT_TRUE(through);
  EXPECT_EQ(through->batch.rows(), 0);
  EXPECT_EQ(through->batch.position, "p");
  ASSERT_EQ(through->rejected_rows.size(), 1u);
  EXPECT_EQ(texts(through->rejected_rows[0].rows, "reason"), (Texts{"none of it", "none of it"}));
}

TEST(ChainWorkers, count_what_an_interceptor_leaves_out) {
  TestBench bench;
  scripts()["interceptors.a"].intercept = [](Batch& batch) {
    batch.drop(0);
    return Done();
  };
  auto chain = bench.chain({"interceptors.a"});
  chain->submit(in_flight({"1", "2"}));
  const auto through = chain->next(nanoseconds{0});
  ASSERT_EQ(through->account.counts.size(), 1u);
  EXPECT_EQ(through->account.counts[0].outcome, Outcome::filtered);
  EXPECT_EQ(through->account.counts[0].rows, 1);
}

TEST(ChainWorkers, give_the_same_batch_again_to_one_that_may_turn_nothing_down) {
  TestBench bench;
  bool refuses = true;
  scripts()["interceptors.a"].intercept = [&](Batch& batch) {
    for (auto event : batch) {
      if (refuses && event.body() == "2") event.reject("two");
      else event.set_body(std::string(event.body()) + "a");
    }
    return Done();
  };
  auto chain = bench.chain({"interceptors.a"}, 1, OnReject::block);
  chain->submit(in_flight({"1", "2"}));
  EXPECT_EQ(chain->next(nanoseconds{0}).code(), Code::idle);
  refuses = false;
  bench.clock.advance(std::chrono::seconds(2));
  const auto through = chain->next(nanoseconds{0});
  ASSERT_TRUE(through);
  EXPECT_EQ(texts(through->batch, "body"), (Texts{"1a", "2a"}));
  EXPECT_TRUE(through->account.counts.empty());
}

TEST(ChainWorkers, go_on_at_the_interceptor_that_failed_after_a_pause) {
  TestBench bench;
  scripts()["interceptors.a"].intercept = [](Batch& batch) {
    for (auto event : batch) event.set_body(std::string(event.body()) + "a");
    return Done();
  };
  scripts()["interceptors.b"].answers["intercept"] = {retry("not now")};
  auto chain = bench.chain({"interceptors.a", "interceptors.b"});
  chain->submit(in_flight({"1"}));
  EXPECT_EQ(chain->next(nanoseconds{0}).code(), Code::idle);
  EXPECT_EQ(chain->next(nanoseconds{0}).code(), Code::idle);
  bench.clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(texts(chain->next(nanoseconds{0})->batch, "body"), (Texts{"1a"}));
}

TEST(ChainWorkers, contain_an_exception_as_fatal_with_its_text) {
  TestBench bench;
  scripts()["interceptors.a"].intercept = [](Batch&) -> Done { throw std::runtime_error("out of ideas"); };
  auto chain = bench.chain({"interceptors.a"});
  chain->submit(in_flight({"1"}));
  const auto through = chain->next(nanoseconds{0});
  EXPECT_EQ(through.code(), Code::fatal);
  EXPECT_EQ(through.error().message, "interceptors.a: out of ideas");
}

TEST(ChainWorkers, keep_the_order_however_long_each_batch_takes) {
  TestBench bench;
  // The first batch is through only after the second and third have been.
  std::latch others(2);
  scripts()["interceptors.a"].intercept = [&](Batch& batch) {
    if (batch.body()->text(0) == "1") others.wait();
    else others.count_down();
    return Done();
  };
  auto chain = bench.chain({"interceptors.a"}, 3);
  ASSERT_TRUE(chain->open());
  for (const char* row : {"1", "2", "3"}) chain->submit(in_flight({row}));
  for (const char* row : {"1", "2", "3"}) {
    auto through = chain->next(kLong);
    ASSERT_TRUE(through);
    EXPECT_EQ(texts(through->batch, "body"), (Texts{row}));
  }
  EXPECT_TRUE(chain->empty());
}

TEST(ChainWorkers, are_seen_from_outside_while_an_interceptor_does_not_come_back) {
  TestBench bench;
  std::latch inside(1), seen(1);
  scripts()["interceptors.a"].intercept = [&](Batch&) {
    inside.count_down();
    seen.wait();
    return Done();
  };
  auto chain = bench.chain({"interceptors.a"}, 2);
  ASSERT_TRUE(chain->open());
  chain->submit(in_flight({"1"}));
  inside.wait();
  bench.clock.advance(kLong);
  const auto stuck = bench.progress.stuck(bench.clock.monotonic(), kLong / 2);
  seen.count_down();
  ASSERT_EQ(stuck.size(), 1u);
  EXPECT_TRUE(stuck[0].name.starts_with("sources.clicks, worker ")) << stuck[0].name;
  EXPECT_EQ(stuck[0].duration, kLong);
  EXPECT_TRUE(chain->next(kLong));
  EXPECT_TRUE(bench.progress.stuck(bench.clock.monotonic(), kLong / 2).empty());
}

TEST(ChainWorkers, end_while_an_interceptor_fails_for_ever) {
  TestBench bench;
  for (int time = 0; time < 1000; ++time) scripts()["interceptors.a"].answers["intercept"].push_back(retry("never"));
  auto chain = bench.chain({"interceptors.a"}, 2);
  ASSERT_TRUE(chain->open());
  chain->submit(in_flight({"1"}));
  EXPECT_EQ(chain->next(nanoseconds{0}).code(), Code::idle);
}

}  // namespace
}  // namespace levada::agent
