// Writes a record at a time, so that who reads the file sees whole ones.
#include "agent/cli/run_status.h"

#include <array>
#include <cstdio>
#include <utility>

#include "levada/time.h"

namespace levada::agent {
namespace {

using std::chrono::nanoseconds;

const char* text_of(RunState state) {
  switch (state) {
    case RunState::completed: return "completed";
    case RunState::completed_with_errors: return "completed_with_errors";
    case RunState::failed: return "failed";
    case RunState::stopped: break;
  }
  return "stopped";
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Each line two spaces further to the right: they belong to the line above.
std::string indented(const std::string& lines) {
  std::string text;
  for (size_t at = 0; at < lines.size();) {
    const auto end = std::min(lines.find('\n', at), lines.size());
    if (end > at) text += "  " + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text;
}

}  // namespace

RunState run_state(ExitCode code, Pipeline::Outcome outcome, bool until_drained) {
  if (code == kOk) return until_drained ? RunState::completed : RunState::stopped;
  const bool is_through = outcome == Pipeline::Outcome::drained && (code == kNotAllGood || code == kNotDrained);
  return is_through ? RunState::completed_with_errors : RunState::failed;
}

std::string service_of(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  name = name.substr(0, name.rfind('.'));
  constexpr std::string_view kEnd = "_status";
  if (name.size() > kEnd.size() && name.ends_with(kEnd)) name.resize(name.size() - kEnd.size());
  return name;
}

std::string run_counters(const Metrics& metrics, int64_t rejected) {
  std::string text;
  for (const char* name : {"rows_read", "rows_written"})
    text += (text.empty() ? "" : " ") + std::string(name) + "=" + std::to_string(metrics.total(name));
  text += " rows_rejected=" + std::to_string(rejected);
  // What is left out is 0 in most runs, and a run with any of it is none without errors.
  for (const char* name : {"files_failed", "files_damaged", "rows_missing"})
    if (const auto value = metrics.total(name); value > 0)
      text += " " + std::string(name) + "=" + std::to_string(value);
  return text;
}

RunStatus::RunStatus(std::string path, Files files, const levada_clock& clock)
    : path_(std::move(path)),
      service_(service_of(path_)),
      files_(files),
      clock_(clock),
      start_(clock.monotonic(clock.context)) {}

Done RunStatus::started(const std::string& config, bool is_after_crash) {
  if (path_.empty()) return {};
  if (is_after_crash) LEVADA_TRY(add("failed", "the run was killed, or the machine stopped under it\n"));
  return add("started", "levada run --config " + config + "\n");
}

Done RunStatus::ended(RunState state, const std::string& counters, const std::string& details) {
  if (path_.empty()) return {};
  char seconds[48];
  std::snprintf(seconds, sizeof seconds, " seconds=%.2f",
                std::chrono::duration<double>(nanoseconds(clock_.monotonic(clock_.context)) - start_).count());
  return add(text_of(state) + (counters.empty() ? "" : " " + counters) + seconds, details);
}

Done RunStatus::add(const std::string& status, const std::string& details) {
  std::array<char, Rfc3339Writer::kSize> time;
  Rfc3339Writer writer;
  if (!writer.write(clock_.now(clock_.context) / 1000, time.data())) time.fill('0');
  // Milliseconds do.
  std::string record(time.data(), Rfc3339Writer::kSecondsSize + 4);
  record += "Z " + service_ + " STATUS: " + status + "\n" + indented(details);
  LEVADA_TRY(files_.make_folder(folder_of(path_)));
  auto file = files_.open(path_, LEVADA_APPEND);
  if (!file) return std::move(file).error();
  auto info = file->info();
  if (!info) return std::move(info).error();
  // A record that a full disk or a kill has cut short ends here.
  if (info->bytes > 0) {
    char last = '\n';
    auto reader = files_.open(path_);
    if (!reader) return std::move(reader).error();
    const auto got = reader->read(&last, 1, static_cast<uint64_t>(info->bytes) - 1);
    if (!got) return got.error();
    if (last != '\n') record.insert(0, 1, '\n');
  }
  LEVADA_TRY(file->write(record));
  LEVADA_TRY(file->sync());
  return info->bytes == 0 ? files_.sync_folder(folder_of(path_)) : Done();
}

}  // namespace levada::agent
