// Positions as text, and restarts with bodies that are damaged, gone, or of nobody any more.
#include <gtest/gtest.h>

#include "fetch_test_bench.h"
#include "position.h"

namespace levada::http_fetch {
namespace {

class RestartTest : public FetchTestBench {
 protected:
  RestartTest() { host.set_until_drained(true); }
  std::string body_path(const std::string& file) { return host.data_dir() + "/bodies/" + file; }
  // One batch of few rows; what is behind it stays on disk.
  void read_a_part() {
    for (int polls = 0; polls < 100 && positions.empty(); ++polls) {
      const auto batch = source->poll(std::chrono::milliseconds(100));
      if (batch) positions[batch->stream] = batch->position;
    }
    EXPECT_EQ(positions.size(), 1u);
  }
  static std::string lines(int count) {
    std::string all;
    for (int at = 0; at < count; ++at) all += "row " + std::to_string(at) + "\n";
    return all;
  }
};

TEST(FetchPosition, is_read_as_it_was_written) {
  FetchPosition position;
  position.round = 7;
  position.number = 3;
  position.place = {1234, true, true};
  position.is_over = true;
  position.fetched_ns = 1'767'225'600'000'000'000;
  position.version = {1, UINT64_MAX, 99, "W/\"a\tb%\n\"", "Thu, 01 Jan 2026 00:00:00 GMT"};
  position.next = "https://example.com/?a=b\tc";
  const auto again = parse_position(text_of(position));
  ASSERT_TRUE(again);
  EXPECT_EQ(text_of(*again), text_of(position));
  EXPECT_EQ(again->version, position.version);
  EXPECT_EQ(again->next, position.next);
  EXPECT_TRUE(again->is_over && again->place.in_array && again->place.in_long_row);
  EXPECT_EQ(again->place.offset, 1234u);
  for (const char* none : {"", "fetch1", "fetch2\t1", "tail1 0 0", "fetch1\tx\t1\t1\t1\t1\t1\t1\t1\ta\tb\tc"})
    EXPECT_FALSE(parse_position(none)) << none;
}

TEST_F(RestartTest, a_damaged_body_is_fetched_again) {
  TestServer server([](const auto&) { return answer(200, lines(3)); });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read().size(), 3u);
  auto text = host.files().read_file(body_path("a.1.body"));
  text[text.size() / 2] ^= 1;
  host.files().write_file(body_path("a.1.body"), text);
  positions.clear();
  start();
  EXPECT_TRUE(host.logged("a.1.body is damaged"));
  EXPECT_EQ(read(), (Texts{"row 0", "row 1", "row 2"}));
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(RestartTest, a_body_that_is_gone_amid_its_rows_is_fetched_again_as_another_one) {
  TestServer server([](const auto&) { return answer(200, lines(100)); });
  options = "read_bytes = 100\nurls = { a = \"" + server.url() + "/a\" }";
  start();
  read_a_part();
  host.files().remove_file(body_path("a.1.body"));
  start();
  EXPECT_EQ(read().size(), 100u);
  EXPECT_TRUE(jumped);
  EXPECT_TRUE(host.logged("its rows may come twice"));
}

TEST_F(RestartTest, what_nobody_wants_any_more_and_what_was_begun_is_removed) {
  TestServer server([](const auto&) { return answer(200, lines(3)); });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read().size(), 3u);
  host.files().write_file(body_path("b.part"), "half");
  EXPECT_EQ(bodies(), (Texts{"a.1.body", "b.part"}));
  options = "urls = { b = \"" + server.url() + "/b\" }";
  positions.clear();
  start();
  EXPECT_EQ(bodies(), Texts());
  EXPECT_TRUE(host.logged("a is configured no more"));
  EXPECT_EQ(read().size(), 3u);
}

TEST_F(RestartTest, a_position_of_another_source_is_left_out) {
  TestServer server([](const auto&) { return answer(200, lines(1)); });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  positions["a"] = "tail1 0 0";
  start();
  EXPECT_TRUE(host.logged("was not given by http_fetch"));
  EXPECT_EQ(read(), Texts{"row 0"});
}

}  // namespace
}  // namespace levada::http_fetch
