// The conformance tests put to the test: sound components pass, and each
// fault is found under its number.
#include "levada/testkit/conformance.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance_test_support.h"

namespace levada::testkit {
namespace {

// ---- interceptors -------------------------------------------------------------------------------

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

struct SumsChanges : FaultySums<SumsChanges> {
  Done save(std::string& to) override {
    saved = sum;
    return Sums::save(to);
  }
  Done load(std::string_view state) override {
    saved.reset();
    return Sums::load(state);
  }
  Done save_changes(std::string& to) override {
    if (!saved) return idle();
    to = "+" + std::to_string(sum - std::exchange(*saved, sum));
    return {};
  }
  Done load_changes(std::string_view changes) override {
    if (!changes.starts_with('+')) return fatal("these are no changes");
    sum += std::stoul(std::string(changes));
    return {};
  }
  std::optional<size_t> saved;
};
LEVADA_CONFORMANCE(of_an_interceptor_that_saves_changes, interceptor_subject<SumsChanges>);

template <class Self>
struct FaultyChanges : SumsChanges {
  static Result<std::unique_ptr<Self>> create(Settings, Host) { return std::make_unique<Self>(); }
};

struct SavesAllChangesAgain : FaultyChanges<SavesAllChangesAgain> {
  Done save_changes(std::string& to) override {
    to = "+" + std::to_string(sum - saved.value_or(0));
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_that_saves_changes_twice) {
  EXPECT_EQ(broken(interceptor_subject<SavesAllChangesAgain>()), Numbers{"I27"});
}

struct TakesAnyChanges : FaultyChanges<TakesAnyChanges> {
  Done load_changes(std::string_view changes) override {
    if (!SumsChanges::load_changes(changes)) sum += changes.size();
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_that_takes_rubbish_for_changes) {
  EXPECT_EQ(broken(interceptor_subject<TakesAnyChanges>()), Numbers{"I28"});
}

TEST(Conformance, finds_an_interceptor_that_cannot_load_its_changes) {
  auto subject = interceptor_subject<SumsChanges>();
  auto component = *subject.component;
  auto functions = *static_cast<const levada_interceptor_functions*>(component.functions);
  functions.load_changes = nullptr;
  component.functions = &functions;
  subject.component = &component;
  EXPECT_EQ(broken(subject), Numbers{"I26"});
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
  EXPECT_EQ(broken(interceptor_subject<KeepsBatches>()), (Numbers{"P8", "P15", "I6"}));
  KeepsBatches::kept.clear();
}

struct WritesBadText : Faulty<WritesBadText> {
  Done intercept(Batch& batch) override {
    for (auto event : batch) event.set_text("text", "\xFF");
    return {};
  }
};
TEST(Conformance, finds_an_interceptor_whose_text_is_no_text) {
  EXPECT_EQ(broken(interceptor_subject<WritesBadText>()), (Numbers{"I1", "I23"}));
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

// ---- sources ------------------------------------------------------------------------------------

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

// ---- sinks --------------------------------------------------------------------------------------

LEVADA_CONFORMANCE(of_a_sink, sink_subject<CheckpointSink>);

struct NeverSyncs : CheckpointSink {
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
struct TakesTwoSteps : CheckpointSink {
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

struct ForgetsStreams : CheckpointSink {
  static Result<std::unique_ptr<ForgetsStreams>> create(Settings, Host host) {
    auto made = std::make_unique<ForgetsStreams>();
    made->files = host.files();
    return made;
  }
  Result<std::vector<Position>> recover() override {
    auto positions = CheckpointSink::recover();
    if (positions && !positions->empty()) positions->resize(1);
    return positions;
  }
};
TEST(Conformance, finds_a_sink_that_keeps_a_part_of_the_checkpoint) {
  EXPECT_EQ(broken(sink_subject<ForgetsStreams>()), (Numbers{"K4", "K6", "K15"}));
}

struct KeepsAfterRecovery : CheckpointSink {
  static Result<std::unique_ptr<KeepsAfterRecovery>> create(Settings, Host host) {
    auto made = std::make_unique<KeepsAfterRecovery>();
    made->files = host.files();
    return made;
  }
  Result<std::vector<Position>> recover() override {
    const auto before = written;
    auto positions = CheckpointSink::recover();
    written = before;
    return positions;
  }
};
TEST(Conformance, finds_a_sink_that_writes_twice_after_a_failed_commit) {
  EXPECT_EQ(broken(sink_subject<KeepsAfterRecovery>()), Numbers{"K6"});
}

struct RejectsInSilence : CheckpointSink {
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

// ---- what components say of themselves ----------------------------------------------------------

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
  EXPECT_EQ(
      findings,
      (Findings{
          "option CamelCase: its name is not in snake_case",
          "option no_stop: its summary is no sentence that ends with a full stop",
          "option time: its default is no value of it: 1:10: this is no number; text, durations and sizes stand in "
          "quotes: \"5s\", \"64KiB\"",
          "option both: it is required and has a default", "option both: another option has that name",
          "option both: a choice needs choices"}));
}

}  // namespace
}  // namespace levada::testkit
