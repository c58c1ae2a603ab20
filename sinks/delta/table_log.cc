#include "table_log.h"

#include <algorithm>

#include "action_json.h"
#include "checkpoint_reader.h"

namespace levada::delta {
namespace {

// The shortest time for which a log may be set to keep its commits.
constexpr std::chrono::minutes kTrusted{10};

}  // namespace

Done TableLog::advance(Snapshot& snapshot, const std::string& content) {
  const auto name = store_.name() + "/" + commit_path(snapshot.version + 1);
  LEVADA_TRY(read_actions(content, name, kState, [&](Action& action) -> Done {
    snapshot.apply(action);
    return {};
  }));
  ++snapshot.version;
  return {};
}

Result<Snapshot> TableLog::from(CheckpointFiles files) {
  Snapshot snapshot;
  LEVADA_TRY(read_checkpoint(store_, files, kState, [&](Action& action) -> Done {
    snapshot.apply(action);
    return {};
  }));
  if (snapshot.metadata.id.empty() || snapshot.protocol.min_writer == 0)
    return fatal(store_.name() + "/" + files.paths[0] + " is a checkpoint without protocol or metadata");
  snapshot.version = files.version;
  snapshot.checkpoint = std::move(files);
  return snapshot;
}

Result<Snapshot> TableLog::load() {
  auto last = last_checkpoint(store_);
  if (!last) return std::move(last).error();
  Result<Snapshot> snapshot = Snapshot();
  if (*last) {
    snapshot = from(**last);
    // The file that it names may be gone, or never have been there.
    if (!snapshot && snapshot.code() != Code::retry) return snapshot;
  }
  if (!*last || !snapshot) {
    auto files = store_.list(kLogFolder);
    if (!files) return std::move(files).error();
    auto checkpoints = checkpoints_among(*files);
    snapshot = checkpoints.empty() ? Result<Snapshot>(Snapshot()) : from(std::move(checkpoints.back()));
    if (!snapshot) return snapshot;
    // Without its beginning, and without a checkpoint, it tells nothing.
    const auto oldest = std::find_if(files->begin(), files->end(), [](const lake::StoredFile& file) {
      const auto described = LogFile::of(file.path);
      return described && described->kind == LogFile::Kind::commit;
    });
    if (!snapshot->exists() && oldest != files->end() && LogFile::of(oldest->path)->version > 0)
      return fatal("the log of " + store_.name() + " begins with version " +
                   std::to_string(LogFile::of(oldest->path)->version) + " and has no checkpoint");
  }
  looked_ = host_.monotonic();
  LEVADA_TRY(update(*snapshot));
  if (snapshot->exists() && snapshot->metadata.id.empty())
    return fatal("the log of " + store_.name() + " has no metadata");
  return snapshot;
}

Result<bool> TableLog::is_left_behind(const Snapshot& snapshot) {
  const auto now = host_.monotonic();
  if (now - looked_ < kTrusted) return false;
  auto last = last_checkpoint(store_);
  if (!last) return std::move(last).error();
  looked_ = now;
  return *last && (*last)->version > snapshot.version;
}

Done TableLog::update(Snapshot& snapshot, const Seen& seen) {
  for (;;) {
    auto content = commit(snapshot.version + 1);
    if (!content) return std::move(content).error();
    if (*content) {
      if (seen) LEVADA_TRY(seen({snapshot.version + 1, **content}));
      LEVADA_TRY(advance(snapshot, **content));
      continue;
    }
    auto behind = is_left_behind(snapshot);
    if (!behind) return std::move(behind).error();
    if (!*behind) return {};
    if (seen) return retry("the commits behind version " + std::to_string(snapshot.version) + " are gone");
    auto loaded = load();
    if (!loaded) return std::move(loaded).error();
    snapshot = *std::move(loaded);
    return {};
  }
}

Done TableLog::check_there(const Snapshot& snapshot) {
  if (!snapshot.exists()) return {};
  auto file = store_.open(commit_path(snapshot.version));
  if (!file) return std::move(file).error();
  if (*file) return {};
  // A clean-up takes it as soon as a checkpoint stands for it.
  auto files = store_.list(kLogFolder);
  if (!files) return std::move(files).error();
  for (const auto& each : *files)
    if (const auto described = LogFile::of(each.path); described && described->version >= snapshot.version) return {};
  return fatal("the table " + store_.name() + " was deleted, or put back to what it was, while it was written to: " +
               "when the agent starts again, it writes to what is there then");
}

Result<std::optional<std::string>> TableLog::commit(int64_t version) {
  return lake::read_file(store_, commit_path(version));
}

Result<Snapshot> TableLog::load_version(int64_t version) {
  auto files = store_.list(kLogFolder);
  if (!files) return std::move(files).error();
  auto checkpoints = checkpoints_among(*files);
  std::erase_if(checkpoints, [&](const CheckpointFiles& each) { return each.version > version; });
  Result<Snapshot> snapshot = checkpoints.empty() ? Result<Snapshot>(Snapshot()) : from(std::move(checkpoints.back()));
  if (!snapshot) return snapshot;
  while (snapshot->version < version) {
    auto content = commit(snapshot->version + 1);
    if (!content) return std::move(content).error();
    if (!*content) return fatal(store_.name() + " has no version " + std::to_string(version) + " (any more)");
    LEVADA_TRY(advance(*snapshot, **content));
  }
  return snapshot;
}

Result<std::vector<TableLog::Version>> TableLog::versions() {
  auto files = store_.list(kLogFolder);
  if (!files) return std::move(files).error();
  std::vector<Version> versions;
  for (const auto& file : *files) {
    const auto described = LogFile::of(file.path);
    if (described && described->kind == LogFile::Kind::commit)
      versions.push_back({described->version, file.modified_ms});
  }
  std::sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
  return versions;
}

Result<int64_t> TableLog::version_at(int64_t time_ms) {
  auto all = versions();
  if (!all) return std::move(all).error();
  std::optional<int64_t> found;
  for (const auto& each : *all)
    if (each.modified_ms <= time_ms) found = each.version;
  if (!found) return fatal("the log of " + store_.name() + " does not reach back to that time");
  return *found;
}

}  // namespace levada::delta
