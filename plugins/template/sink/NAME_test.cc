#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "@NAME@.h"

using namespace levada::testkit;

TEST(@CLASS@, appends_lines_when_it_commits) {
  FakeHost host;
  auto made = @CLASS@::create({.path = "/out/lines"}, host.host());
  ASSERT_TRUE(made) << made.error().message;
  auto& sink = **made;
  ASSERT_TRUE(sink.open());
  ASSERT_TRUE(sink.recover());
  auto batch = batch_of({"one", "two"});
  ASSERT_TRUE(sink.write(batch, {}));
  EXPECT_EQ(host.files().read_file("/out/lines"), "");
  levada::Batch rejected;
  ASSERT_TRUE(sink.commit({}, {}, rejected));
  EXPECT_EQ(host.files().read_file("/out/lines"), "one\ntwo\n");
}

TEST(@CLASS@, cuts_half_a_line_that_a_crash_left) {
  FakeHost host;
  host.files().write_file("/out/lines", "one\ntw");
  auto made = @CLASS@::create({.path = "/out/lines"}, host.host());
  ASSERT_TRUE((*made)->open());
  ASSERT_TRUE((*made)->recover());
  EXPECT_EQ(host.files().read_file("/out/lines"), "one\n");
}

// What every sink must do: docs/spec/sink.md of levada.
LEVADA_CONFORMANCE(@NAME@, [] {
  auto tested = subject("@NAME@", "path = \"/out/lines\"");
  tested.bodies = {"one", "two", "a body that is longer than twelve bytes", "four"};
  tested.refused = {{"path = \"lines\"", "path"}};
  return tested;
});
