// What tests of the pipeline stand on: a clock and disks in the test's hands, a source that plays
// what a test wrote down, an interceptor that fails on demand, and a sink that keeps what it got.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/env/memory_pool.h"
#include "agent/observe/log.h"
#include "agent/pipeline/pipeline.h"
#include "levada/sdk.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent::testing {

// What the component of one name does, and what was done to it. Outlives
// the component, as a disk would.
struct Script {
  // Source: rows in order; a poll gives up to `poll_rows` of them.
  // Positions are row numbers as text.
  std::vector<std::string> rows;
  size_t poll_rows = 2;
  bool ends = true;
  bool jumps = false;              // The first batch is no continuation of what was before.
  std::vector<std::string> files;  // A column of the batches, where it has any.
  std::vector<std::string> acknowledged;
  std::vector<bool> back_pressure;      // What it was told of it.
  std::function<void()> while_polling;  // Runs in poll, before it looks for rows.
  int wakes = 0, closes = 0;
  std::vector<Position> opened_at;
  // Sink: what it got since its last commit, and what is committed.
  std::vector<std::string> written, committed;
  std::vector<Position> checkpoint;
  bool keeps_checkpoint = false;
  size_t writes = 0;
  // What the next calls answer instead of doing their work, by call: "open", "poll",
  // "write", "commit", "intercept".
  std::map<std::string, std::deque<Error>> answers;
  // Interceptor: what it does to each batch.
  std::function<Done(Batch&)> intercept;
};

inline std::map<std::string, Script>& scripts() {
  static std::map<std::string, Script> all;
  return all;
}

class Scripted {
 public:
  struct Settings {};
  static constexpr std::array<Option<Settings>, 0> options{};

 protected:
  explicit Scripted(Host host) : script_(scripts()[std::string(host.component())]) {}
  Done answer(const std::string& call) {
    const auto waiting = script_.answers.find(call);
    if (waiting == script_.answers.end() || waiting->second.empty()) return {};
    Error next = waiting->second.front();
    waiting->second.pop_front();
    return next;
  }
  Done closed() {
    ++script_.closes;
    return answer("close");
  }
  Script& script_;
};

class ScriptedSource final : public Source, public Scripted {
 public:
  using Scripted::options;
  using Scripted::Settings;
  static Result<std::unique_ptr<ScriptedSource>> create(Settings, Host host) {
    return std::unique_ptr<ScriptedSource>(new ScriptedSource(host));
  }
  Done open(std::span<const Position> positions) override {
    LEVADA_TRY(answer("open"));
    script_.opened_at.assign(positions.begin(), positions.end());
    if (!positions.empty()) next_ = std::stoul(positions[0].position);
    return {};
  }
  void wake() override { ++script_.wakes; }
  void back_pressure(bool on) override { script_.back_pressure.push_back(on); }
  Done close(std::chrono::nanoseconds) override { return closed(); }
  Result<Batch> poll(std::chrono::nanoseconds) override {
    if (script_.while_polling) script_.while_polling();
    if (auto given = answer("poll"); !given) return std::move(given).error();
    if (next_ >= script_.rows.size()) return script_.ends ? levada::end() : levada::idle();
    const size_t end = std::min(next_ + script_.poll_rows, script_.rows.size());
    Batch batch = testkit::batch_of(
        {script_.rows.begin() + static_cast<long>(next_), script_.rows.begin() + static_cast<long>(end)});
    if (!script_.files.empty())
      batch.set(testkit::text_column(
          "file", {script_.files.begin() + static_cast<long>(next_), script_.files.begin() + static_cast<long>(end)}));
    next_ = end;
    batch.position = std::to_string(end);
    batch.jump = std::exchange(script_.jumps, false);
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view position) override {
    LEVADA_TRY(answer("acknowledge"));
    script_.acknowledged.emplace_back(position);
    return {};
  }

 private:
  using Scripted::Scripted;
  size_t next_ = 0;
};

class ScriptedInterceptor final : public Interceptor, public Scripted {
 public:
  using Scripted::options;
  using Scripted::Settings;
  static Result<std::unique_ptr<ScriptedInterceptor>> create(Settings, Host host) {
    return std::unique_ptr<ScriptedInterceptor>(new ScriptedInterceptor(host));
  }
  Done intercept(Batch& batch) override {
    LEVADA_TRY(answer("intercept"));
    return script_.intercept ? script_.intercept(batch) : Done();
  }
  Done close(std::chrono::nanoseconds) override { return closed(); }

 private:
  using Scripted::Scripted;
};

// Puts a running count behind each body, which a row that came twice would show. Its state is large
// enough for the changes to be saved.
class Counting final : public StatefulInterceptor {
 public:
  struct Settings {};
  static constexpr std::array<Option<Settings>, 0> options{};
  static Result<std::unique_ptr<Counting>> create(Settings, Host) { return std::make_unique<Counting>(); }
  Done intercept(Batch& batch) override {
    for (auto event : batch) event.set_body(std::string(event.body()) + "#" + std::to_string(++count_));
    return {};
  }
  Done save(std::string& to) override {
    to = std::to_string(saved_ = count_) + std::string(5000, ' ');
    return {};
  }
  Done load(std::string_view state) override {
    count_ = state.empty() ? 0 : std::stoi(std::string(state));
    saved_ = -1;
    return {};
  }
  Done save_changes(std::string& to) override {
    if (saved_ < 0) return idle();
    to = '+' + std::to_string(count_ - saved_) + std::string(1000, ' ');
    saved_ = count_;
    return {};
  }
  Done load_changes(std::string_view changes) override {
    count_ += std::stoi(std::string(changes));
    return {};
  }

 private:
  int count_ = 0, saved_ = -1;
};

