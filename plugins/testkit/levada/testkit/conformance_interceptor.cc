// docs/spec/interceptor.md as tests.
#include <cstddef>
#include <optional>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance_parts.h"

namespace levada::testkit {

namespace {

// What a call did.
struct Outcome {
  levada_code code = LEVADA_FATAL;
  std::string message;
  std::vector<std::string> rows, rejected;
  std::string fault;              // Of the batch that came back.
  std::string rejected_fault;     // Of the rows that were turned down.
  std::vector<std::string> left;  // The batch after a failed call.
  int64_t outstanding = 0;        // Structs of the input that were never released.
};

std::string fault_of_reasons(const levada_batch& rejected) {
  for (int64_t at = 0; at < rejected.schema.n_children; ++at) {
    if (std::string_view(rejected.schema.children[at]->name) != "reason") continue;
    const ArrowArray& reasons = *rejected.rows.children[at];
    const std::string_view format = rejected.schema.children[at]->format;
    if (format != "vu" && !rejected.schema.children[at]->dictionary) return "the column \"reason\" is no text";
    if (reasons.buffers[0] && reasons.null_count != 0) return "the column \"reason\" has nulls";
    return "";
  }
  return "what was rejected has no column \"reason\"";
}

// A fresh instance, or one that has been at work.
class Tested {
 public:
  explicit Tested(const Subject& subject) : instance_(subject) {
    const auto& functions = instance_.functions<levada_interceptor_functions>();
    open_ = instance_.made() && (!functions.open || instance_.call([&](auto* error) {
              return functions.open(instance_.self(), error);
            }) == LEVADA_OK);
  }
  bool open() const { return open_; }
  // Of a plugin that was built before there were states, the two are not there.
  bool has_save() const { return functions().size >= kSizeWithSave && functions().save; }
  bool has_load() const { return functions().size >= kSizeWithLoad && functions().load; }
  bool is_stateful() const { return has_save() && has_load(); }
  const std::string& message() const { return instance_.message(); }

  // The state; nothing where it could not be saved.
  std::optional<std::string> save() {
    std::string state;
    const auto add = [](void* to, levada_bytes part) { static_cast<std::string*>(to)->append(detail::view(part)); };
    const auto code =
        instance_.call([&](auto* error) { return functions().save(instance_.self(), add, &state, error); });
    if (code != LEVADA_OK) return std::nullopt;
    return state;
  }
  levada_code load(std::string_view state) {
    return instance_.call([&](auto* error) { return functions().load(instance_.self(), detail::bytes(state), error); });
  }

  Outcome intercept(const SharedBatch& input) {
    Outcome outcome;
    Ledger ledger;
    {
      Received batch, rejected;
      input.lend(batch.batch, ledger);
      outcome.code = instance_.call([&](auto* error) {
        return instance_.functions<levada_interceptor_functions>().intercept(instance_.self(), &batch.batch,
                                                                             &rejected.batch, error);
      });
      outcome.message = instance_.message();
      if (outcome.code == LEVADA_OK) {
        outcome.fault = instance_.subject().fault(batch.batch);
        if (outcome.fault.empty()) outcome.rows = rows_of(batch.batch);
      } else if (!batch.empty()) {
        outcome.left = rows_of(batch.batch);
      }
      if (!rejected.empty()) {
        outcome.rejected_fault = instance_.subject().fault(rejected.batch);
        if (outcome.rejected_fault.empty()) {
          outcome.rejected = rows_of(rejected.batch);
          outcome.rejected_fault = fault_of_reasons(rejected.batch);
        }
      }
    }
    outcome.outstanding = ledger.outstanding();
    return outcome;
  }

 private:
  static constexpr size_t kSizeWithSave = offsetof(levada_interceptor_functions, save) + sizeof(void*);
  static constexpr size_t kSizeWithLoad = offsetof(levada_interceptor_functions, load) + sizeof(void*);

  const levada_interceptor_functions& functions() const { return instance_.functions<levada_interceptor_functions>(); }

