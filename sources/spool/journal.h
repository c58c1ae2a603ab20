// A file of lines in the instance's data folder: what is appended to it survives a
// crash, as a whole or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "levada/host.h"

namespace levada::spool {

class Journal {
 public:
  Journal(Files files, std::string folder) : files_(files), folder_(std::move(folder)), path_(folder_ + "/journal") {}

  // All whole lines; a line that a crash has torn is left out, and cut off by the next append.
  Result<std::vector<std::string>> load();
  // Adds lines, and returns when they are on disk. After a failure the same can be tried again.
  Done append(std::string_view lines);
  // Puts other lines in place of all.
  Done replace(std::string_view lines);
  uint64_t bytes() const { return bytes_; }

 private:
  Result<File> open();

  Files files_;
  std::string folder_;
  std::string path_;
  File file_;
  uint64_t bytes_ = 0;         // Of whole lines.
  bool is_torn_ = true;        // There may be more in the file than whole lines.
  bool is_replaced_ = false;   // Perhaps: a replacement failed.
  bool is_in_folder_ = false;  // Its name is on disk.
};

}  // namespace levada::spool
