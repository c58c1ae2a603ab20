// What lies in the folder and is to be taken, by its names.
#pragma once

#include <string>
#include <vector>

#include "levada/host.h"

namespace levada::spool {

// Which files are taken. Patterns are those of the shell; one with a '/' is about the path below the folder, any other
// about the name alone.
struct NameRules {
  std::vector<std::string> include;
  std::vector<std::string> ignore;    // Wins; folders too.
  std::vector<std::string> suffixes;  // Of files that are done with, also where a ".N" follows.
  std::string skipped_folder;         // Path below the folder, or empty.
  bool recursive = false;
};

bool is_taken(const NameRules& rules, const std::string& path);

struct Found {
  std::string path;  // Below the folder.
  levada_file_info info;
  uint64_t link = 0;  // See FileId.
};

struct Scan {
  std::vector<Found> files;
  std::vector<Error> problems;  // Of single files and folders in it, which are left out.
};

// Fails where the folder itself cannot be listed.
Result<Scan> scan_folder(const Files& files, const std::string& folder, const NameRules& rules);

}  // namespace levada::spool
