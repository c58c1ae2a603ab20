// docs/spec/sink.md as tests.
#include <algorithm>
#include <optional>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance_parts.h"
#include "levada/testkit/fault_step.h"

namespace levada::testkit {

namespace {

// Of few calls, each may be the one that shows a fault.
int64_t step_for(int64_t calls) { return calls > 10 * kFaultStep ? kFaultStep : 1; }

constexpr int kTriesMax = 2'000;
constexpr int kFaultsMax = 400;
constexpr auto kTimeout = std::chrono::milliseconds(100);

// Of each stream: position, and rows before it.
using Positions = std::map<std::string, std::pair<std::string, uint64_t>>;

// What is committed as number `epoch`: a stream, the host's own, and one with
// whatever may stand in texts.
Positions checkpoint_of(uint64_t epoch) {
  if (epoch == 0) return {};
  const auto number = std::to_string(epoch);
  return {{"stream", {"p" + number, epoch}},
          {"@epoch", {number, 0}},
          {"odd/100%\t\n", {"{\"at\": \"\xC3\xA9\\n%41\"}\n\t" + number, UINT64_MAX - epoch}}};
}

class Tested {
 public:
  explicit Tested(const Subject& subject) : instance_(subject) {}
  Tested(const Subject& subject, std::shared_ptr<FakeHost> host) : instance_(subject, std::move(host), false) {}

  FakeHost& host() { return *instance_.host(); }
  const std::shared_ptr<FakeHost>& shared_host() { return instance_.host(); }
  const std::string& message() const { return instance_.message(); }
  bool keeps_checkpoint() { return (functions().promises(instance_.self()) & LEVADA_KEEPS_CHECKPOINT) != 0; }
  bool waited_too_long() const { return waited_too_long_; }

  // Opens and recovers; RETRY is answered as the agent does.
  levada_code start() {
    if (!instance_.made()) return instance_.code();
    const auto code =
        retried([&] { return timed([&](auto* error) { return functions().open(instance_.self(), error); }, false); });
    return code == LEVADA_OK ? recover() : code;
  }

  levada_code recover() {
    return retried([&] {
      positions.clear();
      const auto add = [](void* to, const levada_position* each) {
        auto& all = *static_cast<Positions*>(to);
        all[std::string(detail::view(each->stream))] = {std::string(detail::view(each->position)), each->sequence};
      };
      return timed([&](auto* error) { return functions().recover(instance_.self(), add, &positions, error); }, false);
    });
  }

  // Once; IDLE is answered with another call, and so is IDLE from commit.
  levada_code write(const SharedBatch& input) {
    return not_idle([&] {
      Received batch, rejected;
      input.lend(batch.batch, *lent_structs);
      const auto code = timed([&](auto* error) {
        return functions().write(instance_.self(), std::chrono::nanoseconds(kTimeout).count(), &batch.batch,
                                 &rejected.batch, error);
      });
      left = batch.empty() ? std::vector<std::string>() : rows_of(batch.batch);
      note(rejected);
      return code;
    });
  }

  levada_code commit(uint64_t epoch) {
    const auto all = checkpoint_of(epoch);
    std::vector<levada_position> at;
    for (const auto& [stream, position] : all)
      at.push_back({detail::bytes(stream), detail::bytes(position.first), position.second});
    return not_idle([&] {
      Received rejected;
      const levada_checkpoint checkpoint = {sizeof checkpoint, 0, at.data(), at.size(), epoch};
      const auto code = timed([&](auto* error) {
        return functions().commit(instance_.self(), std::chrono::nanoseconds(kTimeout).count(), &checkpoint,
                                  &rejected.batch, error);
      });
      note(rejected);
      return code;
    });
  }

  std::string close() { return close_fault(instance_); }

  levada_code idle() {
    if (!functions().idle) return LEVADA_OK;
    return timed([&](auto* error) { return functions().idle(instance_.self(), error); }, false);
  }

