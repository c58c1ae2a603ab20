// What is known of the Idempotency-Keys, over restarts and failures of the disk.
#include "http_server/key_table.h"

#include <gtest/gtest.h>

#include "levada/testkit/fake_host.h"
#include "levada/testkit/fault_step.h"

namespace levada::http_server {
namespace {

using namespace std::chrono_literals;

class KeyTableTest : public testing::Test {
 protected:
  std::unique_ptr<KeyTable> open(uint64_t stored, const std::string& stream = "logs") {
    auto table = std::make_unique<KeyTable>(host.host(), 60s, 10'000);
    auto opened = table->open({{stream, stored}});
    EXPECT_TRUE(opened) << opened.error().message;
    return table;
  }
  KeyTable::Given given(std::string key, uint64_t number, std::string stream = "logs") {
    return {.key = std::move(key),
            .fingerprint = 7,
            .stream = std::move(stream),
            .number = number,
            .id = "an id",
            .status = 201,
            .rows = 3,
            .time = host.host().now()};
  }

  testkit::FakeHost host{"sources.test"};
};

TEST_F(KeyTableTest, knows_after_a_restart_what_was_stored_and_nothing_else) {
  {
    auto table = open(0);
    ASSERT_TRUE(table->write({given("/logs a\tb\n%", 1), given("/logs b", 1)}));
    ASSERT_TRUE(table->write({given("/logs c", 2), given("/x d", 1, "x")}));
    EXPECT_EQ(table->find("/logs b"), nullptr);
    table->add(given("/logs b", 1));
    ASSERT_NE(table->find("/logs b"), nullptr);
  }
  auto table = open(1);
  const auto* found = table->find("/logs a\tb\n%");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->fingerprint, 7u);
  EXPECT_EQ(found->stream, "logs");
  EXPECT_EQ(found->number, 1u);
  EXPECT_EQ(found->id, "an id");
  EXPECT_EQ(found->status, 201);
  EXPECT_EQ(found->rows, 3u);
  EXPECT_NE(table->find("/logs b"), nullptr);
  EXPECT_EQ(table->find("/logs c"), nullptr);
  EXPECT_EQ(table->find("/x d"), nullptr);
}

// The number of a batch that was never stored goes to another.
TEST_F(KeyTableTest, forgets_for_good_what_was_not_stored_at_a_restart) {
  ASSERT_TRUE(open(0)->write({given("/logs lost", 1)}));
  ASSERT_TRUE(open(0)->write({given("/logs other", 1)}));
  auto table = open(1);
  EXPECT_EQ(table->find("/logs lost"), nullptr);
  EXPECT_NE(table->find("/logs other"), nullptr);
}

TEST_F(KeyTableTest, forgets_keys_when_their_time_is_over_or_they_are_too_many) {
  auto table = open(0);
  table->add(given("old", 1));
  host.clock().advance(61s);
  EXPECT_EQ(table->find("old"), nullptr);
  for (uint64_t number = 0; number < 10'001; ++number) table->add(given(std::to_string(number), number));
  EXPECT_EQ(table->find("0"), nullptr);
  EXPECT_NE(table->find("1"), nullptr);
  EXPECT_NE(table->find("10000"), nullptr);
}

TEST_F(KeyTableTest, the_file_stays_small_however_many_keys_come) {
  auto table = open(0);
  for (uint64_t number = 1; number < 300; ++number) {
    std::vector<KeyTable::Given> all;
    for (int key = 0; key < 100; ++key) all.push_back(given(std::to_string(number * 100 + key), number));
    ASSERT_TRUE(table->write(all));
    for (auto& each : all) table->add(std::move(each));
  }
  levada_file_info info{};
  ASSERT_EQ(host.host().files().stat(host.data_dir() + "/keys", info), 0);
  EXPECT_LT(info.bytes, 30'000u * 80);
  auto again = open(299);
  EXPECT_NE(again->find("29999"), nullptr);
  EXPECT_NE(again->find("20000"), nullptr);
  EXPECT_EQ(again->find("100"), nullptr);
}

TEST_F(KeyTableTest, a_line_that_is_cut_off_or_damaged_is_none) {
  ASSERT_TRUE(open(0)->write({given("/logs a", 1), given("/logs b", 1)}));
  const auto path = host.data_dir() + "/keys";
  auto text = *host.host().files().read_whole(path);
  ASSERT_TRUE(host.host().files().replace(path, text.substr(0, text.size() - 3)));
  EXPECT_NE(open(1)->find("/logs a"), nullptr);
  ASSERT_TRUE(host.host().files().replace(path, text.substr(0, text.size() - 3)));
  EXPECT_EQ(open(1)->find("/logs b"), nullptr);
  text[text.find("/logs a") + 6] = 'c';
  ASSERT_TRUE(host.host().files().replace(path, text));
  auto table = open(1);
  EXPECT_EQ(table->find("/logs c"), nullptr);
  EXPECT_NE(table->find("/logs b"), nullptr);
  ASSERT_TRUE(host.host().files().replace(path, "something else"));
  EXPECT_EQ(KeyTable(host.host(), 60s, 10).open({}).code(), Code::fatal);
}

TEST_F(KeyTableTest, whatever_call_to_the_disk_fails_a_key_that_was_written_is_known) {
  for (int64_t call = 1;; call += testkit::kFaultStep) {
    testkit::FakeHost broken{"sources.test"};
    auto make = [&] { return std::make_unique<KeyTable>(broken.host(), 60s, 100); };
    bool has_failed = false;
    {
      auto table = make();
      broken.files().fail_call(call, EIO);
      const auto until_good = [&](auto&& step) {
        for (auto done = step(); !done; done = step()) {
          EXPECT_EQ(done.code(), Code::retry) << done.error().message;
          EXPECT_FALSE(std::exchange(has_failed, true));
        }
      };
      until_good([&] { return table->open({}); });
      until_good([&] { return table->write({given("a", 1)}); });
      until_good([&] { return table->write({given("b", 2)}); });
    }
    broken.files().crash();
    auto table = make();
    ASSERT_TRUE(table->open({{"logs", 2}}));
    EXPECT_NE(table->find("a"), nullptr) << call;
    EXPECT_NE(table->find("b"), nullptr) << call;
    if (!has_failed) {
      EXPECT_GT(call, 3);
      break;
    }
  }
}

}  // namespace
}  // namespace levada::http_server
