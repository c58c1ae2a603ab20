// Gives files with committed rows their names, in steps that can fail and be repeated, and removes
// what belongs to no commit.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lake/stores/committed_files.h"
#include "lake/stores/file_store.h"
#include "levada/host.h"

namespace levada::lake {

class Publication {
 public:
  // Files in use are in `folder`. `restate` makes durable what is left now.
  Publication(Host host, FileStore& store, std::string folder, std::function<Done()> restate)
      : host_(host),
        store_(store),
        folder_(std::move(folder)),
        restate_(std::move(restate)),
        files_completed_(host.counter("files_completed")) {}

  // Makes the folder, with an empty file in it that stays: while that can be seen, what is missing
  // has gone.
  Done prepare();
  void add(CommittedFile file) { left_.push_back(std::move(file)); }
  const std::vector<CommittedFile>& left() const { return left_; }
  // Says how many got their names. What fails is left, and is tried again with the next call; so is
  // what there is no time for, by the monotonic clock: at least one is tried.
  int64_t publish(std::chrono::nanoseconds until);
  // Removes all files in use but those that wait for their names, and those of `open`.
  Done remove_rest(const std::vector<CommittedFile>& open);

 private:
  Done publish(CommittedFile& file);
  // Makes one part of several.
  Done join(CommittedFile& file);
  Done copy(CommittedFile& file);
  // Fails where the part has gone and nobody can have given it a name.
  Done check_named(const CommittedFile& file);
  Done rename(const CommittedFile& file);

  const Host host_;
  FileStore& store_;
  const std::string folder_;
  const std::function<Done()> restate_;
  Counter files_completed_;
  std::vector<CommittedFile> left_;
  uint64_t copies_ = 0;
  std::string warned_of_;  // What the last publish could not do: said once.
};

}  // namespace levada::lake
