// What the agent keeps of a reader's commits: a file for each of the last few, in its data folder.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::agent {

// A commit, seen from the agent: where the streams stood, and in what state whatever has one was.
struct StoredCheckpoint {
  uint64_t epoch = 0;
  std::vector<Position> positions;
  std::map<std::string, std::string> states;  // By whose it is: the path of an interceptor, "audit".
};

class CheckpointStore {
 public:
  static constexpr uint64_t kKept = 3;  // Commits of a reader whose files are kept.

  CheckpointStore(Files files, const std::string& data_dir) : files_(files), folder_(data_dir + "/commits") {}

  // Durable when it returns. In place of one of the same epoch, which never came to be.
  Done save(const std::string& reader, const StoredCheckpoint& record) const;
  // Nothing where that reader saved none of that epoch. One that is damaged is an error: going on
  // without it would lose or double rows.
  Result<std::optional<StoredCheckpoint>> load(const std::string& reader, uint64_t epoch) const;
  // The newest.
  Result<std::optional<StoredCheckpoint>> load_last(const std::string& reader) const;
  // The sink has done that commit, too. Told to whoever asks from outside, and to nobody who goes
  // on from it: it is not synced, and may be older than the truth after a crash.
  void confirm(const std::string& reader, uint64_t epoch) const;
  // The newest that was confirmed.
  Result<std::optional<StoredCheckpoint>> load_confirmed(const std::string& reader) const;
  // The streams that each reader has ever committed rows of, by its name; also of those that are
  // not configured any more.
  Result<std::map<std::string, std::set<std::string>>> confirmed_streams() const;
  // Names of the readers that have saved any.
  Result<std::vector<std::string>> readers() const;

 private:
  Result<std::vector<uint64_t>> epochs(const std::string& reader) const;
  std::string folder(const std::string& reader) const { return folder_ + "/" + reader; }
  std::string path(const std::string& reader, uint64_t epoch) const;

  const Files files_;
  const std::string folder_;
};

}  // namespace levada::agent
