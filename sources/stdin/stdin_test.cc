// What the stdin source promises, over a pipe.
#include "stdin.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "levada/testkit/fake_host.h"

namespace levada::stdin_source {
namespace {

using namespace std::chrono_literals;
using testkit::texts;
using Texts = std::vector<std::string>;

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends), 0); }
  ~Pipe() {
    ::close(ends[0]);
    close();
  }
  void write(std::string_view text) {
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  int ends[2];
};

class StdinTest : public testing::Test {
 protected:
  StdinTest() { settings.line_bytes = settings.read_bytes = {1 << 20}; }
  void start(std::string position = "") {
    source = *Stdin::create(settings, host.host(), pipe.ends[0]);
    const Position at{"", std::move(position), 0};
    ASSERT_TRUE(source->open({&at, at.position.empty() ? 0u : 1u}).ok());
  }

  testkit::FakeHost host{"sources.test"};
  Pipe pipe;
  Stdin::Settings settings;
  std::unique_ptr<Stdin> source;
};

TEST_F(StdinTest, gives_the_lines_that_are_there_and_counts_bytes) {
  start();
  pipe.write("first\r\nsecond\nthi");
  auto batch = source->poll(0s);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(texts(*batch, "body"), (Texts{"first", "second"}));
  EXPECT_EQ(batch->position, "14");
  EXPECT_EQ(batch->columns().size(), 1u);
  pipe.write("rd\n");
  batch = source->poll(0s);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(texts(*batch, "body"), Texts{"third"});
  EXPECT_EQ(batch->position, "20");
}

TEST_F(StdinTest, is_idle_while_nothing_comes) {
  start();
  EXPECT_EQ(source->poll(1ms).code(), Code::idle);
  pipe.write("no line end yet");
  EXPECT_EQ(source->poll(1ms).code(), Code::idle);
}

TEST_F(StdinTest, ends_with_its_input_and_gives_the_last_line_before) {
  start();
  pipe.write("1\n2");
  pipe.close();
  auto batch = source->poll(1s);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(texts(*batch, "body"), (Texts{"1", "2"}));
  EXPECT_EQ(source->poll(1s).code(), Code::end);
  EXPECT_EQ(source->poll(1s).code(), Code::end);
}

TEST_F(StdinTest, ends_at_once_without_input) {
  start();
  pipe.close();
  EXPECT_EQ(source->poll(1s).code(), Code::end);
}

TEST_F(StdinTest, waits_when_its_input_has_nothing_to_read_although_it_said_so) {
  start();
  ASSERT_EQ(::fcntl(pipe.ends[0], F_SETFL, O_NONBLOCK), 0);
  pipe.write("1\n");
  ASSERT_TRUE(source->poll(0s).ok());
  EXPECT_EQ(source->poll(0s).code(), Code::idle);
}

TEST_F(StdinTest, counts_on_after_a_restart_and_cannot_go_back) {
  start("100");
  EXPECT_FALSE(source->replays());
  pipe.write("1\n");
  auto batch = source->poll(0s);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->position, "102");
  EXPECT_TRUE(source->acknowledge("", batch->position).ok());
}

TEST_F(StdinTest, turns_down_lines_that_are_too_long) {
  settings.line_bytes = {10};
  settings.read_bytes = {64};
  start();
  std::string lines(200, 'x');
  pipe.write(lines += "\nshort\n");
  Texts rows, reasons;
  while (true) {
    auto batch = source->poll(0s);
    if (!batch) break;
    for (auto& row : texts(*batch, "body")) rows.push_back(row);
    if (batch->find("reason"))
      for (auto& reason : texts(*batch, "reason")) reasons.push_back(reason);
  }
  EXPECT_EQ(rows, (Texts{"xxxxxxxxxx", "short"}));
  EXPECT_NE(reasons.front(), "<null>");
  EXPECT_EQ(host.count("lines_too_long"), 1);
}

TEST_F(StdinTest, gives_many_short_lines_in_several_batches) {
  start();
  std::string text(65'536, '\n');
  size_t rows = 0;
  for (int part = 0; part < 3; ++part) {
    pipe.write(text);
    auto batch = source->poll(0s);
    ASSERT_TRUE(batch.ok());
    rows += static_cast<size_t>(batch->rows());
  }
  EXPECT_EQ(rows, 3 * text.size());
}

TEST_F(StdinTest, says_that_its_input_is_closed) {
  source = *Stdin::create(settings, host.host(), 9999);
  ASSERT_TRUE(source->open({}).ok());
  EXPECT_EQ(source->poll(0s).code(), Code::fatal);
}

TEST_F(StdinTest, refuses_settings_that_make_no_sense) {
  const auto option_at_fault = [&](auto change) {
    auto changed = settings;
    change(changed);
    auto made = Stdin::create(changed, host.host());
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(option_at_fault([](auto&) {}), "none");
  EXPECT_EQ(option_at_fault([](auto& s) { s.line_bytes = {0}; }), "line_bytes");
  EXPECT_EQ(option_at_fault([](auto& s) { s.read_bytes = {1}; }), "read_bytes");
  EXPECT_EQ(option_at_fault([](auto& s) { s.headers = {{"body", "x"}}; }), "headers.body");
}

}  // namespace
}  // namespace levada::stdin_source