  Instance instance_;
  bool open_;
};

// Runs each input through an instance of its own.
template <class Check>
void for_each_input(const Subject& subject, Findings& findings, Check check) {
  for (const auto& input : inputs_of(subject)) {
    Tested tested(subject);
    if (!tested.open()) return findings.push_back("it cannot be created or opened");
    const auto outcome = tested.intercept(input.batch);
    if (const std::string finding = check(input, outcome); !finding.empty())
      findings.push_back(input.name + ": " + finding);
  }
}

void compare(const Outcome& expected, const Outcome& got, const std::string& what, Findings& findings) {
  if (expected.code != got.code)
    return findings.push_back(what + ": it gave " + name_of(got.code) + " instead of " + name_of(expected.code));
  if (auto parts = difference(expected.rows, got.rows); !parts.empty()) findings.push_back(what + ": " + parts);
  if (auto parts = difference(expected.rejected, got.rejected); !parts.empty())
    findings.push_back(what + ", rejected: " + parts);
}

void gives_legal_batches(const Subject& subject, Findings& findings) {
  for_each_input(subject, findings, [](const Input&, const Outcome& outcome) { return outcome.fault; });
}

void takes_an_empty_batch(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  const auto outcome = tested.intercept(SharedBatch::of(batch_of({})));
  if (outcome.code != LEVADA_OK) findings.push_back("it gave " + name_of(outcome.code) + ": " + outcome.message);
  if (!outcome.rows.empty() || !outcome.rejected.empty()) findings.push_back("it made rows of none");
}

void sees_only_the_rows_of_a_slice(const Subject& subject, Findings& findings) {
  if (subject.bodies.size() < 3) return findings.push_back("the test needs at least three bodies");
  Subject inner = subject;
  inner.bodies = {subject.bodies.begin() + 1, subject.bodies.end() - 1};
  const auto count = static_cast<int64_t>(inner.bodies.size());
  const auto whole = SharedBatch::of(plain_input(subject));
  const auto expected = Tested(subject).intercept(SharedBatch::of(plain_input(inner)));
  compare(expected, Tested(subject).intercept(whole.sliced(1, count)), "sliced", findings);
  compare(expected, Tested(subject).intercept(whole.sliced_in_columns(1, count)), "sliced in its columns", findings);
}

void gives_the_same_for_the_same(const Subject& subject, Findings& findings) {
  for_each_input(subject, findings, [&](const Input& input, const Outcome& outcome) {
    Findings inner;
    compare(outcome, Tested(subject).intercept(input.batch), "the second time", inner);
    return inner.empty() ? "" : inner.front();
  });
}

void does_not_mind_where_batches_are_cut(const Subject& subject, Findings& findings) {
  if (subject.cuts_matter) return;
  const auto rows = static_cast<int64_t>(subject.bodies.size());
  const auto whole = SharedBatch::of(plain_input(subject));
  const auto expected = Tested(subject).intercept(whole);
  if (expected.code != LEVADA_OK) return;
  for (int64_t cut = 1; cut < rows; ++cut) {
    Tested tested(subject);
    Outcome joined = tested.intercept(whole.sliced(0, cut));
    const Outcome rest = tested.intercept(whole.sliced(cut, rows - cut));
    // A part may hold nothing but rows that can never succeed.
    if (joined.code == LEVADA_REJECT || rest.code == LEVADA_REJECT) continue;
    joined.code = std::max(joined.code, rest.code);
    joined.rows.insert(joined.rows.end(), rest.rows.begin(), rest.rows.end());
    joined.rejected.insert(joined.rejected.end(), rest.rejected.begin(), rest.rejected.end());
    compare(expected, joined, "cut after row " + std::to_string(cut), findings);
  }
}

void releases_all_that_it_took(const Subject& subject, Findings& findings) {
  const auto before = memory_in_use();
  for_each_input(subject, findings, [](const Input&, const Outcome& outcome) {
    return outcome.outstanding ? std::to_string(outcome.outstanding) + " structs of the input were never released" : "";
  });
  if (memory_in_use() != before)
    findings.push_back(std::to_string(memory_in_use() - before) + " bytes of memory were never released");
}

void says_why_it_rejects(const Subject& subject, Findings& findings) {
  for_each_input(subject, findings, [](const Input&, const Outcome& outcome) { return outcome.rejected_fault; });
}

void leaves_the_batch_when_it_fails(const Subject& subject, Findings& findings) {
  auto inputs = inputs_of(subject);
  inputs.push_back({"of a type that the contract does not have", foreign_input()});
  for (const auto& input : inputs) {
    Tested tested(subject);
    const auto outcome = tested.intercept(input.batch);
    if (outcome.code == LEVADA_OK) continue;
    const auto was = rows_of(input.batch.get());
    if (outcome.left != was) findings.push_back(input.name + ": the call failed and " + difference(was, outcome.left));
    if (outcome.outstanding) findings.push_back(input.name + ": the call failed and kept a part of the batch");
  }
}

void answers_whatever_comes(const Subject& subject, Findings& findings) {
  for_each_input(subject, findings, [](const Input&, const Outcome& outcome) -> std::string {
    if (outcome.code == LEVADA_OK) return "";
    if (outcome.code == LEVADA_REJECT && !outcome.message.empty()) return "";
    if (outcome.code == LEVADA_FATAL && !outcome.message.empty()) return "";
    return "it gave " + name_of(outcome.code) + " with the message \"" + outcome.message + "\"";
  });
}

void reads_dictionaries_as_text(const Subject& subject, Findings& findings) {
  Subject texts = subject;
  std::erase_if(texts.bodies, [](const auto& body) { return !is_utf8(body); });
  const auto expected = Tested(subject).intercept(SharedBatch::of(plain_input(texts)));
  compare(expected, Tested(subject).intercept(dictionary_input(texts)), "as a dictionary", findings);
}

// With inputs of its own behind it, it gives what a fresh one gives.
void does_not_mind_what_came_before(const Subject& subject, Findings& findings) {
  Tested worked(subject);
  if (worked.is_stateful() || subject.cuts_matter) return;
  for (const auto& input : inputs_of(subject))
    compare(Tested(subject).intercept(input.batch), worked.intercept(input.batch), input.name + ", behind others",
            findings);
}

void has_both_or_neither(const Subject& subject, Findings& findings) {
  const Tested tested(subject);
  if (tested.has_save() != tested.has_load())
    findings.push_back(tested.has_save() ? "it has save and no load" : "it has load and no save");
}

void begins_anew_from_an_empty_state(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!tested.is_stateful()) return;
  const auto batch = SharedBatch::of(plain_input(subject));
  if (tested.load("") != LEVADA_OK) return findings.push_back("an empty state failed: " + tested.message());
  const auto expected = Tested(subject).intercept(batch);
  compare(expected, tested.intercept(batch), "after an empty state", findings);
  if (tested.load("") != LEVADA_OK) return findings.push_back("an empty state failed: " + tested.message());
  compare(expected, tested.intercept(batch), "after rows and an empty state", findings);
}

void goes_on_from_the_state_that_it_saved(const Subject& subject, Findings& findings) {
  if (!Tested(subject).is_stateful()) return;
  const auto rows = static_cast<int64_t>(subject.bodies.size());
  const auto whole = SharedBatch::of(plain_input(subject));
  for (int64_t cut = 0; cut <= rows && findings.empty(); ++cut) {
    const auto first = whole.sliced(0, cut), rest = whole.sliced(cut, rows - cut);
    const auto at = [&](const char* what) { return std::string(what) + " after row " + std::to_string(cut); };
    Tested straight(subject);
    straight.intercept(first);
    const auto expected = straight.intercept(rest);

    Tested saving(subject), other(subject);
    saving.intercept(first);
    const auto state = saving.save();
    if (!state) return findings.push_back(at("it could not save") + ": " + saving.message());
    compare(expected, saving.intercept(rest), at("saved"), findings);
    other.intercept(whole);
    for (auto* tested : {&saving, &other}) {
      if (tested->load(*state) != LEVADA_OK)
        return findings.push_back(at("it could not load") + ": " + tested->message());
      const auto again = tested->save();
      compare(expected, tested->intercept(rest), at("loaded"), findings);
      if (!again || tested->load(*again) != LEVADA_OK)
        return findings.push_back(at("it could not save and load what it had loaded") + ": " + tested->message());
      compare(expected, tested->intercept(rest), at("loaded, saved and loaded"), findings);
    }
  }
}

void refuses_what_is_no_state(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!tested.is_stateful()) return;
  const auto batch = SharedBatch::of(plain_input(subject));
  tested.intercept(batch);
  const auto before = tested.save();
  const std::string rubbish[] = {std::string(1, '\0'), std::string(257, '\xff'), "this is no state\n"};
  for (const auto& state : rubbish) {
    const auto code = tested.load(state);
    if (code != LEVADA_FATAL || tested.message().empty())
      findings.push_back("load of " + std::to_string(state.size()) + " bytes of rubbish gave " + name_of(code) +
                         " with the message \"" + (code == LEVADA_OK ? "" : tested.message()) + "\"");
  }
  if (tested.save() != before) findings.push_back("a load that failed changed the state");
}

}  // namespace

