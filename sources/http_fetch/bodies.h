// The bodies that were fetched and are not stored downstream yet: files in a folder, each with what
// is known of it at its end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "body_writer.h"
#include "position.h"

namespace levada::http_fetch {

class Bodies {
 public:
  Bodies(const Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  const std::string& folder() const { return folder_; }
  // Makes the folder where it is missing, removes what was begun and is not whole, and gives the
  // bodies of each name, by number: the position at which each begins. A damaged one is reported
  // and removed.
  Result<std::map<std::string, std::vector<FetchPosition>>> load(const Host& host);
  // For a body that is about to come.
  Result<std::unique_ptr<BodyWriter>> begin(const std::string& name, BodyWriter::Rules rules) const;
  // `start`: number, round, version and the rest of the body's position at its first byte.
  Done commit(const std::string& name, BodyWriter& body, const FetchPosition& start) const;
  Result<File> open(const std::string& name, uint64_t number) const;
  Done remove(const std::string& name, uint64_t number) const;

 private:
  std::string path_of(const std::string& name, uint64_t number) const;
  // Nothing where the file is damaged.
  Result<std::optional<FetchPosition>> start_of(const std::string& path) const;

  const Files files_;
  const std::string folder_;
};

}  // namespace levada::http_fetch
