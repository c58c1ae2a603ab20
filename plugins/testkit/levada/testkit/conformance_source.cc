// docs/spec/source.md as tests.
#include <algorithm>

#include "levada/testkit/conformance_parts.h"

namespace levada::testkit {

namespace {

constexpr int kPollsMax = 100'000;
constexpr int kIdlesMax = 200;
constexpr int kFaultsMax = 400;
constexpr auto kTimeout = std::chrono::milliseconds(100);
constexpr auto kLongTimeout = std::chrono::minutes(1);  // Nothing but a wait takes that long.

struct Polled {
  std::string stream, position;
  std::vector<std::string> rows;
};

class Tested {
 public:
  explicit Tested(const Subject& subject, bool drains = true)
      : instance_(subject, std::make_shared<FakeHost>("tested"), true, drains) {}
  Tested(const Subject& subject, std::shared_ptr<FakeHost> host) : instance_(subject, std::move(host), false) {}

  FakeHost& host() { return *instance_.host(); }
  const std::shared_ptr<FakeHost>& shared_host() { return instance_.host(); }
  const std::string& message() const { return instance_.message(); }
  void end() { instance_.end(); }
  bool made() const { return instance_.made(); }
  bool replays() { return (functions().promises(instance_.self()) & LEVADA_REPLAYS) != 0; }

  levada_code open(const std::map<std::string, std::string>& positions = {}) {
    std::vector<levada_position> all;
    for (const auto& [stream, position] : positions) all.push_back({detail::bytes(stream), detail::bytes(position), 0});
    return instance_.call(
        [&](auto* error) { return functions().open(instance_.self(), all.data(), all.size(), error); });
  }

  // Polls until the source ends or has long been idle. RETRY is answered with
  // another call, as the agent does.
  levada_code run(Findings& findings) {
    int idle = 0;
    for (int polls = 0; polls < kPollsMax; ++polls) {
      const auto code = poll(findings);
      if (code == LEVADA_OK || code == LEVADA_RETRY) {
        if (code == LEVADA_RETRY) host().clock().advance(std::chrono::seconds(1));
        idle = 0;
        continue;
      }
      if (code != LEVADA_IDLE || ++idle == kIdlesMax) return code;
      host().clock().advance(std::chrono::seconds(1));
    }
    findings.push_back("it does not come to an end: give the test options that bound it");
    return LEVADA_FATAL;
  }

  levada_code poll(Findings& findings, std::chrono::nanoseconds timeout = kTimeout) {
    Received out;
    for (const int32_t on : {1, 0})
      if (under_back_pressure) functions().back_pressure(instance_.self(), on);
    const auto before = host().clock().monotonic();
    const auto started = std::chrono::steady_clock::now();
    const auto code = instance_.call(
        [&](auto* error) { return functions().poll(instance_.self(), timeout.count(), &out.batch, error); });
    if (host().clock().monotonic() - before > timeout) findings.push_back("a poll waited for longer than it may");
    const auto took = std::max<std::chrono::nanoseconds>(host().clock().monotonic() - before,
                                                         std::chrono::steady_clock::now() - started);
    has_waited = took >= timeout;
    if (code != LEVADA_OK) {
      if (!out.empty()) findings.push_back("a poll gave " + name_of(code) + " and rows");
      if (code >= LEVADA_RETRY && message().empty())
        findings.push_back("a poll gave " + name_of(code) + " and did not say why");
      if (code == LEVADA_REJECT || code < LEVADA_OK || code > LEVADA_FATAL)
        findings.push_back("a poll gave " + name_of(code));
      return code;
    }
    if (const auto fault = instance_.subject().fault(out.batch); !fault.empty()) {
      faults.push_back(fault);
      return LEVADA_FATAL;
    }
    polled.push_back({std::string(detail::view(out.batch.stream)), std::string(detail::view(out.batch.position)),
                      rows_of(out.batch)});
    return code;
  }

  bool has_wake() { return has(functions(), &levada_source_functions::wake); }
  void wake() { functions().wake(instance_.self()); }
  bool has_back_pressure() { return has(functions(), &levada_source_functions::back_pressure); }

  levada_code acknowledge(const Polled& upto) {
    for (int tries = 0;; ++tries) {
      const auto code = instance_.call([&](auto* error) {
        return functions().acknowledge(instance_.self(), detail::bytes(upto.stream), detail::bytes(upto.position),
                                       error);
      });
      if (code != LEVADA_RETRY || tries == 10) return code;
      host().clock().advance(std::chrono::seconds(1));
    }
  }

  // All rows from batch number `first` on, of one stream or of all, in order.
  std::vector<std::string> rows(size_t first = 0) const {
    std::map<std::string, std::vector<std::string>> by_stream;
    for (size_t at = first; at < polled.size(); ++at) {
      auto& to = by_stream[polled[at].stream];
      to.insert(to.end(), polled[at].rows.begin(), polled[at].rows.end());
    }
    std::vector<std::string> all;
    for (const auto& [stream, rows] : by_stream)
      for (const auto& row : rows) all.push_back(stream + ": " + row);
    return all;
  }