// Holds the bodies that come in, and gives one row for all of them: ten seconds behind the
// first, or at the end of intake.
class Holding final : public StatefulInterceptor {
 public:
  struct Settings {};
  static constexpr std::array<Option<Settings>, 0> options{};
  static Result<std::unique_ptr<Holding>> create(Settings, Host host) { return std::make_unique<Holding>(host); }
  explicit Holding(Host host) : host_(host) {}
  Done intercept(Batch& batch) override {
    if (held_.empty()) due_ = host_.monotonic() + std::chrono::seconds(10);
    for (auto event : batch) {
      held_ += (held_.empty() ? "" : "+") + std::string(event.body());
      event.drop();
    }
    return {};
  }
  std::chrono::nanoseconds deadline() override { return held_.empty() ? std::chrono::nanoseconds::max() : due_; }
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override {
    if (held_.empty() || (now < due_ && !ended)) return idle();
    return testkit::batch_of({std::exchange(held_, {})});
  }
  Done save(std::string& to) override {
    to = held_;
    return {};
  }
  Done load(std::string_view state) override {
    held_ = state;
    due_ = host_.monotonic() + std::chrono::seconds(10);
    return {};
  }

 private:
  const Host host_;
  std::string held_;
  std::chrono::nanoseconds due_{};
};

class ScriptedSink final : public Sink, public Scripted {
 public:
  using Scripted::options;
  using Scripted::Settings;
  static Result<std::unique_ptr<ScriptedSink>> create(Settings, Host host) {
    return std::unique_ptr<ScriptedSink>(new ScriptedSink(host));
  }
  bool keeps_checkpoint() const override { return script_.keeps_checkpoint; }
  Done open() override { return answer("open"); }
  Done close(std::chrono::nanoseconds) override { return closed(); }
  Result<std::vector<Position>> recover() override {
    script_.written.clear();
    return script_.keeps_checkpoint ? script_.checkpoint : std::vector<Position>{};
  }
  Done write(Batch& batch, std::chrono::nanoseconds) override {
    LEVADA_TRY(answer("write"));
    ++script_.writes;
    for (const auto& text : testkit::texts(batch, "body")) script_.written.push_back(text);
    return {};
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds, Batch&) override {
    LEVADA_TRY(answer("commit"));
    script_.committed.insert(script_.committed.end(), script_.written.begin(), script_.written.end());
    script_.written.clear();
    script_.checkpoint = checkpoint.positions;
    // The commit was done, and its answer was lost.
    return answer("committed");
  }

 private:
  using Scripted::Scripted;
};

// The clock of the test that runs now.
inline testkit::ManualClock*& current_clock() {
  static testkit::ManualClock* clock = nullptr;
  return clock;
}

class TestBench {
 public:
  TestBench() {
    scripts().clear();
    current_clock() = &clock;
  }

  MemoryPool memory;
  const MemoryScope scope{memory.table()};
  testkit::ManualClock clock;
  testkit::MemoryFiles files{clock};
  Metrics metrics;
  Progress progress;
  Stop stop;
  const levada_clock clock_table{sizeof(levada_clock), nullptr, [](void*) { return current_clock()->now().count(); },
                                 [](void*) { return current_clock()->monotonic().count(); }};
  Services services{files.table(), &clock_table, &memory, log_service(), &metrics, nullptr, nullptr, &progress};
  DeadLetters dead_letters{services, "/dead"};
  CheckpointStore checkpoint_store{Files(files.table()), "/data"};

  template <class Component>
  std::unique_ptr<Instance> instance(const std::string& path, const levada_component* component) {
    set_log_level(LEVADA_ERROR + 1);  // The failures that tests cause are no news.
    ComponentConfig config;
    config.path = path;
    config.component = component;
    return *Instance::create(config, services, "/data", true);
  }
  SourceInstance source(const std::string& path) {
    return SourceInstance(instance<ScriptedSource>(path, levada::source<ScriptedSource>("scripted", "For tests.")));
  }
  InterceptorInstance interceptor(const std::string& path) {
    return InterceptorInstance(
        instance<ScriptedInterceptor>(path, levada::interceptor<ScriptedInterceptor>("scripted", "For tests.")));
  }
  std::unique_ptr<SinkInstance> sink(const std::string& path) {
    return std::make_unique<SinkInstance>(
        instance<ScriptedSink>(path, levada::sink<ScriptedSink>("scripted", "For tests.")));
  }
  // The dead letters that are durable, a column of them.
  std::vector<std::string> letters(const std::string& column) {
    FileChannelOptions options;
    options.folder = "/dead";
    FileChannel channel(options, services, FileChannel::Drive::by_hand);
    const auto cursor = channel.add_cursor("test");
    std::vector<std::string> all;
    if (!Files(files.table()).exists("/dead") || !channel.open()) return all;
    channel.resume(cursor, {});
    while (const auto in_flight = channel.read(cursor, {}))
      if (in_flight->batch.rows() > 0)
        for (auto& text : testkit::texts(in_flight->batch, column)) all.push_back(std::move(text));
    return all;
  }
  // A chain of these interceptors, `workers` times.
  std::unique_ptr<ChainWorkers> chain(const std::vector<std::string>& interceptors = {}, size_t workers = 1,
                                      OnReject on_reject = OnReject::dead_letters) {
    std::vector<InterceptorChain> chains;
    for (size_t worker = 0; worker < workers; ++worker) {
      auto& made = chains.emplace_back();
      for (const auto& path : interceptors) made.add(interceptor(path), on_reject, metrics);
    }
    return std::make_unique<ChainWorkers>(std::move(chains), Backoff(std::chrono::seconds(1), std::chrono::seconds(8)),
                                          clock_table, "sources.clicks", &progress);
  }
};

}  // namespace levada::agent::testing
