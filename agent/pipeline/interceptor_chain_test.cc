// What interceptors in a chain are told of the batch that comes to them.
#include "agent/pipeline/interceptor_chain.h"

#include <gtest/gtest.h>

#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using testing::Holding;
using testing::ScriptedInterceptor;
using testing::scripts;

class InterceptorChainTest : public ::testing::Test {
 protected:
  void add(const std::string& path) {
    scripts()[path].intercept = [this](Batch& batch) -> Done {
      streams_.push_back(batch.stream);
      return {};
    };
    chain_.add(InterceptorInstance(bench_.instance<ScriptedInterceptor>(
                   path, levada::interceptor<ScriptedInterceptor>("scripted", "For tests."))),
               OnReject::dead_letters, bench_.metrics);
  }
  static InFlight rows_of(const std::string& stream) {
    InFlight in_flight{.batch = testkit::batch_of({"row"})};
    in_flight.batch.stream = stream;
    return in_flight;
  }

  testing::TestBench bench_;
  InterceptorChain chain_;
  std::vector<std::string> streams_;
};

TEST_F(InterceptorChainTest, each_interceptor_sees_the_stream_that_rows_came_from) {
  add("interceptors.first");
  add("interceptors.second");
  auto in_flight = rows_of("clicks/3");
  ASSERT_TRUE(chain_.run(in_flight));
  EXPECT_EQ(streams_, (std::vector<std::string>{"clicks/3", "clicks/3"}));
  EXPECT_EQ(in_flight.batch.stream, "clicks/3");
}

TEST_F(InterceptorChainTest, rows_that_one_has_held_are_of_no_stream) {
  chain_.add(InterceptorInstance(bench_.instance<Holding>("interceptors.holding",
                                                          levada::interceptor<Holding>("holding", "For tests."))),
             OnReject::dead_letters, bench_.metrics);
  add("interceptors.behind");
  auto in_flight = rows_of("clicks/3");
  ASSERT_TRUE(chain_.run(in_flight));
  ASSERT_TRUE(chain_.advance(nanoseconds{0}, true));
  EXPECT_EQ(streams_, (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace levada::agent
