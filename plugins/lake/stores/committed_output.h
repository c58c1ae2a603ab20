// What a sink that writes files to a store commits: which files belong to which positions. Files in
// use are in a hidden folder; a commit is one step of the manifest; complete files get their names
// behind it. After a crash the last commit is there, and nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lake/stores/committed_files.h"
#include "lake/stores/file_store.h"
#include "lake/stores/publication.h"
#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::lake {

class CommittedOutput {
 public:
  // The store, at `address`, outlives it. `sink`: the type of the sink.
  CommittedOutput(Host host, FileStore& store, std::string_view address, std::string_view sink);

  // Loads the last commit. All of its files are complete from now on.
  Done open();
  bool is_open() const { return publication_ != nullptr; }
  // Of the last commit.
  const std::vector<Position>& positions() const { return positions_; }
  // In the names of all files of the sink: no other sink has the same.
  const std::string& id() const { return id_; }
  uint64_t take_number() { return next_number_++; }
  std::string in_use_folder() const { return ".levada-" + id_; }

  // To be called before files are written. RETRY where another agent has the same names.
  Done prepare();
  // Commits these files, durable as they are, beside those that do not have their names yet.
  // `open`: those that later commits may add parts to; they take the place of the last commit's.
  Done commit(const Checkpoint& checkpoint, std::vector<CommittedFile> open, std::vector<CommittedFile> complete);
  // No part is added any more to an open file that has this name.
  void complete(const std::string& name);
  // Gives names to complete files, until there is no time left by the monotonic clock. What fails
  // is tried again with the next call.
  void publish(std::chrono::nanoseconds until);
  // Drops all files in use that the last commit does not have.
  Done roll_back();
  // Rolls back, and completes all that is committed.
  Done close();

 private:
  Done lock_names();
  // Brings the manifest to the last commit, with what has become of its files since.
  Done restate();

  const Host host_;
  const Files files_;
  FileStore& store_;
  const std::string local_folder_;  // Empty: the store is elsewhere.
  Manifest manifest_;
  std::unique_ptr<Publication> publication_;  // Once the id is known.
  std::vector<CommittedFile> open_;
  std::vector<Position> positions_;
  std::string id_;
  uint64_t next_number_ = 0;
  File lock_;  // On its id, in the folder.
  bool prepared_ = false;
  Counter files_recovered_;
};

}  // namespace levada::lake
