// What the console sink prints, to a pipe that the test reads.
#include "console.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::console {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;

class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() {
    EXPECT_EQ(::pipe2(ends_, O_NONBLOCK), 0);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~ConsoleTest() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  std::unique_ptr<Console> sink(ConsoleSettings::Format format = ConsoleSettings::Format::body) {
    return std::make_unique<Console>(ConsoleSettings{format}, host_.host(), ends_[1]);
  }
  // What has been printed since it was asked last.
  std::string printed() {
    std::string text;
    char part[4096];
    for (ssize_t got; (got = ::read(ends_[0], part, sizeof part)) > 0;) text.append(part, static_cast<size_t>(got));
    return text;
  }

  int ends_[2] = {};
  testkit::FakeHost host_;
  Batch rejected_;
};

TEST_F(ConsoleTest, a_commit_means_that_each_row_is_printed_as_a_line) {
  const auto console = sink();
  Batch batch = batch_of({"one", "", "three"});
  ASSERT_TRUE(console->write(batch, 0ns));
  ASSERT_TRUE(console->commit(Checkpoint(), 0ns, rejected_));
  EXPECT_EQ(printed(), "one\n\nthree\n");
}

TEST_F(ConsoleTest, prints_the_other_columns_as_json) {
  const auto console = sink(ConsoleSettings::Format::json);
  Batch batch = batch_of({"raw", "raw"});
  batch.set(testkit::value_column<int64_t>("n", Type::int64, {1, std::nullopt}));
  ASSERT_TRUE(console->write(batch, 0ns));
  ASSERT_TRUE(console->commit(Checkpoint(), 0ns, rejected_));
  EXPECT_EQ(printed(), "{\"n\":1}\n{}\n");
}

TEST_F(ConsoleTest, colors_rows_by_the_first_expression_that_matches) {
  auto highlighter = Highlighter::create({{"red", "errors|failed"}, {"green", "completed"}});
  ASSERT_TRUE(highlighter);
  Console console({}, host_.host(), ends_[1], *std::move(highlighter));
  Batch batch = batch_of({"completed_with_errors", "completed\n  5 rows", "started"});
  ASSERT_TRUE(console.write(batch, 0ns));
  ASSERT_TRUE(console.commit(Checkpoint(), 0ns, rejected_));
  EXPECT_EQ(printed(), "\x1b[1;31mcompleted_with_errors\x1b[0m\n\x1b[32mcompleted\n  5 rows\x1b[0m\nstarted\n");
}

TEST_F(ConsoleTest, refuses_colors_and_expressions_that_are_none) {
  const auto fault = [&](const char* color, const char* pattern) {
    const auto made = Console::create({.highlight = {{color, pattern}}}, host_.host());
    return made ? "none" : made.error().option + ": " + made.error().message;
  };
  EXPECT_EQ(fault("pink", "x"), "highlight.pink: is none of red, green, yellow, blue, magenta, cyan and bold");
  EXPECT_EQ(fault("red", "("), "highlight.red: missing ): (");
}

TEST_F(ConsoleTest, a_slow_reader_makes_it_wait_without_losing_or_doubling_anything) {
  const auto console = sink();
  const std::string row(1'000'000, 'x');
  Batch batch = batch_of({row});
  ASSERT_TRUE(console->write(batch, 0ns));
  Batch waiting = batch_of({"last"});
  ASSERT_EQ(console->write(waiting, 0ns).code(), Code::idle);
  EXPECT_EQ(waiting.rows(), 1);
  std::string all;
  Code code;
  while ((code = console->write(waiting, 0ns).code()) == Code::idle) all += printed();
  ASSERT_EQ(code, Code::ok);
  while ((code = console->commit(Checkpoint(), 0ns, rejected_).code()) == Code::idle) all += printed();
  ASSERT_EQ(code, Code::ok);
  EXPECT_EQ(all + printed(), row + "\nlast\n");
}

TEST_F(ConsoleTest, stops_where_nobody_reads_any_more) {
  const auto console = sink();
  ::close(ends_[0]);
  ends_[0] = -1;
  Batch batch = batch_of({"one"});
  ASSERT_TRUE(console->write(batch, 0ns));
  const Done committed = console->commit(Checkpoint(), 0ns, rejected_);
  ASSERT_EQ(committed.code(), Code::fatal);
  EXPECT_EQ(committed.error().message, "nobody reads the standard output any more");
}

LEVADA_CONFORMANCE(console, [] {
  auto tested = testkit::subject("console");
  tested.bodies = {"one", "two", "three", "four"};
  return tested;
});

}  // namespace
}  // namespace levada::console
