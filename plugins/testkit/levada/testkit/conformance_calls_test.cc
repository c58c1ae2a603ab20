// The conformance tests of what version 1.1 of the contract added, put to the test: sound
// components pass, and each fault is found under its number.
#include <algorithm>

#include "levada/testkit/conformance_test_support.h"

namespace levada::testkit {
namespace {

using namespace std::chrono_literals;

// ---- any kind
// --------------------------------------------------------------------------------------

template <class Self>
struct FaultyShout : Shout {
  static Result<std::unique_ptr<Self>> create(Settings, Host) { return std::make_unique<Self>(); }
};

struct LivesOffTheFirstHost : Shout {
  static Result<std::unique_ptr<LivesOffTheFirstHost>> create(Settings, Host host) {
    memory.push_back(host.memory());
    return std::make_unique<LivesOffTheFirstHost>();
  }
  Done intercept(Batch& batch) override {
    const MemoryScope scope(memory.size() > 1 ? memory[memory.size() - 2] : memory.back());
    for (auto event : batch) event.set_text("copy", "a text that is longer than twelve bytes");
    batch.apply();
    return {};
  }
  static inline std::vector<const levada_memory*> memory;
};
TEST(Conformance, finds_a_component_that_takes_memory_of_another_instances_host) {
  EXPECT_EQ(broken(interceptor_subject<LivesOffTheFirstHost>()), Numbers{"P14"});
}

struct NeverClosed : FaultyShout<NeverClosed> {
  Done close(std::chrono::nanoseconds) override { return idle(); }
};
TEST(Conformance, finds_a_component_that_does_not_come_to_an_end_of_closing) {
  EXPECT_EQ(broken(interceptor_subject<NeverClosed>()), Numbers{"P15"});
}

struct ClosesForTooLong : Shout {
  static Result<std::unique_ptr<ClosesForTooLong>> create(Settings, Host host) {
    auto made = std::make_unique<ClosesForTooLong>();
    made->files = host.files();
    return made;
  }
  Done close(std::chrono::nanoseconds timeout) override {
    const auto* calls = files.table();
    (void)files.make_folder("/watched");
    const auto watch = calls->watch(calls->context, "/watched");
    calls->wait(calls->context, watch, (2 * timeout).count());
    calls->close(calls->context, watch);
    return {};
  }
  Files files;
};
TEST(Conformance, finds_a_component_that_closes_for_longer_than_it_may) {
  EXPECT_EQ(broken(interceptor_subject<ClosesForTooLong>()), Numbers{"P15"});
}

struct HasEverything : FaultyShout<HasEverything> {
  const void* extension(std::string_view) { return this; }
};
TEST(Conformance, finds_a_component_that_has_every_extension) {
  EXPECT_EQ(broken(interceptor_subject<HasEverything>()), Numbers{"P16"});
}

// A component of C functions that stands before a sound one.
template <class Functions>
struct Changed {
  explicit Changed(Subject sound) : subject(std::move(sound)), component(*subject.component) {
    functions = *static_cast<const Functions*>(component.functions);
    before() = functions;
    component.functions = &functions;
    subject.component = &component;
  }
  static Functions& before() {
    static Functions sound;
    return sound;
  }
  Subject subject;
  levada_component component;
  Functions functions;
};
using ChangedInterceptor = Changed<levada_interceptor_functions>;

TEST(Conformance, finds_a_component_that_writes_behind_a_batch) {
  ChangedInterceptor changed(interceptor_subject<Shout>());
  changed.functions.intercept = [](void* self, levada_batch* batch, levada_batch* rejected, levada_error* error) {
    const auto code = ChangedInterceptor::before().intercept(self, batch, rejected, error);
    // As a plugin of a later version does that does not look at the size.
    auto* behind = reinterpret_cast<char*>(batch + 1);
    std::fill(behind, behind + 8, char{0});
    return code;
  };
  EXPECT_EQ(broken(changed.subject), Numbers{"P17"});
}

// ---- sources
// ---------------------------------------------------------------------------------------

// Waits for /in/file, and gives its lines.
struct Waits : Source {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  explicit Waits(Host host) : host(host), files(host.files()) {}
  ~Waits() override { files.table()->close(files.table()->context, watch); }
  static Result<std::unique_ptr<Waits>> create(Settings, Host host) { return std::make_unique<Waits>(host); }
  Done open(std::span<const Position> positions) override {
    given = !positions.empty();
    if (watch < 0) watch = files.table()->watch(files.table()->context, "/in");
    if (watch < 0) return retry("cannot watch");
    return {};
  }
  Result<Batch> poll(std::chrono::nanoseconds timeout) override {
    if (given && host.until_drained()) return end();
    if (given) {
      files.table()->wait(files.table()->context, watch, timeout.count());
      return idle();
    }
    auto text = files.read_whole("/in/file");
    if (!text) return std::move(text).error();
    given = true;
    auto batch = batch_of({*text});
    batch.position = "1";
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view) override { return {}; }
  void wake() override { files.table()->wake(files.table()->context, watch); }
  void back_pressure(bool) override {}
  Host host;
  Files files;
  int64_t watch = -1;
  bool given = false;
};

template <class Component>
Subject waiting_subject() {
  Subject subject;
  subject.component = source<Component>("waits", "Waits for a file.");
  subject.prepare = [](FakeHost& host) { host.files().write_file("/in/file", "one"); };
  return subject;
}
LEVADA_CONFORMANCE(of_a_source_that_waits, waiting_subject<Waits>);

struct SleepsOn : Waits {
  using Waits::Waits;
  static Result<std::unique_ptr<SleepsOn>> create(Settings, Host host) { return std::make_unique<SleepsOn>(host); }
  void wake() override {}
};
TEST(Conformance, finds_a_source_that_is_not_woken) { EXPECT_EQ(broken(waiting_subject<SleepsOn>()), Numbers{"S14"}); }

struct DropsUnderPressure : Waits {
  using Waits::Waits;
  static Result<std::unique_ptr<DropsUnderPressure>> create(Settings, Host host) {
    return std::make_unique<DropsUnderPressure>(host);
  }
  void back_pressure(bool on) override { given = given || on; }
};
TEST(Conformance, finds_a_source_that_loses_rows_under_back_pressure) {
  EXPECT_EQ(broken(waiting_subject<DropsUnderPressure>()), Numbers{"S15"});
}

// ---- interceptors that give rows later
// -------------------------------------------------------------

// Holds all rows back until a minute after the first of them.
struct Holds : StatefulInterceptor {
  struct Settings {
    bool upper = false;
  };
  static constexpr std::array options = {
      optional<&Settings::upper>("upper", "false", "In capital letters, which belongs to the state.")};
  Holds(Settings settings, Host host) : settings(settings), host(host) {}
  static Result<std::unique_ptr<Holds>> create(Settings settings, Host host) {
    return std::make_unique<Holds>(settings, host);
  }
  char mark() const { return settings.upper ? 'U' : 'L'; }
  Done intercept(Batch& batch) override {
    if (held.empty() && batch.rows() > 0) due = host.monotonic() + 60s;
    for (auto event : batch) held.push_back(std::string(event.body()));
    batch.take({});
    return {};
  }
  Done save(std::string& to) override {
    to = mark();
    for (const auto& each : held) to += each + '\0';
    return {};
  }
  Done load(std::string_view state) override {
    if (!state.empty() && state[0] != 'U' && state[0] != 'L') return fatal("this is no state");
    if (!state.empty() && state[0] != mark()) return reject("was saved with another upper");
    held.clear();
    for (size_t at = 1; at < state.size();) {
      const auto end = state.find('\0', at);
      held.emplace_back(state.substr(at, end - at));
      at = end + 1;
    }
    due = host.monotonic() + 60s;
    return {};
  }
  std::chrono::nanoseconds deadline() override { return held.empty() ? std::chrono::nanoseconds::max() : due; }
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override {
    if (held.empty() || (now < due && !ended)) return idle();
    auto batch = batch_of(std::vector<std::string>(std::exchange(held, {})));
    if (batch.rows() > 1) batch.reject(1, "every second one is odd");
    return batch;
  }
  const Settings settings;
  Host host;
  std::vector<std::string> held;
  std::chrono::nanoseconds due{};
};

template <class Component>
Subject holding_subject() {
  Subject subject;
  subject.component = interceptor<Component>("holds", "Holds rows back.");
  subject.bodies = {"one", "two that is longer than twelve bytes", "three", "four"};
  subject.other_options = "upper = true";
  return subject;
}
LEVADA_CONFORMANCE(of_an_interceptor_that_gives_rows_later, holding_subject<Holds>);

template <class Self>
struct FaultyHolds : Holds {
  using Holds::Holds;
  static Result<std::unique_ptr<Self>> create(Settings settings, Host host) {
    return std::make_unique<Self>(settings, host);
  }
};

TEST(Conformance, finds_an_interceptor_that_names_no_deadline) {
  ChangedInterceptor changed(holding_subject<Holds>());
  changed.functions.deadline = nullptr;
  EXPECT_EQ(broken(changed.subject), Numbers{"I17"});
}

TEST(Conformance, finds_an_interceptor_that_gives_rows_later_and_saves_none) {
  ChangedInterceptor changed(holding_subject<Holds>());
  changed.functions.save = nullptr;
  changed.functions.load = nullptr;
  changed.subject.other_options.reset();
  EXPECT_EQ(broken(changed.subject), Numbers{"I17"});
}

struct IsAlwaysDue : FaultyHolds<IsAlwaysDue> {
  using FaultyHolds::FaultyHolds;
  std::chrono::nanoseconds deadline() override { return held.empty() ? std::chrono::nanoseconds::max() : 0ns; }
};
TEST(Conformance, finds_an_interceptor_that_is_due_and_gives_nothing) {
  EXPECT_EQ(broken(holding_subject<IsAlwaysDue>()), Numbers{"I18"});
}

struct SaysOkForNothing : FaultyHolds<SaysOkForNothing> {
  using FaultyHolds::FaultyHolds;
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override {
    if (held.empty()) return batch_of({});
    return Holds::advance(now, ended);
  }
};
TEST(Conformance, finds_an_interceptor_that_says_ok_for_nothing) {
  EXPECT_EQ(broken(holding_subject<SaysOkForNothing>()), (Numbers{"I18", "I20", "I21"}));
}

struct GivesEarly : FaultyHolds<GivesEarly> {
  using FaultyHolds::FaultyHolds;
  Result<Batch> advance(std::chrono::nanoseconds now, bool) override { return Holds::advance(now, true); }
};
TEST(Conformance, finds_an_interceptor_that_gives_rows_before_they_are_due) {
  EXPECT_EQ(broken(holding_subject<GivesEarly>()), Numbers{"I19"});
}

struct WaitsPastTheEnd : FaultyHolds<WaitsPastTheEnd> {
  using FaultyHolds::FaultyHolds;
  Result<Batch> advance(std::chrono::nanoseconds now, bool) override { return Holds::advance(now, false); }
};
TEST(Conformance, finds_an_interceptor_that_keeps_rows_back_when_intake_has_ended) {
  EXPECT_EQ(broken(holding_subject<WaitsPastTheEnd>()), Numbers{"I20"});
}

struct SavesNoRows : FaultyHolds<SavesNoRows> {
  using FaultyHolds::FaultyHolds;
  Done save(std::string& to) override {
    to = mark();
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_whose_state_lacks_what_is_not_due) {
  EXPECT_EQ(broken(holding_subject<SavesNoRows>()), Numbers{"I21"});
}

struct TakesAnyOptions : FaultyHolds<TakesAnyOptions> {
  using FaultyHolds::FaultyHolds;
  Done load(std::string_view state) override {
    const auto done = Holds::load(state);
    if (done.code() == Code::reject) return fatal("this is no state");
    return done;
  }
};
TEST(Conformance, finds_an_interceptor_that_takes_a_state_of_other_options_for_a_damaged_one) {
  EXPECT_EQ(broken(holding_subject<TakesAnyOptions>()), Numbers{"I22"});
}

// ---- sinks
// -----------------------------------------------------------------------------------------

struct CommitsInClose : CheckpointSink {
  static Result<std::unique_ptr<CommitsInClose>> create(Settings, Host host) {
    auto made = std::make_unique<CommitsInClose>();
    made->files = host.files();
    return made;
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override {
    last = checkpoint;
    return CheckpointSink::commit(checkpoint, timeout, rejected);
  }
  Done close(std::chrono::nanoseconds timeout) override {
    Batch rejected;
    if (last.positions.empty()) return {};
    return CheckpointSink::commit(last, timeout, rejected);
  }
  Checkpoint last;
};
TEST(Conformance, finds_a_sink_that_commits_when_it_closes) {
  EXPECT_EQ(broken(sink_subject<CommitsInClose>()), Numbers{"K15"});
}

}  // namespace
}  // namespace levada::testkit
