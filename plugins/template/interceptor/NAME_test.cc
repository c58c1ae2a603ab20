#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "@NAME@.h"

using namespace levada::testkit;

TEST(@CLASS@, puts_the_prefix_in_front_of_each_body) {
  FakeHost host;
  auto made = @CLASS@::create({.prefix = "> "}, host.host());
  ASSERT_TRUE(made) << made.error().message;
  auto batch = batch_of({"one", "two"});
  ASSERT_TRUE((*made)->intercept(batch));
  batch.apply();
  EXPECT_EQ(texts(batch, "body"), (std::vector<std::string>{"> one", "> two"}));
}

TEST(@CLASS@, turns_empty_bodies_down) {
  FakeHost host;
  auto made = @CLASS@::create({.prefix = "> "}, host.host());
  auto batch = batch_of({"", "two"});
  ASSERT_TRUE((*made)->intercept(batch));
  batch.apply();
  EXPECT_EQ(texts(batch, "body"), std::vector<std::string>{"> two"});
  ASSERT_EQ(batch.rejections().size(), 1u);
  EXPECT_EQ(batch.rejections()[0].reason, "the body is empty");
}

// What every interceptor must do: docs/spec/interceptor.md of levada.
LEVADA_CONFORMANCE(@NAME@, [] {
  auto tested = subject("@NAME@", "prefix = \"# \"");
  tested.bodies = {"one", "", "a body that is longer than twelve bytes", "four"};
  tested.refused = {{"prefix = \"\"", "prefix"}};
  return tested;
});
