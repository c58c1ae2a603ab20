// The part of docs/spec/interceptor.md on changes of a state, as tests.
#include "levada/testkit/conformance_interceptor.h"

namespace levada::testkit {

namespace {

using Tested = TestedInterceptor;

void has_both_or_neither(const Subject& subject, Findings& findings) {
  const Tested tested(subject);
  if (tested.has_save_changes() != tested.has_load_changes())
    findings.push_back(tested.has_save_changes() ? "it has save_changes and no load_changes"
                                                 : "it has load_changes and no save_changes");
  if (tested.has_save_changes() && !tested.is_stateful()) findings.push_back("it saves changes of no state");
}

bool saves_changes(const Tested& tested) {
  return tested.is_stateful() && tested.has_save_changes() && tested.has_load_changes();
}

// What comes out of the rows, and of the end of intake.
Outcome all_of(Tested& tested, const SharedBatch& rows) {
  Outcome all = tested.intercept(rows);
  while (tested.advances()) {
    auto more = tested.advance(tested.host().clock().monotonic().count(), true);
    if (more.code != LEVADA_OK) break;
    all.rows.insert(all.rows.end(), more.rows.begin(), more.rows.end());
    all.rejected.insert(all.rejected.end(), more.rejected.begin(), more.rejected.end());
  }
  return all;
}

// One instance takes row by row and saves what has changed behind each, so that at each row another
// can be made of the first state and all changes since.
void goes_on_from_its_changes(const Subject& subject, Findings& findings) {
  if (!saves_changes(Tested(subject))) return;
  const auto count = static_cast<int64_t>(subject.bodies.size());
  const auto whole = SharedBatch::of(plain_input(subject));
  for (int64_t first = 0; first <= count; ++first) {
    Tested straight(subject), saving(subject);
    straight.intercept(whole.sliced(0, first));
    saving.intercept(whole.sliced(0, first));
    auto state = saving.save();
    std::vector<std::string> changes;
    for (int64_t row = first; row <= count; ++row) {
      const auto at = " of rows " + std::to_string(first) + " to " + std::to_string(row);
      const auto code = saving.save_changes(changes.emplace_back());
      if (code == LEVADA_IDLE) {
        if (!changes.back().empty()) return findings.push_back("it gave IDLE and changes" + at);
        changes.clear();
        state = saving.save();
      } else if (code != LEVADA_OK) {
        return findings.push_back("it could not save changes" + at + ": " + saving.message());
      }
      if (!state) return findings.push_back("it could not save: " + saving.message());

      Tested loading(subject);
      loading.intercept(whole);
      if (loading.load(*state) != LEVADA_OK) return findings.push_back("it could not load: " + loading.message());
      for (const auto& each : changes)
        if (!each.empty() && loading.load_changes(each) != LEVADA_OK)
          return findings.push_back("it could not load changes" + at + ": " + loading.message());
      Tested other(subject);
      other.intercept(whole.sliced(0, first));
      for (int64_t before = first; before < row; ++before) other.intercept(whole.sliced(before, 1));
      const auto rest = whole.sliced(row, count - row);
      compare(all_of(other, rest), all_of(loading, rest), "with changes" + at, findings);
      if (!findings.empty()) return;
      if (row < count)
        compare(straight.intercept(whole.sliced(row, 1)), saving.intercept(whole.sliced(row, 1)), "behind changes" + at,
                findings);
    }
  }
}

void refuses_what_are_no_changes(const Subject& subject, Findings& findings) {
  if (!saves_changes(Tested(subject))) return;
  const std::string rubbish[] = {std::string(1, '\0'), std::string(257, '\xff'), "these are no changes\n"};
  for (const auto& changes : rubbish) {
    Tested tested(subject);
    const auto code = tested.load_changes(changes);
    if (code != LEVADA_FATAL || tested.message().empty())
      findings.push_back("load_changes of " + std::to_string(changes.size()) + " bytes of rubbish gave " +
                         name_of(code) + " with the message \"" + (code == LEVADA_OK ? "" : tested.message()) + "\"");
  }
}

}  // namespace

std::vector<Must> change_musts() {
  return {
      {"I26_has_both_calls_for_changes_or_neither", has_both_or_neither},
      {"I27_goes_on_from_its_changes", goes_on_from_its_changes},
      {"I28_refuses_what_are_no_changes", refuses_what_are_no_changes},
  };
}

}  // namespace levada::testkit
