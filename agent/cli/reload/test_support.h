// For the tests of this folder: sources that count, sinks that keep what they get and fail as their
// table says, and an agent in a folder of its own with disks in memory.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/cli/reload/running_flows.h"
#include "agent/config/test_support.h"
#include "agent/env/system_clock.h"
#include "agent/observe/log.h"
#include "levada/sdk.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent::testing {

// What is outside of an agent: how many rows there are, and what was stored.
class Outside {
 public:
  void set_rows(int64_t rows) {
    const std::lock_guard lock(mutex_);
    rows_ = rows;
  }
  int64_t rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  void end() { ended_ = true; }
  bool is_at_end() const { return ended_; }

  std::vector<Position> checkpoint(const std::string& sink) const {
    const std::lock_guard lock(mutex_);
    const auto found = stored_.find(sink);
    return found == stored_.end() ? std::vector<Position>() : found->second.checkpoint;
  }
  void store(const std::string& sink, std::vector<std::string>& rows, const std::vector<Position>& checkpoint) {
    {
      const std::lock_guard lock(mutex_);
      auto& to = stored_[sink];
      to.rows.insert(to.rows.end(), rows.begin(), rows.end());
      to.checkpoint = checkpoint;
    }
    rows.clear();
    changed_.notify_all();
  }
  std::vector<std::string> stored(const std::string& sink) const {
    const std::lock_guard lock(mutex_);
    const auto found = stored_.find(sink);
    return found == stored_.end() ? std::vector<std::string>() : found->second.rows;
  }
  // Until so many are stored, or for too long.
  bool wait_for(const std::string& sink, size_t rows) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(2), [&] { return stored_[sink].rows.size() >= rows; });
  }
  // A write that fails, or hangs until the end of the test.
  void be_in_trouble(bool hangs) {
    std::unique_lock lock(mutex_);
    ++troubles_;
    changed_.notify_all();
    if (hangs) changed_.wait(lock, [&] { return released_; });
  }
  bool wait_for_trouble() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(2), [&] { return troubles_ > 0; });
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      released_ = true;
    }
    changed_.notify_all();
  }

 private:
  struct Stored {
    std::vector<std::string> rows;
    std::vector<Position> checkpoint;
  };
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int64_t rows_ = 0;
  int troubles_ = 0;
  bool released_ = false;
  std::atomic<bool> ended_{false};
  std::map<std::string, Stored> stored_;
};

inline Outside*& outside() {
  static Outside* of_test = nullptr;
  return of_test;
}

// Rows "0", "1", ... as many as there are outside.
class CountingSource final : public Source {
 public:
  struct Settings {
    bool replays;
  };
  static constexpr std::array options = {optional<&Settings::replays>("replays", "true", "Whether it can go back.")};
  static Result<std::unique_ptr<CountingSource>> create(Settings settings, Host) {
    return std::unique_ptr<CountingSource>(new CountingSource(settings));
  }
  bool replays() const override { return settings_.replays; }
  Done open(std::span<const Position> positions) override {
    next_ = positions.empty() ? 0 : std::stol(positions[0].position);
    return {};
  }
  Result<Batch> poll(std::chrono::nanoseconds) override {
    constexpr int64_t kMost = 3;
    const auto end = std::min(outside()->rows(), next_ + kMost);
    if (next_ >= end) return outside()->is_at_end() ? levada::end() : levada::idle();
    std::vector<std::string> bodies;
    for (; next_ < end; ++next_) bodies.push_back(std::to_string(next_));
    Batch batch = testkit::batch_of(bodies);
    batch.position = std::to_string(next_);
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view) override { return {}; }

 private:
  explicit CountingSource(Settings settings) : settings_(settings) {}
  const Settings settings_;
  int64_t next_ = 0;
};

// Keeps its checkpoint with its rows.
class KeepingSink final : public Sink {
 public:
  enum class Fails { nothing, create, open, opening, write, hang };
  struct Settings {
    Fails fails;
    std::string remark;
  };
  static constexpr std::array options = {
      choice<&Settings::fails>("fails", "nothing|create|open|opening|write|hang", "\"nothing\"",
                               "What fails: open for good, and opening and write for a while."),
      optional<&Settings::remark>("remark", "\"\"", "Means nothing.")};
  static Result<std::unique_ptr<KeepingSink>> create(Settings settings, Host host) {
    if (settings.fails == Fails::create) return wrong("fails", "must not be create");
    return std::unique_ptr<KeepingSink>(new KeepingSink(settings, std::string(host.component())));
  }
  bool keeps_checkpoint() const override { return true; }
  Done open() override {
    if (settings_.fails == Fails::open) return fatal("it is locked");
    if (settings_.fails == Fails::opening) return retry("nobody is there");
    return {};
  }
  Result<std::vector<Position>> recover() override {
    written_.clear();
    return outside()->checkpoint(name_);
  }
  Done write(Batch& batch, std::chrono::nanoseconds) override {
    if (settings_.fails == Fails::write || settings_.fails == Fails::hang)
      outside()->be_in_trouble(settings_.fails == Fails::hang);
    if (settings_.fails == Fails::write) return retry("nobody is there any more");
    for (const auto& text : testkit::texts(batch, "body")) written_.push_back(text);
    return {};
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds, Batch&) override {
    outside()->store(name_, written_, checkpoint.positions);
    return {};
  }

