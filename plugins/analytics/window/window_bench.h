// What tests of windows share: rows in, lines of text out.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "levada/testkit/fake_host.h"
#include "window_interceptor.h"

namespace levada::window {

using std::chrono::seconds;
using testkit::text_column;
using testkit::texts;
using testkit::value_column;
using Texts = std::vector<std::string>;

constexpr int64_t kNull = INT64_MIN;

struct Row {
  int64_t time;
  std::string key;  // "<null>": none.
  int64_t value;    // kNull: none.
};

class WindowBench : public testing::Test {
 protected:
  WindowBench() {
    settings_.time = "time";
    settings_.unit = TimeUnit::s;
    settings_.size = seconds(10);
    settings_.keys = {"key"};
    settings_.aggregates = {{"rows", "count"}};
  }
  std::unique_ptr<WindowInterceptor> make() {
    auto made = WindowInterceptor::create(settings_, host_.host());
    EXPECT_TRUE(made) << made.error().option << ": " << made.error().message;
    return *std::move(made);
  }
  std::string fault() {
    const auto made = WindowInterceptor::create(settings_, host_.host());
    return made ? "none" : made.error().option + ": " + made.error().message;
  }
  static Batch batch_of(std::span<const Row> rows, const std::string& stream = "") {
    Batch batch(static_cast<int64_t>(rows.size()));
    std::vector<std::optional<int64_t>> times, values;
    std::vector<std::optional<std::string>> keys;
    for (const auto& row : rows) {
      times.emplace_back(row.time);
      values.push_back(row.value == kNull ? std::nullopt : std::optional(row.value));
      keys.push_back(row.key == "<null>" ? std::nullopt : std::optional(row.key));
    }
    batch.set(value_column<int64_t>("time", Type::int64, times));
    batch.set(text_column("key", keys));
    batch.set(value_column<int64_t>("value", Type::int64, values));
    batch.stream = stream;
    return batch;
  }
  // "start key aggregate ...", times in seconds; without the end of the window.
  static Texts lines(const Batch& batch) {
    Texts all(static_cast<size_t>(batch.rows()));
    for (const auto& column : batch.columns()) {
      if (column.name() == "window_end") continue;
      const auto values = texts(batch, column.name());
      for (size_t row = 0; row < all.size(); ++row) {
        if (!all[row].empty()) all[row] += ' ';
        all[row] += column.name() == "window_start" ? std::to_string(std::stoll(values[row]) / 1'000'000) : values[row];
      }
    }
    return all;
  }
  static Texts take(WindowInterceptor& window, std::vector<Row> rows, const std::string& stream = "") {
    auto batch = batch_of(rows, stream);
    EXPECT_TRUE(window.intercept(batch));
    return lines(batch);
  }
  static Texts take(WindowInterceptor& window, std::initializer_list<Row> rows) {
    return take(window, std::vector<Row>(rows));
  }
  static Texts rest(WindowInterceptor& window, bool ended = true) {
    Texts all;
    for (;;) {
      const auto given = window.advance({}, ended);
      if (!given) {
        EXPECT_EQ(given.code(), Code::idle);
        return all;
      }
      const auto more = lines(*given);
      all.insert(all.end(), more.begin(), more.end());
    }
  }
  static std::string saved(WindowInterceptor& window) {
    std::string state;
    EXPECT_TRUE(window.save(state));
    return state;
  }

  // More keys than go into a batch, which all are over at once; with a restart behind the first.
  void expect_many_keys_in_batches() {
    settings_.keys = {"value"};
    auto window = make();
    std::vector<Row> rows;
    for (int64_t row = 0; row < 150'000; ++row) rows.push_back({100, "a", 149'999 - row});
    take(*window, rows);
    auto given = take(*window, {{110, "a", 7}});
    EXPECT_EQ(given.size(), 65'536u);
    EXPECT_EQ(window->deadline(), std::chrono::nanoseconds(0));
    const auto state = saved(*window);
    window = make();
    ASSERT_TRUE(window->load(state));
    EXPECT_EQ(window->deadline(), std::chrono::nanoseconds(0));
    const auto more = rest(*window, false);
    given.insert(given.end(), more.begin(), more.end());
    ASSERT_EQ(given.size(), 150'000u);
    for (size_t row = 0; row < given.size(); ++row) ASSERT_EQ(given[row], "100 " + std::to_string(row) + " 1");
    EXPECT_EQ(rest(*window), Texts{"110 7 1"});
  }
  // By that option: of another length, and of another kind.
  void expect_other_windows_refused(std::optional<std::chrono::nanoseconds> WindowInterceptor::Settings::* length) {
    const auto window = make();
    take(*window, {{100, "a", 1}});
    const auto state = saved(*window);
    settings_.*length = seconds(11);
    EXPECT_EQ(make()->load(state).code(), Code::reject);
    settings_.*length = std::nullopt;
    settings_.size = seconds(10);
    EXPECT_EQ(make()->load(state).code(), Code::reject);
    EXPECT_EQ(window->load("rubbish").code(), Code::fatal);
    EXPECT_EQ(saved(*window), state);
  }

  testkit::FakeHost host_;
  WindowInterceptor::Settings settings_;
};

}  // namespace levada::window
