// The conformance tests put to the test: sound components pass, and each fault is found under its number.
#include "levada/testkit/conformance.h"

#include <gtest/gtest.h>

#include "levada/positions.h"
#include "levada/sdk.h"
#include "levada/testkit/conformance_parts.h"

namespace levada::testkit {
namespace {

struct Nothing {
  bool unused;
};
constexpr std::array kNoOptions = {optional<&Nothing::unused>("unused", "false", "Does nothing.")};

// The numbers of the MUSTs that the subject breaks.
std::vector<std::string> broken(const Subject& subject) {
  std::vector<std::string> numbers;
  for (const auto& must : musts_of(subject.component->kind)) {
    Findings findings;
    must.test(subject, findings);
    const std::string name = must.name;
    if (!findings.empty()) numbers.push_back(name.substr(0, name.find('_')));
  }
  return numbers;
}
using Numbers = std::vector<std::string>;

// ---- interceptors
// -----------------------------------------------------------------------------------------------------

// Adds "!" and turns empty bodies down.
struct Shout : Interceptor {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Shout>> create(Settings, Host) { return std::make_unique<Shout>(); }
  Done intercept(Batch& batch) override {
    for (auto event : batch)
      event.body().empty() ? event.reject("is empty") : event.set_body(std::string(event.body()) + "!");
    return {};
  }
};

template <class Component>
Subject interceptor_subject() {
  Subject subject;
  subject.component = interceptor<Component>("shout", "Shouts.");
  subject.bodies = {"one", "two that is longer than twelve bytes", "", "four"};
  return subject;
}

LEVADA_CONFORMANCE(of_an_interceptor, interceptor_subject<Shout>);

template <class Self>
struct Faulty : Interceptor {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Self>> create(Settings, Host) { return std::make_unique<Self>(); }
};

struct CountsCalls : Faulty<CountsCalls> {
  Done intercept(Batch& batch) override {
    for (auto event : batch) event.set_text("count", std::to_string(calls));
    calls += 1;
    return {};
  }
  int calls = 0;
};
TEST(Conformance, finds_an_interceptor_that_minds_where_batches_are_cut) {
  EXPECT_EQ(broken(interceptor_subject<CountsCalls>()), (Numbers{"I5", "I12"}));
}

// Says how many bytes have come so far.
struct Sums : StatefulInterceptor {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Sums>> create(Settings, Host) { return std::make_unique<Sums>(); }
  Done intercept(Batch& batch) override {
    for (auto event : batch) event.set_text("sum", std::to_string(sum += event.body().size()));
    return {};
  }
  Done save(std::string& to) override {
    to += "sum " + std::to_string(sum);
    return {};
  }
  Done load(std::string_view state) override {
    if (!state.empty() && !state.starts_with("sum ")) return fatal("this is no sum");
    sum = state.empty() ? 0 : std::stoul(std::string(state.substr(4)));
    return {};
  }
  size_t sum = 0;
};
LEVADA_CONFORMANCE(of_a_stateful_interceptor, interceptor_subject<Sums>);

template <class Self>
struct FaultySums : Sums {
  static Result<std::unique_ptr<Self>> create(Settings, Host) { return std::make_unique<Self>(); }
};

struct KeepsItsBeginning : FaultySums<KeepsItsBeginning> {
  Done load(std::string_view state) override {
    if (state.empty()) return {};
    return Sums::load(state);
  }
};
TEST(Conformance, finds_an_interceptor_that_goes_on_from_an_empty_state) {
  EXPECT_EQ(broken(interceptor_subject<KeepsItsBeginning>()), Numbers{"I14"});
}

struct AddsWhatItLoads : FaultySums<AddsWhatItLoads> {
  Done load(std::string_view state) override {
    const auto before = state.empty() ? 0 : sum;
    LEVADA_TRY(Sums::load(state));
    sum += before;
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_that_adds_a_state_to_its_own) {
  EXPECT_EQ(broken(interceptor_subject<AddsWhatItLoads>()), Numbers{"I15"});
}

struct LosesItInSave : FaultySums<LosesItInSave> {
  Done save(std::string& to) override {
    LEVADA_TRY(Sums::save(to));
    sum = 0;
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_that_changes_its_state_when_it_saves_it) {
  EXPECT_EQ(broken(interceptor_subject<LosesItInSave>()), (Numbers{"I15", "I16"}));
}

struct TakesAnything : FaultySums<TakesAnything> {
  Done load(std::string_view state) override {
    if (!Sums::load(state)) sum = state.size();
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_that_takes_rubbish_for_a_state) {
  EXPECT_EQ(broken(interceptor_subject<TakesAnything>()), Numbers{"I16"});
}

TEST(Conformance, finds_an_interceptor_that_has_no_load_for_its_save) {
  auto subject = interceptor_subject<Shout>();
  auto component = *subject.component;
  auto functions = *static_cast<const levada_interceptor_functions*>(component.functions);
  functions.save = [](void*, void (*)(void*, levada_bytes), void*, levada_error*) { return levada_code{LEVADA_OK}; };
  component.functions = &functions;
  subject.component = &component;
  EXPECT_EQ(broken(subject), Numbers{"I13"});
}

struct KeepsBatches : Faulty<KeepsBatches> {
  Done intercept(Batch& batch) override {
    kept.push_back(batch);
    return {};
  }
  static inline std::vector<Batch> kept;
};
TEST(Conformance, finds_an_interceptor_that_never_lets_go) {
  EXPECT_EQ(broken(interceptor_subject<KeepsBatches>()), (Numbers{"P8", "I6"}));
  KeepsBatches::kept.clear();
}

struct WritesBadText : Faulty<WritesBadText> {
  Done intercept(Batch& batch) override {
    for (auto event : batch) event.set_text("text", "\xFF");
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_whose_text_is_no_text) {
  EXPECT_EQ(broken(interceptor_subject<WritesBadText>()), Numbers{"I1"});
}

struct RefusesEmpty : Faulty<RefusesEmpty> {
  Done intercept(Batch& batch) override {
    if (batch.rows() == 0) return fatal("");
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_that_fails_without_a_word) {
  EXPECT_EQ(broken(interceptor_subject<RefusesEmpty>()), (Numbers{"I2", "I9"}));
}

struct TouchesTheDisk : Shout {
  static Result<std::unique_ptr<TouchesTheDisk>> create(Settings, Host host) {
    (void)host.files().exists("/etc");
    return std::make_unique<TouchesTheDisk>();
  }
};
TEST(Conformance, finds_a_component_that_touches_the_disk_in_create) {
  EXPECT_EQ(broken(interceptor_subject<TouchesTheDisk>()), Numbers{"P6"});
}

// ---- sources
// ----------------------------------------------------------------------------------------------------------

// The lines of /in, two at a time; the file goes when it has been acknowledged.
struct Lines : Source {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Lines>> create(Settings, Host host) {
    auto made = std::make_unique<Lines>();
    made->files = host.files();
    return made;
  }
  Done open(std::span<const Position> positions) override {
    auto text = files.read_whole("/in");
    if (!text) return std::move(text).error();
    all = *text;
    at = positions.empty() ? 0 : std::stoul(positions[0].position);
    return {};
  }
  Result<Batch> poll(std::chrono::nanoseconds) override {
    if (at >= all.size()) return end();
    std::vector<std::string> bodies;
    while (at < all.size() && bodies.size() < 2) {
      const auto end = all.find('\n', at);
      bodies.push_back(all.substr(at, end - at));
      at = end + 1;
    }
    auto batch = batch_of(bodies);
    batch.position = std::to_string(at);
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view position) override {
    if (position != std::to_string(all.size()) || gone) return {};
    LEVADA_TRY(files.remove("/in"));
    gone = true;
    return {};
  }
  Files files;
  std::string all;
  size_t at = 0;
  bool gone = false;
};

template <class Component>
Subject source_subject() {
  Subject subject;
  subject.component = source<Component>("lines", "Reads lines.");
  subject.prepare = [](FakeHost& host) { host.files().write_file("/in", "one\ntwo\nthree\nfour\nfive\n"); };
  return subject;
}

LEVADA_CONFORMANCE(of_a_source, source_subject<Lines>);

struct DeletesEarly : Lines {
  static Result<std::unique_ptr<DeletesEarly>> create(Settings, Host host) {
    auto made = std::make_unique<DeletesEarly>();
    made->files = host.files();
    return made;
  }
  Result<Batch> poll(std::chrono::nanoseconds timeout) override {
    auto batch = Lines::poll(timeout);
    if (!batch && files.exists("/in")) (void)files.remove("/in");
    return batch;
  }
};
TEST(Conformance, finds_a_source_that_deletes_before_the_acknowledgement) {
  EXPECT_EQ(broken(source_subject<DeletesEarly>()), (Numbers{"S4", "S5", "S6", "S7", "S9"}));
}

struct ForgetsItsPlace : Lines {
  static Result<std::unique_ptr<ForgetsItsPlace>> create(Settings, Host host) {
    auto made = std::make_unique<ForgetsItsPlace>();
    made->files = host.files();
    return made;
  }
  Done open(std::span<const Position>) override { return Lines::open({}); }
};
TEST(Conformance, finds_a_source_that_does_not_go_on_where_it_was) {
  EXPECT_EQ(broken(source_subject<ForgetsItsPlace>()), Numbers{"S4"});
}

// ---- sinks
// --------------------------------------------------------------------------------------------------------------

// Keeps rows until the commit, then puts all that it ever got into /out, behind a line with the positions.
struct Keeper : Sink {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Keeper>> create(Settings, Host host) {
    auto made = std::make_unique<Keeper>();
    made->files = host.files();
    return made;
  }
  bool keeps_checkpoint() const override { return true; }
  Done open() override { return {}; }
  Result<std::vector<Position>> recover() override {
    written.clear();
    committed.clear();
    if (!files.exists("/out")) return std::vector<Position>();
    auto text = files.read_whole("/out");
    if (!text) return std::move(text).error();
    const auto end = text->find('\n');
    committed = text->substr(end + 1);
    std::vector<Position> positions;
    const auto parts = tab_separated(std::string_view(*text).substr(0, end));
    for (const auto part : parts) positions.push_back(read_position(unescaped(part)).value());
    return positions;
  }
  static std::string line_of(const Checkpoint& checkpoint) {
    std::string line;
    for (const auto& position : checkpoint.positions) {
      std::string text;
      append_position(text, position);
      if (!line.empty()) line += '\t';
      append_escaped(line, text);
    }
    return line + '\n';
  }
  Done write(Batch& batch, std::chrono::nanoseconds) override {
    for (auto event : batch) written += std::string(event.body()) + "\n";
    return {};
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds, Batch&) override {
    LEVADA_TRY(files.replace("/out", line_of(checkpoint) + committed + written));
    committed += written;
    written.clear();
    return {};
  }
  Files files;
  std::string written, committed;
};

template <class Component>
Subject sink_subject() {
  Subject subject;
  subject.component = sink<Component>("keeper", "Keeps rows.");
  subject.bodies = {"one", "two that is longer than twelve bytes", "three", "four"};
  return subject;
}

LEVADA_CONFORMANCE(of_a_sink, sink_subject<Keeper>);

struct NeverSyncs : Keeper {
  static Result<std::unique_ptr<NeverSyncs>> create(Settings, Host host) {
    auto made = std::make_unique<NeverSyncs>();
    made->files = host.files();
    return made;
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds, Batch&) override {
    auto file = files.open("/out", LEVADA_WRITE);
    if (!file) return std::move(file).error();
    LEVADA_TRY(file->write(line_of(checkpoint) + committed + written));
    committed += written;
    written.clear();
    return {};
  }
};
TEST(Conformance, finds_a_sink_that_commits_without_a_sync) {
  EXPECT_EQ(broken(sink_subject<NeverSyncs>()), (Numbers{"K3", "K4", "K5", "K6"}));
}

// The rows first, then the positions: a crash between the two doubles rows.
struct TakesTwoSteps : Keeper {
  static Result<std::unique_ptr<TakesTwoSteps>> create(Settings, Host host) {
    auto made = std::make_unique<TakesTwoSteps>();
    made->files = host.files();
    return made;
  }
  Result<std::vector<Position>> recover() override {
    written.clear();
    committed.clear();
    for (const auto* path : {"/out", "/positions"})
      if (!files.exists(path)) return std::vector<Position>();
    auto rows = files.read_whole("/out");
    auto line = files.read_whole("/positions");
    if (!rows || !line) return retry("cannot read");
    committed = *rows;
    std::vector<Position> positions;
    line->pop_back();
    for (const auto part : tab_separated(*line)) positions.push_back(read_position(unescaped(part)).value());
    return positions;
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds, Batch&) override {
    LEVADA_TRY(files.replace("/out", committed + written));
    LEVADA_TRY(files.replace("/positions", line_of(checkpoint)));
    committed += written;
    written.clear();
    return {};
  }
};
TEST(Conformance, finds_a_sink_that_stores_rows_and_checkpoint_one_after_the_other) {
  EXPECT_EQ(broken(sink_subject<TakesTwoSteps>()), (Numbers{"K4", "K6"}));
}

struct ForgetsStreams : Keeper {
  static Result<std::unique_ptr<ForgetsStreams>> create(Settings, Host host) {
    auto made = std::make_unique<ForgetsStreams>();
    made->files = host.files();
    return made;
  }
  Result<std::vector<Position>> recover() override {
    auto positions = Keeper::recover();
    if (positions && !positions->empty()) positions->resize(1);
    return positions;
  }
};
TEST(Conformance, finds_a_sink_that_keeps_a_part_of_the_checkpoint) {
  EXPECT_EQ(broken(sink_subject<ForgetsStreams>()), (Numbers{"K4", "K6"}));
}

struct KeepsAfterRecovery : Keeper {
  static Result<std::unique_ptr<KeepsAfterRecovery>> create(Settings, Host host) {
    auto made = std::make_unique<KeepsAfterRecovery>();
    made->files = host.files();
    return made;
  }
  Result<std::vector<Position>> recover() override {
    const auto before = written;
    auto positions = Keeper::recover();
    written = before;
    return positions;
  }
};
TEST(Conformance, finds_a_sink_that_writes_twice_after_a_failed_commit) {
  EXPECT_EQ(broken(sink_subject<KeepsAfterRecovery>()), Numbers{"K6"});
}

struct RejectsInSilence : Keeper {
  static Result<std::unique_ptr<RejectsInSilence>> create(Settings, Host) {
    return std::make_unique<RejectsInSilence>();
  }
  Done commit(const Checkpoint&, std::chrono::nanoseconds, Batch& rejected) override {
    rejected = batch_of({"no reason given"});
    return {};
  }
  Result<std::vector<Position>> recover() override { return std::vector<Position>(); }
  bool keeps_checkpoint() const override { return false; }
};
TEST(Conformance, finds_a_sink_that_rejects_without_a_reason) {
  EXPECT_EQ(broken(sink_subject<RejectsInSilence>()), Numbers{"K9"});
}

// ---- what components say of themselves
// ------------------------------------------------------------------------------------

TEST(Conformance, finds_options_that_are_not_legal) {
  static constexpr levada_option kBad[] = {
      {"CamelCase", LEVADA_STRING, 0, nullptr, nullptr, "Fine."},
      {"no_stop", LEVADA_STRING, 0, nullptr, nullptr, "No full stop"},
      {"time", LEVADA_DURATION, 0, nullptr, "5s", "A default that is no TOML."},
      {"both", LEVADA_STRING, LEVADA_REQUIRED, nullptr, "\"x\"", "Required and with a default."},
      {"both", LEVADA_CHOICE, 0, nullptr, nullptr, "Twice, and a choice of nothing."},
  };
  levada_component component = *interceptor<Shout>("shout", "Shouts.");
  component.options = kBad;
  component.option_count = std::size(kBad);
  Subject subject;
  subject.component = &component;
  Findings findings;
  for (const auto& must : musts_of(LEVADA_INTERCEPTOR))
    if (std::string_view(must.name).starts_with("P4")) must.test(subject, findings);
  EXPECT_EQ(findings, (Findings{"option CamelCase: its name is not in snake_case",
                                "option no_stop: its summary is no sentence that ends with a full stop",
                                "option time: its default is no value of TOML: 5s",
                                "option both: it is required and has a default",
                                "option both: another option has that name", "option both: a choice needs choices"}));
}

}  // namespace
}  // namespace levada::testkit
