// Gives complete files their names, in steps that can fail and be repeated, and removes what
// belongs to no commit.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "lake/file_store.h"
#include "levada/host.h"
#include "manifest.h"

namespace levada::parquet_sink {

class Publication {
 public:
  // Files in use are in `folder`.
  Publication(Host host, lake::FileStore& store, std::string folder)
      : host_(host), store_(store), folder_(std::move(folder)), files_completed_(host.counter("files_completed")) {}

  // Makes the folder, with an empty file in it that stays: while that can be seen, what is missing
  // has gone.
  Done prepare();
  void add(CompleteFile file) { left_.push_back(std::move(file)); }
  const std::vector<CompleteFile>& left() const { return left_; }
  // Says how many got their names. What fails is left, and is tried again with the next call; so is
  // what there is no time for, by the monotonic clock: at least one is tried.
  int64_t publish(std::chrono::nanoseconds until);
  // Removes all files in use that are not waiting for their names.
  Done remove_rest();

 private:
  Done publish(const CompleteFile& file);

  const Host host_;
  lake::FileStore& store_;
  const std::string folder_;
  Counter files_completed_;
  std::vector<CompleteFile> left_;
  std::string warned_of_;  // What the last publish could not do: said once.
};

}  // namespace levada::parquet_sink
