// A Kafka source on a host and a broker that tests control.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/mock_cluster.h"
#include "kafka_source.h"
#include "levada/testkit/arrow_check.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"

namespace levada::kafka_source {

inline constexpr std::chrono::seconds kDeadline{60};

// One agent: its source, and what its sinks would keep.
class Agent {
 public:
  using Settings = KafkaSource::Settings;

  explicit Agent(const MockCluster& kafka) : host_("sources.clicks") {
    settings.brokers = kafka.brokers();
    settings.topics = {"clicks"};
    settings.columns = {"topic", "partition", "offset", "timestamp", "key"};
    // What takes librdkafka and its mock broker seconds or minutes by default.
    set("session.timeout.ms", "1000");
    set("heartbeat.interval.ms", "50");
    set("topic.metadata.refresh.interval.ms", "200");
    set("retry.backoff.ms", "10");
  }

  // A property in the table `librdkafka`.
  void set(const char* property, const char* value) {
    levada_value item{};
    item.type = LEVADA_STRING;
    item.set = 1;
    item.key = detail::bytes(property);
    item.text = detail::bytes(value);
    const auto same = std::find_if(properties_.begin(), properties_.end(), [&](const levada_value& each) {
      return std::string_view(each.key.data, each.key.size) == property;
    });
    if (same != properties_.end()) *same = item;
    else properties_.push_back(item);
    table_.type = LEVADA_TREE;
    table_.set = 1;
    table_.items = properties_.data();
    table_.count = properties_.size();
    settings.librdkafka = Tree(table_);
  }

  Settings settings;
  testkit::FakeHost& host() { return host_; }
  KafkaSource& source() { return *source_; }

  // A new instance, opened where the sinks stand.
  void start(const std::vector<Position>& checkpoints = {}) {
    auto made = KafkaSource::create(settings, host_.host());
    ASSERT_TRUE(made) << made.error().message;
    source_ = *std::move(made);
    const auto done = source_->open(checkpoints);
    ASSERT_TRUE(done) << done.error().message;
  }
  void stop() { source_.reset(); }

  // One poll; the rows go to `rows`, and where they end to `positions`. Time passes for the host.
  Code poll() {
    host_.clock().advance(std::chrono::milliseconds(200));
    auto batch = source_->poll(std::chrono::milliseconds(20));
    if (!batch) {
      message = batch.error().message;
      return batch.code();
    }
    levada_batch shared;
    batch->share(shared);
    EXPECT_EQ(testkit::fault_of(shared), "");
    detail::release(shared);
    const auto bodies = testkit::texts(*batch, "body");
    if (batch->rows() > 0) rows[batch->stream].insert(rows[batch->stream].end(), bodies.begin(), bodies.end());
    positions[batch->stream] = batch->position;
    jumps += batch->jump;
    last = *std::move(batch);
    return Code::ok;
  }
  // Polls until that is so; false where it takes too long.
  template <class Condition>
  bool poll_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      poll();
    }
    return true;
  }
  bool poll_to_end() {
    return poll_until([this, code = Code::ok]() mutable { return (code = poll()) == Code::end; });
  }
  // All that has come is stored.
  void acknowledge() {
    for (const auto& [stream, position] : positions) EXPECT_TRUE(source_->acknowledge(stream, position));
  }
  size_t count() const {
    size_t all = 0;
    for (const auto& [stream, each] : rows) all += each.size();
    return all;
  }
  std::vector<Position> checkpoints() const {
    std::vector<Position> all;
    for (const auto& [stream, position] : positions) all.push_back({stream, position, 0});
    return all;
  }

  std::map<std::string, std::vector<std::string>> rows;
  std::map<std::string, std::string> positions;
  Batch last;
  int jumps = 0;  // Batches that said so.
  std::string message;

 private:
  std::vector<levada_value> properties_;
  levada_value table_{};
  testkit::FakeHost host_;
  std::unique_ptr<KafkaSource> source_;
};

// "PARTITION:from" .. "PARTITION:to-1", as produce_numbers has them.
inline std::vector<std::string> numbers(int partition, int from, int to) {
  std::vector<std::string> all;
  for (int number = from; number < to; ++number)
    all.push_back(std::to_string(partition) + ":" + std::to_string(number));
  return all;
}

}  // namespace levada::kafka_source
