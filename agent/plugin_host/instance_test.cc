// What the host asks of instances through the contract, of components that have all of it and of
// those of version 1.0.
#include "agent/plugin_host/instance.h"

#include <gtest/gtest.h>

#include <cstring>

#include "levada/testkit/batches.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent {
namespace {

using namespace std::chrono_literals;
using testkit::texts;

struct NoSettings {};
template <class Self>
struct Unconfigured {
  using Settings = NoSettings;
  static constexpr std::array<Option<Settings>, 0> options{};
  static Result<std::unique_ptr<Self>> create(Settings, Host) { return std::make_unique<Self>(); }
};

class InstanceTest : public testing::Test {
 protected:
  static Result<std::unique_ptr<Instance>> create(const levada_component* component, const Services& services,
                                                  const std::string& path, const std::string& place = {}) {
    ComponentConfig config;
    config.path = path;
    config.component = component;
    return Instance::create(config, services, "/data", false, place);
  }
  std::unique_ptr<Instance> make(const levada_component* component, const std::string& path = "sources.test") {
    auto made = create(component, services_, path);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }

  testkit::ManualClock clock_;
  testkit::MemoryFiles files_{clock_};
  SystemServices system_;
  Services services_ = [&] {
    auto services = system_.services();
    services.files = files_.table();
    return services;
  }();
};

// What has been called, in order, of the only instance of a test.
std::vector<std::string>& calls() {
  static std::vector<std::string> all;
  return all;
}

struct Listener : Source, Unconfigured<Listener> {
  Done open(std::span<const Position>) override { return {}; }
  Result<Batch> poll(std::chrono::nanoseconds) override { return levada::idle(); }
  Done acknowledge(std::string_view, std::string_view) override { return {}; }
  void wake() override { calls().push_back("wake"); }
  void back_pressure(bool on) override { calls().push_back(on ? "full" : "room"); }
  Done close(std::chrono::nanoseconds timeout) override {
    calls().push_back("close within " + std::to_string(timeout.count()));
    if (calls().size() == 1) return levada::idle();
    return retry("the server does not answer");
  }
  Done command(std::span<const std::string_view> arguments, const std::function<void(std::string_view)>& write) {
    if (arguments.size() != 2) return reject("two arguments");
    write(arguments[0]);
    write(arguments[1]);
    return {};
  }
  const void* extension(std::string_view id) {
    if (id == LEVADA_COMMANDS) return commands<Listener>();
    return id == "test.greeting/1" ? "hello" : nullptr;
  }
};

// Has nothing of what version 1.1 added.
struct Plain : Source, Unconfigured<Plain> {
  Done open(std::span<const Position>) override { return {}; }
  Result<Batch> poll(std::chrono::nanoseconds) override { return levada::idle(); }
  Done acknowledge(std::string_view, std::string_view) override { return {}; }
};

TEST_F(InstanceTest, a_source_hears_that_it_is_to_wake_and_that_there_is_no_room) {
  calls().clear();
  const SourceInstance source(make(levada::source<Listener>("listener", "For tests.")));
  source.wake();
  source.back_pressure(true);
  source.back_pressure(false);
  EXPECT_EQ(calls(), (std::vector<std::string>{"wake", "full", "room"}));
}

TEST_F(InstanceTest, closing_goes_on_where_it_was_not_through_and_its_failure_is_seen) {
  calls().clear();
  SourceInstance source(make(levada::source<Listener>("listener", "For tests.")));
  EXPECT_EQ(source.close(5ns).code(), Code::idle);
  const auto done = source.close(7ns);
  EXPECT_EQ(done.code(), Code::retry);
  EXPECT_EQ(done.error().message, "the server does not answer");
  EXPECT_EQ(calls(), (std::vector<std::string>{"close within 5", "close within 7"}));
}

TEST_F(InstanceTest, an_extension_is_found_by_its_id_and_null_where_it_is_unknown) {
  const auto listener = make(levada::source<Listener>("listener", "For tests."));
  EXPECT_STREQ(static_cast<const char*>(listener->extension("test.greeting/1")), "hello");
  EXPECT_EQ(listener->extension("test.greeting/2"), nullptr);
  EXPECT_EQ(make(levada::source<Plain>("plain", "For tests."), "sources.other")->extension("test.greeting/1"), nullptr);
}

TEST_F(InstanceTest, a_component_can_have_commands_of_its_own) {
  const auto listener = make(levada::source<Listener>("listener", "For tests."));
  std::string written;
  const auto write = [&](std::string_view text) { written += text; };
  EXPECT_TRUE(listener->command({"say", "hello"}, write));
  EXPECT_EQ(written, "sayhello");
  EXPECT_EQ(listener->command({"say"}, write).code(), Code::reject);
  const auto none = make(levada::source<Plain>("plain", "For tests."), "sources.other")->command({"say"}, write);
  EXPECT_EQ(none.code(), Code::fatal);
  EXPECT_EQ(none.error().message, "plain has no commands of its own");
}

// The component as a plugin describes it that was built with version 1.0: what came after is not
// there.
template <class Functions>
struct AsOf1_0 {
  AsOf1_0(const levada_component& of, size_t functions_size)
      : functions(*static_cast<const Functions*>(of.functions)), component(of) {
    functions.size = static_cast<uint32_t>(functions_size);
    // What a reader finds there is not zero: it has to look at the size.
    std::memset(reinterpret_cast<char*>(&functions) + functions_size, 0xA5, sizeof functions - functions_size);
    component.size = LEVADA_COMPONENT_SIZE_MIN;
    std::memset(&component.extension, 0xA5, sizeof component.extension);
    component.functions = &functions;
  }
  Functions functions;
  levada_component component;
};

TEST_F(InstanceTest, a_source_of_version_1_0_does_without_what_came_after) {
  const AsOf1_0<levada_source_functions> old(*levada::source<Plain>("plain", "For tests."),
                                             LEVADA_SOURCE_FUNCTIONS_SIZE_MIN);
  SourceInstance source(make(&old.component));
  EXPECT_TRUE(source.open({}));
  source.wake();
  source.back_pressure(true);
  EXPECT_EQ(source.poll(0ns).code(), Code::idle);
  EXPECT_TRUE(source.close(0ns));
  EXPECT_EQ(source.instance().extension("test.greeting/1"), nullptr);
}

// Gives the row count of every minute, at the end of the minute.
struct Counts : StatefulInterceptor, Unconfigured<Counts> {
  Done intercept(Batch& batch) override {
    rows_ += batch.rows();
    batch.take({});
    return {};
  }
  Done save(std::string& to) override {
    to = std::to_string(rows_);
    return {};
  }
  Done load(std::string_view state) override {
    if (state == "other") return reject("was saved with minute = 2");
    if (state == "rubbish") return fatal("is damaged");
    rows_ = state.empty() ? 0 : std::stoll(std::string(state));
    return {};
  }
  std::chrono::nanoseconds deadline() override { return rows_ ? 60s : std::chrono::nanoseconds::max(); }
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override {
    if (rows_ == 0 || (now < 60s && !ended)) return levada::idle();
    auto given = testkit::batch_of({std::to_string(rows_) + " rows", "odd"});
    given.reject(1, "is odd");
    rows_ = 0;
    return given;
  }
  int64_t rows_ = 0;
};

TEST_F(InstanceTest, an_interceptor_gives_rows_when_they_are_due_and_at_the_end) {
  InterceptorInstance counts(make(levada::interceptor<Counts>("counts", "For tests.")));
  ASSERT_TRUE(counts.advances());
  EXPECT_EQ(counts.deadline(), std::chrono::nanoseconds::max());
  CBatch rows(testkit::batch_of({"a", "b"})), rejected;
  ASSERT_TRUE(counts.intercept(rows, rejected));
  EXPECT_EQ(counts.deadline(), 60s);

  CBatch none, none_rejected;
  EXPECT_EQ(counts.advance(59s, false, none, none_rejected).code(), Code::idle);
  EXPECT_TRUE(none.empty());
  CBatch out, out_rejected;
  ASSERT_TRUE(counts.advance(59s, true, out, out_rejected));
  EXPECT_EQ(texts(*out.open_rows(), "body"), std::vector<std::string>{"2 rows"});
  const auto odd = out_rejected.open_rows();
  EXPECT_EQ(texts(*odd, "body"), std::vector<std::string>{"odd"});
  EXPECT_EQ(texts(*odd, "reason"), std::vector<std::string>{"is odd"});
  EXPECT_EQ(counts.advance(61s, true, none, none_rejected).code(), Code::idle);
}

TEST_F(InstanceTest, a_state_of_other_options_is_told_from_a_damaged_one) {
  InterceptorInstance counts(make(levada::interceptor<Counts>("counts", "For tests.")));
  EXPECT_TRUE(counts.load("7"));
  EXPECT_EQ(counts.load("other").code(), Code::reject);
  EXPECT_EQ(counts.load("rubbish").code(), Code::fatal);
}

struct Passes : Interceptor, Unconfigured<Passes> {
  Done intercept(Batch&) override { return {}; }
};

TEST_F(InstanceTest, an_interceptor_that_keeps_no_rows_waits_for_nothing) {
  const AsOf1_0<levada_interceptor_functions> old(*levada::interceptor<Passes>("passes", "For tests."),
                                                  LEVADA_INTERCEPTOR_FUNCTIONS_SIZE_MIN);
  for (const auto* component : {levada::interceptor<Passes>("passes", "For tests."), &old.component}) {
    InterceptorInstance passes(make(component, component == &old.component ? "interceptors.old" : "interceptors.new"));
    EXPECT_FALSE(passes.advances());
    EXPECT_FALSE(passes.is_stateful());
    EXPECT_EQ(passes.deadline(), std::chrono::nanoseconds::max());
    CBatch out, rejected;
    EXPECT_EQ(passes.advance(1s, true, out, rejected).code(), Code::idle);
    EXPECT_TRUE(passes.close(0ns));
  }
}

// A newer host's batch has more behind it than this plugin knows, an older one's less than a newer
// plugin: what is behind the size that the caller names stays as it is.
TEST_F(InstanceTest, a_batch_that_is_handed_over_fills_no_more_than_the_room_there_is) {
  struct {
    levada_batch batch;
    char behind[64];
  } room;
  std::memset(&room, 0x5A, sizeof room);
  room.batch.size = LEVADA_BATCH_SIZE_MIN;
  testkit::batch_of({"a"}).share(room.batch);
  EXPECT_EQ(room.batch.size, LEVADA_BATCH_SIZE_MIN);
  EXPECT_EQ(room.batch.rows.length, 1);
  EXPECT_EQ(std::string(room.behind, sizeof room.behind), std::string(sizeof room.behind, 0x5A));
  levada::detail::release(room.batch);
}

// Gives a row of a mebibyte with each poll, and counts.
struct Large : Source {
  using Settings = NoSettings;
  static constexpr std::array<Option<Settings>, 0> options{};
  static Result<std::unique_ptr<Large>> create(Settings, Host host) { return std::make_unique<Large>(host); }
  explicit Large(Host host) : rows(host.counter("rows")) {}
  Done open(std::span<const Position>) override { return {}; }
  Result<Batch> poll(std::chrono::nanoseconds) override {
    rows.add();
    Batch batch = testkit::batch_of({std::string(1 << 20, 'x')});
    batch.position = "1";
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view) override { return {}; }
  Counter rows;
};

TEST_F(InstanceTest, two_agents_in_one_process_share_neither_memory_nor_counters) {
  const auto* component = levada::source<Large>("large", "For tests.");
  SystemServices other;
  const auto services = other.services();
  SourceInstance one(make(component)), two(*create(component, services, "sources.test"));
  {
    const auto first = one.poll(0ns);
    EXPECT_GE(services_.memory->in_use(), size_t{1} << 20);
    EXPECT_EQ(services.memory->in_use(), 0u);
    const auto second = two.poll(0ns);
    const auto third = two.poll(0ns);
    EXPECT_LT(services_.memory->in_use(), size_t{2} << 20);
    EXPECT_GE(services.memory->in_use(), size_t{2} << 20);
  }
  // Each block went back to where it came from.
  EXPECT_EQ(services_.memory->in_use(), 0u);
  EXPECT_EQ(services.memory->in_use(), 0u);
  EXPECT_EQ(system_.metrics().value("sources.test", "rows"), 1);
  EXPECT_EQ(other.metrics().value("sources.test", "rows"), 2);
}

// A function's own class has no static members.
std::string seen_by_last;

TEST_F(InstanceTest, a_component_sees_the_counters_of_its_agent) {
  struct Watcher : Plain {
    static Result<std::unique_ptr<Watcher>> create(Settings, Host host) {
      auto made = std::make_unique<Watcher>();
      EXPECT_TRUE(host.each_counter([&](std::string_view component, std::string_view name, int64_t value) {
        made->seen += std::string(component) + "/" + std::string(name) + "=" + std::to_string(value) + " ";
      }));
      seen_by_last = made->seen;
      return made;
    }
    std::string seen;
  };
  system_.metrics().counter("sinks.out", "rows_written").add(7);
  system_.metrics().counter("sinks.out", "commits");
  system_.metrics().counter("channels.main", "syncs").add(2);
  SystemServices other;
  other.metrics().counter("sinks.other", "commits").add(1);
  make(levada::source<Watcher>("watcher", "For tests."));
  EXPECT_EQ(seen_by_last, "channels.main/syncs=2 sinks.out/commits=0 sinks.out/rows_written=7 ");
}

TEST_F(InstanceTest, an_old_and_a_new_instance_never_have_one_data_dir_at_once) {
  const auto* component = levada::source<Plain>("plain", "For tests.");
  const auto source = [&](const Services& services, const std::string& place = {}) {
    return SourceInstance(*create(component, services, "sources.test", place));
  };
  auto old = std::make_unique<SourceInstance>(source(services_));
  ASSERT_TRUE(old->open({}));
  EXPECT_TRUE(old->open({})) << "what failed is opened again";
  auto fresh = source(services_);
  const auto refused = fresh.open({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "/data/sources.test is still in use by another instance of this component");
  EXPECT_TRUE(source(services_, "1").open({})) << "a second one has a folder of its own";
  SystemServices other;
  EXPECT_TRUE(source(other.services()).open({})) << "another agent has another data_dir";
  old.reset();
  EXPECT_TRUE(fresh.open({}));
}

}  // namespace
}  // namespace levada::agent
