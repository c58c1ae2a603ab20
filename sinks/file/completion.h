// Brings files to their final names, in steps that can fail and be repeated.
#pragma once

#include <string>
#include <vector>

#include "compressor.h"
#include "levada/host.h"
#include "manifest.h"
#include "output_file.h"

namespace levada {

class Completion {
 public:
  Completion(Files files, const OutputFile::Style& style, Compressor& compressor)
      : files_(files), style_(style), compressor_(compressor) {}

  void add(Unfinished file) { files_left_.push_back(std::move(file)); }
  const std::vector<Unfinished>& left() const { return files_left_; }

  // Cuts files that were left open back to their committed bytes and ends them, or removes them where they have none:
  // what is left is complete.
  Done settle();
  // Gives complete files their names. Stops at the first that fails; it and those behind it are left.
  Result<int64_t> publish();

 private:
  Done settle(Unfinished& file);
  Done publish(const Unfinished& file);
  Result<bool> same_file(const std::string& one, const std::string& other) const;
  std::string other_name(const std::string& name, int number) const;

  const Files files_;
  const OutputFile::Style& style_;
  Compressor& compressor_;
  std::vector<Unfinished> files_left_;
};

std::string folder_of(const std::string& path);

}  // namespace levada