std::vector<Must> interceptor_musts() {
  return {
      {"I1_gives_legal_batches", gives_legal_batches},
      {"I2_takes_an_empty_batch", takes_an_empty_batch},
      {"I3_sees_only_the_rows_of_a_slice", sees_only_the_rows_of_a_slice},
      {"I4_gives_the_same_for_the_same", gives_the_same_for_the_same},
      {"I5_does_not_mind_where_batches_are_cut", does_not_mind_where_batches_are_cut},
      {"I6_releases_all_that_it_took", releases_all_that_it_took},
      {"I7_says_why_it_rejects", says_why_it_rejects},
      {"I8_leaves_the_batch_when_it_fails", leaves_the_batch_when_it_fails},
      {"I9_answers_whatever_comes", answers_whatever_comes},
      {"I10_reads_dictionaries_as_text", reads_dictionaries_as_text},
      {"I12_does_not_mind_what_came_before", does_not_mind_what_came_before},
      {"I13_has_both_save_and_load_or_neither", has_both_or_neither},
      {"I14_begins_anew_from_an_empty_state", begins_anew_from_an_empty_state},
      {"I15_goes_on_from_the_state_that_it_saved", goes_on_from_the_state_that_it_saved},
      {"I16_refuses_what_is_no_state", refuses_what_is_no_state},
  };
}

}  // namespace levada::testkit