 private:
  KeepingSink(Settings settings, std::string name) : settings_(std::move(settings)), name_(std::move(name)) {}
  const Settings settings_;
  const std::string name_;
  std::vector<std::string> written_;
};

class ReloadCatalogue final : public ComponentCatalogue {
 public:
  const levada_component* find(uint32_t kind, std::string_view type) const override {
    static const auto* const source = levada::source<CountingSource>("counting", "For tests.");
    static const auto* const sink = levada::sink<KeepingSink>("keeping", "For tests.");
    if (kind == LEVADA_SOURCE && type == "counting") return source;
    if (kind == LEVADA_SINK && type == "keeping") return sink;
    return nullptr;
  }
  std::vector<std::string> names(uint32_t kind) const override {
    if (kind == LEVADA_SOURCE) return {"counting"};
    return kind == LEVADA_SINK ? std::vector<std::string>{"keeping"} : std::vector<std::string>{};
  }
};

// The parts of a configuration: a flow of a name, from a source over a channel to a sink.
struct TestFlow {
  std::string name;
  std::string channel = "type = \"memory\"";
  std::string sink = "";
  std::string source = "";

  std::string text() const {
    return "[sources." + name + "]\ntype = \"counting\"\nchannels = [\"" + name + "\"]\n" + source + "\n[channels." +
           name + "]\n" + channel + "\n[sinks." + name + "]\ntype = \"keeping\"\nchannel = \"" + name +
           "\"\ncommit_interval = \"10ms\"\nretry_initial = \"10ms\"\n" + sink + "\n";
  }
};

class ReloadBench {
 public:
  ReloadBench() {
    outside() = &world;
    set_log_level(LEVADA_ERROR + 1);  // The failures that tests cause are no news.
  }
  ~ReloadBench() { world.release(); }

  std::shared_ptr<const Configuration> configuration(const std::vector<TestFlow>& wanted,
                                                     const std::string& agent = "stop_timeout = \"60s\"") {
    std::string text = "[agent]\ndata_dir = \"/data\"\n" + agent + "\n";
    for (const auto& each : wanted) text += each.text();
    folder.write("agent.toml", text);
    auto made = std::make_shared<Configuration>();
    Diagnostics diagnostics;
    const auto document = read_document(folder.path("agent.toml"), diagnostics);
    made->agent = read_agent(*document, diagnostics);
    made->topology = read_topology(*document, catalogue, diagnostics);
    EXPECT_EQ(diagnostics.text(), "");
    return made;
  }
  void start(const std::vector<TestFlow>& wanted, const std::string& agent = "stop_timeout = \"60s\"") {
    Diagnostics diagnostics;
    const auto first = configuration(wanted, agent);
    stores = std::make_unique<SharedStores>(services, first->agent);
    flows = std::make_unique<RunningFlows>(services, *stores, false, std::chrono::milliseconds(200));
    flows->build(first, diagnostics);
    ASSERT_EQ(diagnostics.text(), "");
    ASSERT_TRUE(flows->start());
  }
  ReloadAnswer reload(const std::vector<TestFlow>& wanted, const std::string& agent = "stop_timeout = \"60s\"") {
    return flows->replace(configuration(wanted, agent));
  }
  // Until all that there is has arrived.
  Pipeline::Outcome finish() {
    world.end();
    const auto outcome = flows->wait();
    flows->close();
    return outcome;
  }
  static std::vector<std::string> numbers(int64_t count) {
    std::vector<std::string> all;
    for (int64_t number = 0; number < count; ++number) all.push_back(std::to_string(number));
    return all;
  }

  TestFolder folder;
  ReloadCatalogue catalogue;
  Outside world;
  testkit::ManualClock unused;
  testkit::MemoryFiles files{unused};
  SystemServices system;
  Services services = [this] {
    auto made = system.services();
    made.files = files.table();
    return made;
  }();
  std::unique_ptr<SharedStores> stores;
  std::unique_ptr<RunningFlows> flows;
};

}  // namespace levada::agent::testing
