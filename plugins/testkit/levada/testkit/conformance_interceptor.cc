// docs/spec/interceptor.md as tests.
#include "levada/testkit/conformance_interceptor.h"

#include "levada/testkit/batches.h"
#include "levada/testkit/malloc_use.h"

namespace levada::testkit {

namespace {

using Tested = TestedInterceptor;

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
  for (const auto& input : column_inputs(subject)) {
    const auto all = SharedBatch::of(input.batch);
    for (const auto& [first, rows] : {std::pair<int64_t, int64_t>{1, all.rows() - 2}, {5, 3}}) {
      const auto alone = Tested(subject).intercept(copied(input.batch, first, rows));
      compare(alone, Tested(subject).intercept(all.sliced(first, rows)), input.name + ", sliced", findings);
      compare(alone, Tested(subject).intercept(all.sliced_in_columns(first, rows)),
              input.name + ", sliced in its columns", findings);
    }
  }
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

// Of an instance that sees the same batches again and again, and begins anew each time where it has
// a state.
size_t bytes_left_by_each_batch(const Subject& subject) {
  const auto host = std::make_shared<FakeHost>("tested");
  host->take_away(LEVADA_LOG);  // It keeps what is logged.
  Tested tested(subject, host);
  // One that gives rows later and has no state, against I17, cannot be told to let them go.
  if (!tested.open() || (tested.has_advance() && !tested.is_stateful())) return 0;
  const auto columns = SharedBatch::of(column_inputs(subject).front().batch);
  const SharedBatch inputs[] = {SharedBatch::of(plain_input(subject)), columns, columns.sliced(3, 5)};
  return bytes_left_by_each([&] {
    for (const auto& input : inputs) {
      LentStructs lent_structs;
      Received batch, rejected;
      input.lend(batch.batch, lent_structs);
      tested.intercept(batch.batch, rejected.batch);
      if (tested.is_stateful()) tested.load("");
    }
  });
}

void releases_all_that_it_took(const Subject& subject, Findings& findings) {
  if (const auto left = bytes_left_by_each_batch(subject))
    findings.push_back("a batch leaves " + std::to_string(left) + " bytes of malloc behind, each time");
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
  inputs.push_back({"of a type that Arrow does not have", foreign_input()});
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

// What stands behind `name=` in a row; "<missing>" where the row has no such
// column. For values without spaces.
std::string value_in(const std::string& row, const std::string& name) {
  const auto at = row.find(' ' + name + '=');
  if (at == row.npos) return "<missing>";
  const auto begin = at + name.size() + 2;
  return row.substr(begin, row.find(' ', begin) - begin);
}

// Where a column of numbers comes out, so does one of lists, with what stood beside each number.
void keeps_columns_that_it_does_not_know(const Subject& subject, Findings& findings) {
  Batch batch = plain_input(subject);
  const int64_t rows = batch.rows();
  std::vector<std::optional<int64_t>> numbers;
  std::vector<std::optional<std::vector<int64_t>>> lists;
  for (int64_t row = 0; row < rows; ++row) {
    numbers.emplace_back(row);
    if (row % 4 == 3) lists.emplace_back();
    else lists.emplace_back(std::vector<int64_t>(static_cast<size_t>(row % 3), row));
  }
  batch.set(value_column<int64_t>("extra_integer", Type::int64, numbers));
  batch.set(list_column("extra_list", lists));
  const auto whole = SharedBatch::of(batch);
  const auto given = rows_of(whole.get());
  std::vector<SharedBatch> inputs = {whole};
  if (rows > 2) inputs.insert(inputs.end(), {whole.sliced(1, rows - 2), whole.sliced_in_columns(1, rows - 2)});
  for (const auto& input : inputs) {
    auto outcome = Tested(subject).intercept(input);
    if (outcome.code != LEVADA_OK) continue;
    if (!outcome.fault.empty()) return findings.push_back(outcome.fault);
    outcome.rows.insert(outcome.rows.end(), outcome.rejected.begin(), outcome.rejected.end());
    for (const auto& row : outcome.rows) {
      const auto number = value_in(row, "extra_integer"), list = value_in(row, "extra_list");
      if (number.find_first_not_of("0123456789") != number.npos) continue;
      const auto expected = value_in(given[std::stoul(number)], "extra_list");
      if (list != expected)
        return findings.push_back("a column of lists had " + expected + " in row " + number + ", and then " + list);
    }
  }
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

void tells_a_state_of_other_options(const Subject& subject, Findings& findings) {
  if (!subject.other_options) return;
  Subject other = subject;
  other.options = *subject.other_options;
  Tested saving(other), tested(subject);
  if (!saving.open() || !tested.open()) return findings.push_back("it cannot be created or opened");
  const auto batch = SharedBatch::of(plain_input(subject));
  saving.intercept(batch);
  tested.intercept(batch);
  const auto before = tested.save(), state = saving.save();
  if (!before || !state) return findings.push_back("it could not save");
  const auto code = tested.load(*state);
  if (code != LEVADA_REJECT || tested.message().empty())
    findings.push_back("load of a state of other options gave " + name_of(code) + " with the message \"" +
                       (code == LEVADA_OK ? "" : tested.message()) + "\"");
  if (tested.save() != before) findings.push_back("a load that failed changed the state");
}

}  // namespace

std::vector<Must> interceptor_musts() {
  std::vector<Must> all = {
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
      {"I22_tells_a_state_of_other_options_from_a_damaged_one", tells_a_state_of_other_options},
      {"I23_keeps_columns_that_it_does_not_know", keeps_columns_that_it_does_not_know},
  };
  for (const auto& more : {column_musts(), advance_musts(), change_musts()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace levada::testkit