  // Writes and commits, and does it all again after a failure, as the agent does.
  levada_code deliver(const SharedBatch& input, uint64_t epoch) {
    return retried([&] {
      auto code = write(input);
      if (code == LEVADA_OK || code == LEVADA_REJECT) code = commit(epoch);
      if (code == LEVADA_RETRY) {
        if (const auto recovered = recover(); recovered != LEVADA_OK) return recovered;
        // The commit may have taken place all the same; then the checkpoint says so.
        if (positions == checkpoint_of(epoch)) return levada_code{LEVADA_OK};
      }
      return code;
    });
  }

  Positions positions;            // What recover named.
  std::vector<std::string> left;  // Of the batch after a write.
  std::vector<std::string> rejected;
  std::string rejected_fault;
  const std::shared_ptr<LentStructs> lent_structs =
      std::make_shared<LentStructs>();  // Outlives what the instance still holds.

 private:
  const levada_sink_functions& functions() { return instance_.functions<levada_sink_functions>(); }

  template <class Function>
  levada_code timed(Function&& function, bool bounded = true) {
    const auto before = host().clock().monotonic();
    const auto code = instance_.call(function);
    if (bounded && host().clock().monotonic() - before > kTimeout) waited_too_long_ = true;
    return code;
  }
  template <class Function>
  levada_code not_idle(Function&& function) {
    for (int tries = 0;; ++tries) {
      const auto code = function();
      if (code != LEVADA_IDLE || tries == kTriesMax) return code;
      host().clock().advance(kTimeout);
    }
  }
  template <class Function>
  levada_code retried(Function&& function) {
    for (int tries = 0;; ++tries) {
      const auto code = function();
      if (code != LEVADA_RETRY || tries == 10) return code;
      host().clock().advance(std::chrono::seconds(1));
    }
  }
  void note(const Received& batch) {
    if (batch.empty()) return;
    rejected_fault = instance_.subject().fault(batch.batch);
    if (!rejected_fault.empty()) return;
    const auto rows = rows_of(batch.batch);
    rejected.insert(rejected.end(), rows.begin(), rows.end());
    for (const auto& row : rows)
      if (row.find("reason=") == row.npos || row.find("reason=<null>") != row.npos)
        rejected_fault = "a rejected row has no reason: " + row;
  }

