// Brings files to their final names, in steps that can fail and be repeated.
#pragma once

#include <string>
#include <vector>

#include "files/compressor.h"
#include "levada/host.h"
#include "manifest.h"

namespace levada::file_sink {

class Completion {
 public:
  // `end`: what stands behind the last row of a file of text; outlives it.
  Completion(Host host, const std::string& end, files::Compressor& compressor)
      : host_(host),
        files_(host.files()),
        end_(end),
        compressor_(compressor),
        bytes_written_(host.counter("bytes_written")),
        files_completed_(host.counter("files_completed")) {}

  void add(Unfinished file) { files_left_.push_back(std::move(file)); }
  const std::vector<Unfinished>& left() const { return files_left_; }

  // Cuts files that were left open back to their committed bytes and ends them, and removes fresh
  // ones: what is left is complete. Says how many files that were.
  Result<int64_t> settle();
  // Gives complete files their names, and says to how many. What fails is left, and is
  // tried again with the next call.
  int64_t publish();

 private:
  Done settle(Unfinished& file);
  Done cut_and_end(const Unfinished& file);
  Done publish(const Unfinished& file);
  // A name that nobody has; empty where the file has it already.
  Result<std::string> free_name(const Unfinished& file) const;
  Result<bool> same_file(const std::string& path, const levada_file_info& other) const;

  const Host host_;
  const Files files_;
  const std::string& end_;
  files::Compressor& compressor_;
  Counter bytes_written_, files_completed_;
  std::vector<Unfinished> files_left_;
  std::string warned_of_;  // What the last publish could not do: said once.
};

std::string folder_of(const std::string& path);

}  // namespace levada::file_sink
