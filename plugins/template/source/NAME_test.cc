#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "@NAME@.h"

using namespace levada::testkit;

TEST(@CLASS@, counts_in_batches_and_ends) {
  FakeHost host;
  auto made = @CLASS@::create({.rows = 3, .batch_rows = 2}, host.host());
  ASSERT_TRUE(made) << made.error().message;
  auto& source = **made;
  ASSERT_TRUE(source.open({}));
  EXPECT_EQ(texts(*source.poll({}), "body"), (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(texts(*source.poll({}), "body"), std::vector<std::string>{"2"});
  EXPECT_EQ(source.poll({}).code(), levada::Code::end);
}

TEST(@CLASS@, goes_on_where_downstream_stands) {
  FakeHost host;
  auto made = @CLASS@::create({.rows = 3, .batch_rows = 2}, host.host());
  const levada::Position position{"", "2"};
  ASSERT_TRUE((*made)->open({&position, 1}));
  EXPECT_EQ(texts(*(*made)->poll({}), "body"), std::vector<std::string>{"2"});
}

// What every source must do: docs/spec/source.md of levada.
LEVADA_CONFORMANCE(@NAME@, [] {
  auto tested = subject("@NAME@", "rows = 10\nbatch_rows = 3");
  tested.refused = {{"rows = -1", "rows"}, {"batch_rows = 0", "batch_rows"}};
  return tested;
});