  Instance instance_;
  bool waited_too_long_ = false;
};

bool started(Tested& tested, Findings& findings) {
  const auto code = tested.start();
  if (code != LEVADA_OK)
    findings.push_back("it cannot be created, opened or recovered: " + name_of(code) + ": " + tested.message());
  return code == LEVADA_OK;
}

// What a sink delivered to the disk, sorted: all lines of all files, whatever it calls them, where
// the subject does not know better.
std::vector<std::string> lines_of(const Subject& subject, FakeHost& host) {
  std::vector<std::string> lines;
  if (subject.delivered) {
    lines = subject.delivered(host);
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  for (const auto& [path, text] : disk_of(host, host.files())) {
    for (size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// Each line as often as it must be; more often only where no checkpoint is kept.
std::string delivery_fault(const std::vector<std::string>& expected, const std::vector<std::string>& got,
                           bool exactly) {
  if (exactly) return difference(expected, got);
  std::vector<std::string> missing;
  std::set_difference(expected.begin(), expected.end(), got.begin(), got.end(), std::back_inserter(missing));
  return missing.empty() ? "" : "this was lost: " + missing.front();
}

std::vector<SharedBatch> two_batches(const Subject& subject) {
  const auto whole = SharedBatch::of(plain_input(subject));
  const auto half = whole.rows() / 2;
  return {whole.sliced(0, half), whole.sliced(half, whole.rows() - half)};
}

void names_nothing_before_its_first_commit(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (started(tested, findings) && !tested.positions.empty()) findings.push_back("recover named a position");
}

bool has_body(const SharedBatch& batch) {
  const ArrowSchema& schema = batch.get().schema;
  return std::any_of(schema.children, schema.children + schema.n_children,
                     [](const ArrowSchema* column) { return std::string_view(column->name) == "body"; });
}

void takes_whatever_comes(const Subject& subject, Findings& findings) {
  for (const auto& input : inputs_of(subject)) {
    Tested tested(subject);
    if (!started(tested, findings)) return;
    const auto code = tested.deliver(input.batch, 1);
    if (code == LEVADA_FATAL && !has_body(input.batch) && !tested.message().empty()) continue;
    if (code != LEVADA_OK && code != LEVADA_REJECT)
      findings.push_back(input.name + ": it gave " + name_of(code) + ": " + tested.message());
  }
}

void keeps_what_it_committed(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!started(tested, findings)) return;
  uint64_t epoch = 0;
  for (const auto& batch : two_batches(subject)) {
    if (tested.deliver(batch, ++epoch) != LEVADA_OK) return findings.push_back("it failed: " + tested.message());
  }
  const auto before = disk_of(tested.host(), tested.host().files());
  tested.host().files().crash();
  const auto after = disk_of(tested.host(), tested.host().files());
  for (const auto& [path, text] : before) {
    const auto at = after.find(path);
    if (at == after.end()) findings.push_back("a power cut after the commit takes away " + path);
    if (at != after.end() && at->second != text)
      findings.push_back("a power cut after the commit takes bytes out of " + path);
  }
}

// Dies at disk call n, and goes on where recover says.
void dies_and_goes_on(const Subject& subject, int64_t n, Lose lose, const std::vector<std::string>& expected,
                      Findings& findings) {
  const auto batches = two_batches(subject);
  const auto add = [&](const std::string& what) {
    findings.push_back("after it has died at disk call " + std::to_string(n) + ", " + what);
  };
  auto dying = std::make_unique<Tested>(subject);
  const auto host = dying->shared_host();
  host->files().crash_at(n);
  auto code = dying->start();
  for (uint64_t epoch = 1; epoch <= 2 && code == LEVADA_OK; ++epoch) code = dying->deliver(batches[epoch - 1], epoch);
  dying.reset();
  host->files().crash(lose);
  Tested second(subject, host);
  if (!started(second, findings)) return;
  uint64_t committed = 0;
  while (committed <= 2 && second.positions != checkpoint_of(committed)) ++committed;
  if (committed > 2) return add("recover names no commit's positions");
  for (uint64_t epoch = committed + 1; epoch <= 2; ++epoch)
    if (second.deliver(batches[epoch - 1], epoch) != LEVADA_OK) add("it failed: " + second.message());
  if (auto parts = difference(expected, lines_of(subject, *host)); !parts.empty()) add(parts);
}

void keeps_the_checkpoint_that_it_promises(const Subject& subject, Findings& findings) {
  Tested first(subject);
  const auto before = first.host().files().calls();
  if (!started(first, findings) || !first.keeps_checkpoint()) return;
  for (uint64_t epoch = 1; epoch <= 2; ++epoch)
    if (first.deliver(two_batches(subject)[epoch - 1], epoch) != LEVADA_OK)
      return findings.push_back("it failed: " + first.message());
  const auto calls = std::min<int64_t>(first.host().files().calls() - before, kFaultsMax);
  const auto expected = lines_of(subject, first.host());
  first.host().files().crash();
  Tested second(subject, first.shared_host());
  if (!started(second, findings)) return;
  if (second.positions != checkpoint_of(2)) findings.push_back("recover does not name what the last commit stored");
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn})
    for (int64_t n = 1; n <= calls && findings.empty(); n += step_for(calls))
      dies_and_goes_on(subject, n, lose, expected, findings);
}

void drops_what_was_not_committed(const Subject& subject, Findings& findings) {
  const auto batches = two_batches(subject);
  Tested straight(subject);
  if (!started(straight, findings)) return;
  for (uint64_t epoch = 1; epoch <= 2; ++epoch) straight.deliver(batches[epoch - 1], epoch);

  auto broken = std::make_unique<Tested>(subject);
  if (!started(*broken, findings)) return;
  broken->deliver(batches[0], 1);
  broken->write(batches[1]);
  const auto host = broken->shared_host();
  host->files().crash(Lose::torn);
  broken.reset();
  Tested second(subject, host);
  if (!started(second, findings)) return;
  if (second.deliver(batches[1], 2) != LEVADA_OK)
    return findings.push_back("it failed after a crash: " + second.message());
  const auto fault =
      delivery_fault(lines_of(subject, straight.host()), lines_of(subject, *host), second.keeps_checkpoint());
  if (!fault.empty()) findings.push_back("after a crash between write and commit, " + fault);
}

void loses_nothing_to_a_failing_disk(const Subject& subject, Findings& findings) {
  const auto batches = two_batches(subject);
  Tested sound(subject);
  const auto before = sound.host().files().calls();
  if (!started(sound, findings)) return;
  for (uint64_t epoch = 1; epoch <= 2; ++epoch) sound.deliver(batches[epoch - 1], epoch);
  const auto calls = std::min<int64_t>(sound.host().files().calls() - before, kFaultsMax);
  for (int64_t n = 1; n <= calls && findings.empty(); n += step_for(calls)) {
    for (const int error : {EIO, ENOSPC}) {
      const auto add = [&](const std::string& what) {
        findings.push_back("when disk call " + std::to_string(n) + " fails with " + std::to_string(error) + ": " +
                           what);
      };
      Tested tested(subject);
      tested.host().files().fail_call(n, error);
      if (const auto code = tested.start(); code != LEVADA_OK)
        add("it gave " + name_of(code) + ": " + tested.message());
      for (uint64_t epoch = 1; epoch <= 2; ++epoch)
        if (const auto code = tested.deliver(batches[epoch - 1], epoch); code != LEVADA_OK)
          add("it gave " + name_of(code) + ": " + tested.message());
      const auto fault =
          delivery_fault(lines_of(subject, sound.host()), lines_of(subject, tested.host()), tested.keeps_checkpoint());
      if (!fault.empty()) add(fault);
    }
  }
}

void takes_an_empty_batch_and_an_empty_commit(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!started(tested, findings)) return;
  if (tested.deliver(SharedBatch::of(batch_of({})), 1) != LEVADA_OK)
    findings.push_back("an empty batch failed: " + tested.message());
  if (tested.commit(2) != LEVADA_OK) findings.push_back("a commit of nothing failed: " + tested.message());
}

void leaves_the_batch_when_it_fails(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!started(tested, findings)) return;
  const auto input = foreign_input();
  const auto code = tested.write(input);
  if (code == LEVADA_OK) return;
  if (tested.message().empty()) findings.push_back("a write failed and did not say why");
  if (const auto was = rows_of(input.get()); tested.left != was)
    findings.push_back("a write failed and " + difference(was, tested.left));
  if (tested.lent_structs->outstanding() != 0) findings.push_back("a write failed and kept a part of the batch");
}

void says_why_it_rejects(const Subject& subject, Findings& findings) {
  for (const auto& input : inputs_of(subject)) {
    Tested tested(subject);
    if (!started(tested, findings)) return;
    tested.deliver(input.batch, 1);
    if (!tested.rejected_fault.empty()) findings.push_back(input.name + ": " + tested.rejected_fault);
  }
}

void releases_all_that_it_took(const Subject& subject, Findings& findings) {
  const auto before = memory_in_use();
  for (const auto& input : inputs_of(subject)) {
    std::shared_ptr<LentStructs> lent_structs;
    {
      Tested tested(subject);
      if (!started(tested, findings)) return;
      lent_structs = tested.lent_structs;
      tested.write(input.batch);
      tested.commit(1);
    }
    if (lent_structs->outstanding())
      findings.push_back(input.name + ": " + std::to_string(lent_structs->outstanding()) +
                         " structs were never released");
  }
  if (memory_in_use() != before)
    findings.push_back(std::to_string(memory_in_use() - before) + " bytes of memory were never released");
}

void waits_no_longer_than_it_may(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!started(tested, findings)) return;
  uint64_t epoch = 0;
  for (const auto& batch : two_batches(subject)) tested.deliver(batch, ++epoch);
  if (tested.waited_too_long()) findings.push_back("a write or commit waited for longer than it may");
}

