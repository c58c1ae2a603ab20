// levada audit: what became of every row, as the commits of each reader of a channel have it.
#include <algorithm>
#include <cstdio>

#include "agent/base/numbers.h"
#include "agent/cli/acknowledged_missing.h"
#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/data_dir.h"
#include "agent/env/system_files.h"
#include "agent/pipeline/audit_totals.h"
#include "agent/pipeline/checkpoint_store.h"

namespace levada::agent {
namespace {

std::string equation(const AuditTotals::Entry& entry) {
  std::string text = "read " + grouped(entry.read) + " = delivered " + grouped(entry.delivered);
  for (const auto outcome :
       {Outcome::dead_letters, Outcome::filtered, Outcome::dropped, Outcome::elsewhere, Outcome::aggregated}) {
    int64_t rows = 0;
    for (const auto& count : entry.counts)
      if (count.outcome == outcome) rows += count.rows;
    if (rows > 0) text += " + " + std::string(name_of(outcome)) + " " + grouped(rows);
    // An interceptor made more rows than it took.
    if (rows < 0) text += " - made " + grouped(-rows);
  }
  if (const auto rows = entry.difference(); rows != 0) text += "; DIFFERENCE " + grouped(rows);
  return text;
}

void print_counts(const AuditTotals::Entry& entry, const Secrets& secrets) {
  auto counts = entry.counts;
  std::sort(counts.begin(), counts.end(), [](const AuditCount& a, const AuditCount& b) { return a.rows > b.rows; });
  for (const auto& count : counts)
    if (count.rows > 0)
      std::printf("      %-12s %s %s%s%s\n", grouped(count.rows).c_str(), std::string(name_of(count.outcome)).c_str(),
                  count.component.c_str(), count.reason.empty() ? "" : ": ", secrets.hide(count.reason).c_str());
}

// Whether all of it adds up.
bool print(const std::string& reader, const StoredCheckpoint& record, const AuditTotals& audit,
           const AcknowledgedMissing& acknowledged, const Secrets& secrets) {
  bool good = true;
  std::printf("%s, commit %s\n", reader.c_str(), grouped(static_cast<int64_t>(record.epoch)).c_str());
  for (const auto& [name, stream] : audit.streams()) {
    AuditTotals::Entry total;
    for (const auto& entry : stream.entries) {
      total.read += entry.read;
      total.delivered += entry.delivered;
      for (const auto& count : entry.counts)
        add_to_counts(total.counts, count.outcome, count.component, count.reason, count.rows);
      good &= entry.difference() == 0;
    }
    std::printf("  %s: %s\n", name.c_str(), equation(total).c_str());
    print_counts(total, secrets);
    const int64_t known = std::min(acknowledged.rows(reader, name, record.epoch), stream.missing);
    const int64_t missing = stream.missing - known;
    if (missing > 0) std::printf("    MISSING %s rows never came\n", grouped(missing).c_str());
    if (known > 0) std::printf("    missing, and acknowledged: %s rows never came\n", grouped(known).c_str());
    if (stream.doubled > 0) std::printf("    DOUBLED %s rows came again\n", grouped(stream.doubled).c_str());
    if (stream.restarts > 0)
      std::printf("    numbered anew %s times, as nothing was known of it: check whether rows came again then\n",
                  grouped(stream.restarts).c_str());
    good &= missing == 0 && stream.doubled == 0;
    for (const auto& entry : stream.entries)
      if (!entry.file.empty()) std::printf("    %s: %s\n", secrets.hide(entry.file).c_str(), equation(entry).c_str());
  }
  return good;
}

}  // namespace

int audit(const std::string& path, bool acknowledge_missing) {
  Diagnostics diagnostics;
  const auto loaded = load_for_inspection(path, diagnostics);
  if (refused(diagnostics)) return kBadConfiguration;
  const Files files{system_files()};
  const CheckpointStore commits(files, loaded.agent.data_dir);
  AcknowledgedMissing acknowledged(files, loaded.agent.data_dir);
  bool good = true;
  const auto report = [&](const Error& error) {
    std::fprintf(stderr, "%s\n", loaded.secrets.hide(error.message).c_str());
    good = false;
  };
  if (auto used = check_used(loaded.agent.data_dir); !used) report(used.error());
  if (auto done = acknowledged.load(); !done) report(done.error());
  const auto readers = commits.readers();
  if (!readers) report(readers.error());
  for (const auto& reader : readers ? *readers : std::vector<std::string>()) {
    auto record = commits.load_confirmed(reader);
    if (!record) {
      report(record.error());
      continue;
    }
    if (!*record) continue;
    const auto audit = AuditTotals::decode((*record)->states["audit"].whole.value_or(std::string()));
    if (audit && acknowledge_missing)
      for (const auto& [stream, entry] : audit->streams())
        if (entry.missing > 0) acknowledged.set(reader, stream, (*record)->epoch, entry.missing);
    if (audit) good &= print(reader, **record, *audit, acknowledged, loaded.secrets);
    else report(fatal("what " + reader + " keeps for the audit cannot be read"));
  }
  if (acknowledge_missing) {
    auto done = become_owner(loaded.agent.data_dir);
    if (done) done = acknowledged.save();
    if (!done) report(done.error());
  }
  return good ? kOk : kFailed;
}

}  // namespace levada::agent
