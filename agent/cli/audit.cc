// levada audit: what became of every row, as the commits of each reader of a channel have it.
#include <algorithm>
#include <cstdio>

#include "agent/base/numbers.h"
#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/env/system_files.h"
#include "agent/pipeline/commit_store.h"
#include "agent/pipeline/ledger.h"

namespace levada::agent {
namespace {

std::string equation(const Ledger::Entry& entry) {
  std::string text = "read " + grouped(entry.read) + " = delivered " + grouped(entry.delivered);
  for (const auto fate : {Fate::dead_letters, Fate::filtered, Fate::dropped, Fate::elsewhere}) {
    int64_t rows = 0;
    for (const auto& loss : entry.losses)
      if (loss.fate == fate) rows += loss.rows;
    if (rows > 0) text += " + " + std::string(name_of(fate)) + " " + grouped(rows);
    // An interceptor made more rows than it took.
    if (rows < 0) text += " - made " + grouped(-rows);
  }
  if (const auto rows = entry.difference(); rows != 0) text += "; DIFFERENCE " + grouped(rows);
  return text;
}

void print_losses(const Ledger::Entry& entry) {
  auto losses = entry.losses;
  std::sort(losses.begin(), losses.end(), [](const Loss& a, const Loss& b) { return a.rows > b.rows; });
  for (const auto& loss : losses)
    if (loss.rows > 0)
      std::printf("      %-12s %s %s%s%s\n", grouped(loss.rows).c_str(), std::string(name_of(loss.fate)).c_str(),
                  loss.component.c_str(), loss.reason.empty() ? "" : ": ", loss.reason.c_str());
}

// Whether all of it adds up.
bool print(const std::string& reader, const CommitRecord& record, const Ledger& ledger) {
  bool good = true;
  std::printf("%s, commit %s\n", reader.c_str(), grouped(static_cast<int64_t>(record.epoch)).c_str());
  for (const auto& [name, stream] : ledger.streams()) {
    Ledger::Entry total;
    for (const auto& entry : stream.entries) {
      total.read += entry.read;
      total.delivered += entry.delivered;
      for (const auto& loss : entry.losses) add_loss(total.losses, loss.fate, loss.component, loss.reason, loss.rows);
      good &= entry.difference() == 0;
    }
    std::printf("  %s: %s\n", name.c_str(), equation(total).c_str());
    print_losses(total);
    if (stream.missing > 0) std::printf("    MISSING %s rows never came\n", grouped(stream.missing).c_str());
    if (stream.doubled > 0) std::printf("    DOUBLED %s rows came again\n", grouped(stream.doubled).c_str());
    if (stream.restarts > 0)
      std::printf("    numbered anew %s times, as nothing was known of it: check whether rows came again then\n",
                  grouped(stream.restarts).c_str());
    good &= stream.missing == 0 && stream.doubled == 0;
    for (const auto& entry : stream.entries)
      if (!entry.file.empty()) std::printf("    %s: %s\n", entry.file.c_str(), equation(entry).c_str());
  }
  return good;
}

}  // namespace

int audit(const std::string& path) {
  Diagnostics diagnostics;
  const auto loaded = load_configuration(path, diagnostics);
  if (refused(diagnostics)) return kBadConfiguration;
  const CommitStore commits(Files(system_files()), loaded.agent.data_dir);
  const auto readers = commits.readers();
  bool good = true;
  const auto report = [&](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    good = false;
  };
  if (!readers) report(readers.error());
  for (const auto& reader : readers ? *readers : std::vector<std::string>()) {
    auto record = commits.load_confirmed(reader);
    if (!record) {
      report(record.error());
      continue;
    }
    if (!*record) continue;
    const auto ledger = Ledger::decode((*record)->states["ledger"]);
    if (ledger) good &= print(reader, **record, *ledger);
    else report(fatal("what " + reader + " keeps for the audit cannot be read"));
  }
  return good ? kOk : kFailed;
}

}  // namespace levada::agent