  std::vector<Polled> polled;
  std::vector<std::string> faults;
  bool has_waited = false;           // The last poll, by the host's clock or the machine's, till its time was up.
  bool under_back_pressure = false;  // It is told of it, and of its end, before each poll.

 private:
  const levada_source_functions& functions() { return instance_.functions<levada_source_functions>(); }
  Instance instance_;
};

// Opens at the beginning and reads to the end; false, and a finding, where that is not to be had.
bool read_all(Tested& tested, Findings& findings) {
  if (!tested.made() || tested.open() != LEVADA_OK) {
    findings.push_back("it cannot be created or opened: " + tested.message());
    return false;
  }
  if (const auto code = tested.run(findings); code == LEVADA_RETRY || code == LEVADA_FATAL) {
    findings.push_back("it gave " + name_of(code) + ": " + tested.message());
    return false;
  }
  return true;
}

std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

void gives_legal_batches(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  read_all(tested, findings);
  findings.insert(findings.end(), tested.faults.begin(), tested.faults.end());
  if (tested.rows().empty()) findings.push_back("it gave no rows: the test needs some");
}

void waits_no_longer_than_it_may(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  read_all(tested, findings);
}

void gives_every_batch_a_position_of_its_own(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!read_all(tested, findings)) return;
  std::map<std::string, std::string> last;
  for (const auto& each : tested.polled) {
    const auto before = last.find(each.stream);
    if (each.position.empty()) findings.push_back("a batch has no position");
    if (before != last.end() && before->second == each.position && !each.rows.empty())
      findings.push_back("two batches of stream \"" + each.stream +
                         "\" have the same position, and the second has rows");
    last[each.stream] = each.position;
  }
}

void goes_on_from_any_position(const Subject& subject, Findings& findings) {
  Tested first(subject);
  if (!read_all(first, findings) || !first.replays()) return;
  first.end();
  std::map<std::string, std::string> positions;
  for (size_t upto = 0; upto < first.polled.size() && findings.empty(); ++upto) {
    positions[first.polled[upto].stream] = first.polled[upto].position;
    Tested again(subject, first.shared_host());
    if (again.open(positions) != LEVADA_OK)
      return findings.push_back("it does not open at a position that it gave: " + again.message());
    again.run(findings);
    if (const auto parts = difference(first.rows(upto + 1), again.rows()); !parts.empty())
      findings.push_back("opened at the position of batch " + std::to_string(upto) + ", " + parts);
  }
}

void gives_unacknowledged_rows_again(const Subject& subject, Findings& findings) {
  Tested first(subject);
  if (!read_all(first, findings) || !first.replays()) return;
  first.end();
  Tested again(subject, first.shared_host());
  if (!read_all(again, findings)) return;
  if (const auto parts = difference(first.rows(), again.rows()); !parts.empty()) findings.push_back(parts);
}

void changes_nothing_before_the_acknowledgement(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  const auto before = disk_of(tested.host(), tested.host().files());
  read_all(tested, findings);
  if (disk_of(tested.host(), tested.host().files()) != before)
    findings.push_back("files changed before anything was acknowledged");
}

void acknowledges_cumulatively(const Subject& subject, Findings& findings) {
  Tested each(subject), last(subject);
  if (!read_all(each, findings) || !read_all(last, findings)) return;
  const auto acknowledge = [&](Tested& tested, const Polled& upto, const char* what) {
    if (tested.acknowledge(upto) != LEVADA_OK) findings.push_back(std::string(what) + " failed: " + tested.message());
  };
  for (const auto& polled : each.polled) acknowledge(each, polled, "an acknowledgement");
  for (const auto& polled : each.polled) acknowledge(each, polled, "a second acknowledgement of the same position");
  std::map<std::string, Polled> ends;
  for (const auto& polled : last.polled) ends[polled.stream] = polled;
  for (const auto& [stream, polled] : ends) acknowledge(last, polled, "acknowledging only the last position");
  if (disk_of(each.host(), each.host().files()) != disk_of(last.host(), last.host().files()))
    findings.push_back("acknowledging only the last position does not do what acknowledging each does");
}

void stays_at_its_end(const Subject& subject, Findings& findings) {
  Tested tested(subject);
  if (!read_all(tested, findings)) return;
  const auto rows = tested.rows().size();
  const auto first = tested.poll(findings);
  if (first != LEVADA_END)
    findings.push_back("told to stop when drained, it gave " + name_of(first) + " instead of END");
  if (tested.poll(findings) != LEVADA_END || tested.rows().size() != rows) findings.push_back("it went on after END");
}

void loses_nothing_to_a_failing_disk(const Subject& subject, Findings& findings) {
  Tested sound(subject);
  const auto before = sound.host().files().calls();
  if (!read_all(sound, findings)) return;
  for (const auto& polled : sound.polled) sound.acknowledge(polled);
  const auto calls = std::min<int64_t>(sound.host().files().calls() - before, kFaultsMax);
  const auto after = disk_of(sound.host(), sound.host().files());
  for (int64_t n = 1; n <= calls && findings.empty(); ++n) {
    const auto add = [&](const std::string& what) {
      findings.push_back("when disk call " + std::to_string(n) + " fails: " + what);
    };
    Tested tested(subject);
    tested.host().files().fail_call(n, EIO);
    auto code = tested.open();
    for (int tries = 0; code == LEVADA_RETRY && tries < 10; ++tries) code = tested.open();
    if (code != LEVADA_OK) {
      add("open gave " + name_of(code) + ": " + tested.message());
      continue;
    }
    Findings inner;
    tested.run(inner);
    // What could not be read at once may come later, and so in another order.
    if (const auto parts = difference(sorted(sound.rows()), sorted(tested.rows())); !parts.empty()) add(parts);
    for (const auto& polled : tested.polled)
      if (tested.acknowledge(polled) != LEVADA_OK) add("acknowledge failed: " + tested.message());
    // And what an acknowledgement could not do at once is done by a later call.
    for (int later = 0; later < 5; ++later) {
      tested.host().clock().advance(std::chrono::minutes(1));
      tested.poll(inner);
    }
    if (!inner.empty()) add(inner.front());
    if (disk_of(tested.host(), tested.host().files()) != after) add("the files are not left as they would have been");
  }
}

void releases_all_that_it_gave(const Subject& subject, Findings& findings) {
  const auto before = memory_in_use();
  {
    Tested tested(subject);
    read_all(tested, findings);
  }
  if (memory_in_use() != before)
    findings.push_back(std::to_string(memory_in_use() - before) + " bytes of memory were never released");
}

// Polls until it waits for as long as it may; false where it does not wait.
bool polls_until_it_waits(Tested& tested, Findings& findings) {
  for (int polls = 0; polls < kPollsMax; ++polls) {
    const auto code = tested.poll(findings);
    if (code == LEVADA_END || code == LEVADA_FATAL) return false;
    if (code == LEVADA_IDLE && tested.has_waited) return true;
    if (code != LEVADA_OK) tested.host().clock().advance(std::chrono::seconds(1));
  }
  return false;
}

void ends_its_wait_when_it_is_woken(const Subject& subject, Findings& findings) {
  Tested tested(subject, false);
  if (!tested.made() || !tested.has_wake()) return;
  if (tested.open() != LEVADA_OK) return findings.push_back("it cannot be opened: " + tested.message());
  if (!polls_until_it_waits(tested, findings)) return;
  tested.wake();
  const auto before = tested.host().clock().monotonic();
  const auto code = tested.poll(findings, kLongTimeout);
  if (tested.host().clock().monotonic() != before || tested.has_waited)
    findings.push_back("a poll waited though a wake had come before it");
  if (code != LEVADA_OK && code != LEVADA_IDLE) findings.push_back("a poll that was woken gave " + name_of(code));
  if (!polls_until_it_waits(tested, findings)) findings.push_back("it never waits again after a wake");
}

void gives_the_same_rows_under_back_pressure(const Subject& subject, Findings& findings) {
  Tested plain(subject), slowed(subject);
  if (!slowed.has_back_pressure()) return;
  slowed.under_back_pressure = true;
  if (!read_all(plain, findings) || !read_all(slowed, findings)) return;
  if (auto parts = difference(plain.rows(), slowed.rows()); !parts.empty()) findings.push_back(parts);
}

}  // namespace

std::vector<Must> source_musts() {
  return {
      {"S1_gives_legal_batches", gives_legal_batches},
      {"S2_waits_no_longer_than_it_may", waits_no_longer_than_it_may},
      {"S3_gives_every_batch_a_position_of_its_own", gives_every_batch_a_position_of_its_own},
      {"S4_goes_on_from_any_position", goes_on_from_any_position},
      {"S5_gives_unacknowledged_rows_again", gives_unacknowledged_rows_again},
      {"S6_changes_nothing_before_the_acknowledgement", changes_nothing_before_the_acknowledgement},
      {"S7_acknowledges_cumulatively", acknowledges_cumulatively},
      {"S8_stays_at_its_end", stays_at_its_end},
      {"S9_loses_nothing_to_a_failing_disk", loses_nothing_to_a_failing_disk},
      {"S10_releases_all_that_it_gave", releases_all_that_it_gave},
      {"S14_ends_its_wait_when_it_is_woken", ends_its_wait_when_it_is_woken},
      {"S15_gives_the_same_rows_under_back_pressure", gives_the_same_rows_under_back_pressure},
  };
}

}  // namespace levada::testkit
