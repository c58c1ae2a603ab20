// What the agent keeps of a reader's commits: a file for each of the last few, in its data folder,
// and for as many before them as the states in them are changes of.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/pipeline/saved_states.h"
#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::agent {

// A commit, seen from the agent: where the streams stood, and in what state whatever has one was.
struct StoredCheckpoint {
  uint64_t epoch = 0;
  std::vector<Position> positions;
  SavedStates states;  // Of interceptors, and "audit".
};

class CheckpointStore {
 public:
  static constexpr uint64_t kKept = 3;  // Commits of a reader whose files are kept.

  CheckpointStore(Files files, const std::string& data_dir) : files_(files), folder_(data_dir + "/commits") {}

  // Durable when it returns. In place of one of the same epoch, which never came to be.
  Done save(const std::string& reader, const StoredCheckpoint& record) const;
  // Nothing where that reader saved none of that epoch. States are whole, with the changes since.
  // One that is damaged is an error: going on without it would lose or double rows.
  Result<std::optional<StoredCheckpoint>> load(const std::string& reader, uint64_t epoch) const;
  // The newest.
  Result<std::optional<StoredCheckpoint>> load_last(const std::string& reader) const;
  // The sink has done that commit, too. Told to whoever asks from outside, and to nobody who goes
  // on from it: it is not synced, and may be older than the truth after a crash.
  void confirm(const std::string& reader, uint64_t epoch) const;
  // The newest that was confirmed; states are as they stand in its own file.
  Result<std::optional<StoredCheckpoint>> load_confirmed(const std::string& reader) const;
  // The streams that each reader has ever committed rows of, by its name; also of those that are
  // not configured any more.
  Result<std::map<std::string, std::set<std::string>>> confirmed_streams() const;
  // Names of the readers that have saved any.
  Result<std::vector<std::string>> readers() const;

 private:
  struct Saved {
    uint64_t epoch;
    bool is_whole;  // No state in it needs that of the epoch before.
  };
  // In order. Where an epoch was saved whole that had been saved by its changes before, which never
  // came to be, the first of the two is the one that counts.
  Result<std::vector<Saved>> saved(const std::string& reader) const;
  Result<std::optional<StoredCheckpoint>> load_alone(const std::string& reader, uint64_t epoch) const;
  Result<StoredCheckpoint> read(const std::string& reader, const Saved& saved) const;
  void remove_before(const std::string& reader, uint64_t first_kept) const;
  std::string folder(const std::string& reader) const { return folder_ + "/" + reader; }
  std::string path(const std::string& reader, const Saved& saved) const;

  const Files files_;
  const std::string folder_;
};

}  // namespace levada::agent