void can_be_idle_at_any_time(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!started(tested, findings)) return;
  const auto idle = [&](const char* when) {
    tested.host().clock().advance(std::chrono::hours(1));
    if (const auto code = tested.idle(); code != LEVADA_OK && code != LEVADA_IDLE)
      findings.push_back(std::string("idle ") + when + " gave " + name_of(code) + ": " + tested.message());
  };
  idle("at the start");
  const auto batches = two_batches(subject);
  tested.write(batches[0]);
  idle("between write and commit");
  if (tested.commit(1) != LEVADA_OK) findings.push_back("a commit after idle failed: " + tested.message());
  idle("after a commit");
  if (tested.deliver(batches[1], 2) != LEVADA_OK) findings.push_back("it failed after idle: " + tested.message());
}

void does_not_commit_when_it_closes(const Subject& subject, Findings& findings) {
  const auto batches = two_batches(subject);
  Tested straight(subject);
  if (!started(straight, findings)) return;
  for (uint64_t epoch = 1; epoch <= 2; ++epoch) straight.deliver(batches[epoch - 1], epoch);

  auto closed = std::make_unique<Tested>(subject);
  if (!started(*closed, findings)) return;
  closed->deliver(batches[0], 1);
  closed->write(batches[1]);
  if (auto fault = closed->close(); !fault.empty()) findings.push_back(fault);
  const auto host = closed->shared_host();
  closed.reset();
  Tested second(subject, host);
  if (!started(second, findings)) return;
  if (second.keeps_checkpoint() && second.positions != checkpoint_of(1))
    findings.push_back("after a close between write and commit, recover does not name the last commit");
  if (second.deliver(batches[1], 2) != LEVADA_OK)
    return findings.push_back("it failed after a close: " + second.message());
  const auto fault =
      delivery_fault(lines_of(subject, straight.host()), lines_of(subject, *host), second.keeps_checkpoint());
  if (!fault.empty()) findings.push_back("after a close between write and commit, " + fault);
}

