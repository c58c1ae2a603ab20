// For tests of the detectors: rows go through an instance in batches, one that is replaced by
// another with its state after each if the test wants so, and what comes out is text.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "levada/testkit/fake_host.h"

namespace levada::analytics {

using Lines = std::vector<std::string>;

// The rows as "name=value name=value", without the columns that are null.
inline Lines lines_of(const Batch& batch) {
  Lines lines(static_cast<size_t>(batch.rows()));
  for (const auto& column : batch.columns()) {
    const auto values = testkit::texts(batch, column.name());
    for (size_t row = 0; row < lines.size(); ++row) {
      if (values[row] == "<null>") continue;
      if (!lines[row].empty()) lines[row] += ' ';
      lines[row] += column.name() + '=' + values[row];
    }
  }
  return lines;
}

// A row of a test: its time in seconds, and texts by the names of their columns.
struct TestRow {
  int64_t time;
  std::vector<std::string> values;
};

class DetectorBench {
 public:
  using Make = std::function<std::unique_ptr<StatefulInterceptor>(Host)>;

  DetectorBench(std::vector<std::string> columns, Make make) : columns_(std::move(columns)), make_(std::move(make)) {}

  // All that comes out of the rows and of their end. `cut` gives the size of the next batch.
  Lines run(const std::vector<TestRow>& rows, const std::function<size_t()>& cut, bool restarts) {
    auto instance = make_(host_.host());
    whole_.clear();
    Lines all;
    for (size_t at = 0; at < rows.size();) {
      const size_t end = std::min(rows.size(), at + cut());
      auto batch =
          batch_of({rows.begin() + static_cast<std::ptrdiff_t>(at), rows.begin() + static_cast<std::ptrdiff_t>(end)});
      at = end;
      EXPECT_TRUE(instance->intercept(batch));
      EXPECT_TRUE(batch.rejections().empty()) << batch.rejections()[0].reason;
      add(batch, all);
      if (restarts) restart(instance);
    }
    for (;;) {
      auto batch = instance->advance({}, true);
      if (!batch) break;
      EXPECT_GT(batch->rows(), 0);
      add(*batch, all);
    }
    return all;
  }
  Lines run(const std::vector<TestRow>& rows) {
    return run(rows, [&] { return std::max<size_t>(1, rows.size()); }, false);
  }
  // The same comes out whole, in batches of any size, with an instance for each batch, and of rows
  // that are shuffled within the lateness that `make` gave. Rows of one time may change places, so
  // the test says by its rows whether that matters.
  void expect_however_it_comes(const std::vector<TestRow>& rows, const Lines& expected, std::mt19937_64& random) {
    const auto any = [&] { return 1 + random() % 20; };
    EXPECT_EQ(run(rows), expected);
    EXPECT_EQ(run(rows, any, false), expected);
    EXPECT_EQ(run(rows, any, true), expected);
  }
  // Rows with times that are up to so many seconds out of order, those of one time as they were.
  static std::vector<TestRow> shuffled(const std::vector<TestRow>& rows, int64_t seconds, std::mt19937_64& random) {
    std::vector<std::pair<int64_t, size_t>> order;
    int64_t shift = 0;
    for (size_t row = 0; row < rows.size(); ++row) {
      if (row == 0 || rows[row].time != rows[row - 1].time)
        shift = static_cast<int64_t>(random() % static_cast<uint64_t>(seconds));
      order.emplace_back(rows[row].time + shift, row);
    }
    std::sort(order.begin(), order.end());
    std::vector<TestRow> out;
    for (const auto& [time, row] : order) out.push_back(rows[row]);
    return out;
  }

  testkit::FakeHost& host() { return host_; }
  Batch batch_of(const std::vector<TestRow>& rows) const {
    Batch batch(static_cast<int64_t>(rows.size()));
    ValueBuilder<int64_t> times;
    for (const auto& row : rows) times.append(row.time);
    batch.set(std::move(times).finish("time", Type::int64));
    for (size_t column = 0; column < columns_.size(); ++column) {
      TextBuilder texts;
      for (const auto& row : rows)
        row.values[column] == "<null>" ? texts.append_null() : texts.append(row.values[column]);
      batch.set(std::move(texts).finish(columns_[column], Type::text));
    }
    return batch;
  }

 private:
  static void add(const Batch& batch, Lines& all) {
    const auto lines = lines_of(batch);
    all.insert(all.end(), lines.begin(), lines.end());
  }
  // Another instance has the same state by what was saved whole and the changes since. At times it
  // goes on in place of the one that was there.
  void restart(std::unique_ptr<StatefulInterceptor>& instance) {
    std::string state, again;
    const bool knows_changes = !whole_.empty() && instance->save_changes(changes_.emplace_back()).ok();
    EXPECT_TRUE(instance->save(state));
    if (!knows_changes) {
      whole_ = state;
      changes_.clear();
    }
    auto other = make_(host_.host());
    const auto loaded = other->load(whole_);
    EXPECT_TRUE(loaded) << loaded.error().message;
    for (const auto& changes : changes_) EXPECT_TRUE(other->load_changes(changes));
    EXPECT_TRUE(other->save(again));
    EXPECT_EQ(state.size(), again.size());
    // No part of a state is one.
    auto third = make_(host_.host());
    EXPECT_EQ(third->load(std::string_view(state).substr(0, state.size() / 2)).code(), Code::fatal);
    if (++restarts_ % 3 != 0) return;
    instance = std::move(other);
    whole_.clear();
  }

  testkit::FakeHost host_;
  const std::vector<std::string> columns_;
  const Make make_;
  std::string whole_;
  Lines changes_;
  int restarts_ = 0;
};

}  // namespace levada::analytics
