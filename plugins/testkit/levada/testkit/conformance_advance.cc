// The part of docs/spec/interceptor.md on rows that are given later than they came in, as tests;
// and how interceptors under test are called.
#include <algorithm>

#include "levada/testkit/conformance_interceptor.h"

namespace levada::testkit {

namespace {

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

}  // namespace

void TestedInterceptor::note(const Received& rejected, Outcome& outcome) {
  if (rejected.empty()) return;
  outcome.rejected_fault = instance_.subject().fault(rejected.batch);
  if (!outcome.rejected_fault.empty()) return;
  outcome.rejected = rows_of(rejected.batch);
  outcome.rejected_fault = fault_of_reasons(rejected.batch);
}

Outcome TestedInterceptor::intercept(const SharedBatch& input) {
  Outcome outcome;
  LentStructs lent_structs;
  {
    Received batch, rejected;
    input.lend(batch.batch, lent_structs);
    outcome.code = intercept(batch.batch, rejected.batch);
    outcome.message = instance_.message();
    if (outcome.code == LEVADA_OK) {
      outcome.fault = instance_.subject().fault(batch.batch);
      if (outcome.fault.empty()) outcome.rows = rows_of(batch.batch);
    } else if (!batch.empty()) {
      outcome.left = rows_of(batch.batch);
    }
    note(rejected, outcome);
  }
  outcome.outstanding = lent_structs.outstanding();
  return outcome;
}

Outcome TestedInterceptor::advance(int64_t now_ns, bool ended) {
  Outcome outcome;
  Received out, rejected;
  outcome.code = instance_.call([&](auto* error) {
    return functions().advance(instance_.self(), now_ns, ended ? 1 : 0, &out.batch, &rejected.batch, error);
  });
  outcome.message = instance_.message();
  if (!out.empty()) {
    outcome.fault = instance_.subject().fault(out.batch);
    if (outcome.fault.empty()) outcome.rows = rows_of(out.batch);
    if (out.batch.stream.size || out.batch.position.size) outcome.fault = "advance named a stream or a position";
  }
  note(rejected, outcome);
  return outcome;
}

void compare(const Outcome& expected, const Outcome& got, const std::string& what, Findings& findings) {
  if (expected.code != got.code)
    return findings.push_back(what + ": it gave " + name_of(got.code) + " instead of " + name_of(expected.code));
  if (auto parts = difference(expected.rows, got.rows); !parts.empty()) findings.push_back(what + ": " + parts);
  if (auto parts = difference(expected.rejected, got.rejected); !parts.empty())
    findings.push_back(what + ", rejected: " + parts);
}

namespace {

using Tested = TestedInterceptor;
constexpr int kCallsMax = 10'000;

// Advances until there is nothing more; adds up what came.
Outcome advance_all(Tested& tested, int64_t now, bool ended, Findings& findings) {
  Outcome all;
  for (int calls = 0; calls < kCallsMax; ++calls) {
    const auto each = tested.advance(now, ended);
    all.code = each.code;
    if (!each.fault.empty()) findings.push_back("advance: " + each.fault);
    if (!each.rejected_fault.empty()) findings.push_back("advance, rejected: " + each.rejected_fault);
    if (each.code != LEVADA_OK) {
      if (!each.rows.empty()) findings.push_back("advance gave " + name_of(each.code) + " and rows");
      if (each.code != LEVADA_IDLE) findings.push_back("advance gave " + name_of(each.code) + ": " + each.message);
      return all;
    }
    if (each.rows.empty() && each.rejected.empty()) findings.push_back("advance gave OK and no rows: that is IDLE");
    all.rows.insert(all.rows.end(), each.rows.begin(), each.rows.end());
    all.rejected.insert(all.rejected.end(), each.rejected.begin(), each.rejected.end());
  }
  findings.push_back("advance does not come to IDLE");
  return all;
}

int64_t now_of(Tested& tested) { return tested.host().clock().monotonic().count(); }

// Has been given all the bodies; false where it cannot be, or gives no rows later.
bool filled(Tested& tested, const Subject& subject, Findings& findings) {
  if (!tested.advances()) return false;
  if (!tested.open()) {
    findings.push_back("it cannot be created or opened");
    return false;
  }
  return tested.intercept(SharedBatch::of(plain_input(subject))).code == LEVADA_OK;
}

void has_all_that_advancing_needs(const Subject& subject, Findings& findings) {
  const Tested tested(subject);
  if (tested.has_deadline() != tested.has_advance())
    findings.push_back(tested.has_advance() ? "it has advance and no deadline" : "it has deadline and no advance");
  if (tested.advances() && !tested.is_stateful())
    findings.push_back("it gives rows later and cannot save them until then");
}

void gives_what_is_due_and_comes_to_rest(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!filled(tested, subject, findings)) return;
  for (int deadlines = 0; deadlines < kCallsMax; ++deadlines) {
    const auto due = tested.deadline();
    if (due == INT64_MAX) return;
    const auto now = std::max(due, now_of(tested));
    tested.host().clock().advance(std::chrono::nanoseconds(now - now_of(tested)));
    advance_all(tested, now, false, findings);
    if (!findings.empty()) return;
    if (tested.deadline() <= now) return findings.push_back("advance said IDLE, and its deadline is still over");
  }
  findings.push_back("its deadlines never end, though no more rows come");
}

void gives_nothing_before_it_is_due(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!filled(tested, subject, findings) || tested.deadline() <= now_of(tested)) return;
  const auto early = tested.advance(std::min(tested.deadline() - 1, now_of(tested) + 1'000'000'000), false);
  if (early.code != LEVADA_IDLE || !early.rows.empty() || !early.rejected.empty())
    findings.push_back("called before its deadline, advance gave " + name_of(early.code));
}

void gives_all_when_intake_has_ended(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!filled(tested, subject, findings)) return;
  advance_all(tested, now_of(tested), true, findings);
  if (!findings.empty()) return;
  if (tested.deadline() != INT64_MAX) findings.push_back("intake has ended, and it still names a deadline");
  const auto later = tested.advance(now_of(tested) + int64_t{1'000'000'000} * 86'400 * 365, false);
  if (later.code != LEVADA_IDLE || !later.rows.empty())
    findings.push_back("intake has ended, and it kept rows back until later");
}

void keeps_what_is_not_due_in_its_state(const Subject& subject, Findings& findings) {
  if (!Tested(subject).advances() || !Tested(subject).is_stateful()) return;
  const auto rows = static_cast<int64_t>(subject.bodies.size());
  const auto whole = SharedBatch::of(plain_input(subject));
  for (int64_t cut = 0; cut <= rows && findings.empty(); ++cut) {
    const auto first = whole.sliced(0, cut), rest = whole.sliced(cut, rows - cut);
    Tested straight(subject), saving(subject), loading(subject);
    straight.intercept(first);
    straight.intercept(rest);
    const auto expected = advance_all(straight, now_of(straight), true, findings);
    saving.intercept(first);
    const auto state = saving.save();
    if (!state || loading.load(*state) != LEVADA_OK)
      return findings.push_back("its state could not be saved and loaded: " + loading.message());
    loading.intercept(rest);
    compare(expected, advance_all(loading, now_of(loading), true, findings),
            "advanced, with a state that was saved after row " + std::to_string(cut), findings);
  }
}

}  // namespace

std::vector<Must> advance_musts() {
  return {
      {"I17_has_all_that_advancing_needs", has_all_that_advancing_needs},
      {"I18_gives_what_is_due_and_comes_to_rest", gives_what_is_due_and_comes_to_rest},
      {"I19_gives_nothing_before_it_is_due", gives_nothing_before_it_is_due},
      {"I20_gives_all_when_intake_has_ended", gives_all_when_intake_has_ended},
      {"I21_keeps_what_is_not_due_in_its_state", keeps_what_is_not_due_in_its_state},
  };
}

}  // namespace levada::testkit
