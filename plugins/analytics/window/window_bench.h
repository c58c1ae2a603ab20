// What tests of windows share: rows in, lines of text out.
#pragma once

#include <gtest/gtest.h>

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

  testkit::FakeHost host_;
  WindowInterceptor::Settings settings_;
};

}  // namespace levada::window
