// Rows that are missing, and that the operator knows of: the audit says nothing of
// them any more. Kept in data_dir.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "levada/host.h"

namespace levada::agent {

class AcknowledgedMissing {
 public:
  AcknowledgedMissing(Files files, const std::string& data_dir) : files_(files), path_(data_dir + "/acknowledged") {}

  Done load();
  // Of the reader's stream, as of that commit or an earlier one. A reader that was
  // started anew counts from 0 again.
  int64_t rows(const std::string& reader, const std::string& stream, uint64_t epoch) const;
  void set(const std::string& reader, const std::string& stream, uint64_t epoch, int64_t rows);
  Done save() const;

 private:
  struct Entry {
    uint64_t epoch;
    int64_t rows;
  };
  const Files files_;
  const std::string path_;
  std::map<std::pair<std::string, std::string>, Entry> entries_;  // By reader and stream.
};

}  // namespace levada::agent