// What lies on the disk when the batch has been delivered.
std::optional<std::vector<std::string>> lines_of(const Subject& subject, const SharedBatch& batch) {
  Tested tested(subject);
  if (tested.start() != LEVADA_OK || tested.deliver(batch, 1) != LEVADA_OK) return std::nullopt;
  return lines_of(subject, tested.host());
}

void delivers_only_the_rows_of_a_slice(const Subject& subject, Findings& findings) {
  for (const auto& input : column_inputs(subject)) {
    const auto all = SharedBatch::of(input.batch);
    const int64_t first = 1, rows = all.rows() - 2;
    const auto expected = lines_of(subject, copied(input.batch, first, rows));
    if (!expected) continue;
    const std::pair<const char*, SharedBatch> others[] = {
        {"sliced", all.sliced(first, rows)},
        {"sliced in its columns", all.sliced_in_columns(first, rows)},
        {"with other values behind the nulls", copied(input.rubbish, first, rows)}};
    for (const auto& [what, batch] : others) {
      const auto got = lines_of(subject, batch);
      if (!got) findings.push_back(input.name + ", " + what + ": it fails");
      else if (auto parts = difference(*expected, *got); !parts.empty())
        findings.push_back(input.name + ", " + what + ": " + parts);
    }
  }
}

}  // namespace

std::vector<Must> sink_musts() {
  return {
      {"K1_names_nothing_before_its_first_commit", names_nothing_before_its_first_commit},
      {"K2_takes_whatever_comes", takes_whatever_comes},
      {"K3_keeps_what_it_committed", keeps_what_it_committed},
      {"K4_keeps_the_checkpoint_that_it_promises", keeps_the_checkpoint_that_it_promises},
      {"K5_drops_what_was_not_committed", drops_what_was_not_committed},
      {"K6_loses_nothing_to_a_failing_disk", loses_nothing_to_a_failing_disk},
      {"K7_takes_an_empty_batch_and_an_empty_commit", takes_an_empty_batch_and_an_empty_commit},
      {"K8_leaves_the_batch_when_it_fails", leaves_the_batch_when_it_fails},
      {"K9_says_why_it_rejects", says_why_it_rejects},
      {"K10_releases_all_that_it_took", releases_all_that_it_took},
      {"K11_waits_no_longer_than_it_may", waits_no_longer_than_it_may},
      {"K12_can_be_idle_at_any_time", can_be_idle_at_any_time},
      {"K16_delivers_only_the_rows_of_a_slice", delivers_only_the_rows_of_a_slice},
      {"K15_does_not_commit_when_it_closes", does_not_commit_when_it_closes},
  };
}

}  // namespace levada::testkit
