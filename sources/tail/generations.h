// The files that had a path's name before: rotated ones beside it, compressed or not, oldest first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "levada/host.h"
#include "rows/decoder.h"
#include "rows/file_identity.h"

namespace levada::tail {

// A file that was opened, and what is in it.
struct Opened {
  std::string path;
  std::unique_ptr<File> file;  // Where a decoder finds it, however this is moved.
  levada_file_info info{};
  rows::Head head;  // Of the content, decompressed; the inode is the file's.
  rows::Compression compression = rows::Compression::none;
};

class Generations {
 public:
  // `exclude`: patterns of what no file is.
  Generations(const Files& files, std::string path, const std::vector<std::string>& exclude);

  // Nothing where there is no such file.
  Result<std::optional<Opened>> open(const std::string& path) const;
  // The file of that identity under whatever name; else a copy of it, which may be compressed.
  Result<std::optional<Opened>> find(const rows::Identity& identity) const;
  // The one that came after this one: the next younger of the rotated ones, or the one that has the
  // name now; nothing where there is none yet, or nothing in it. An identity without an inode is of
  // no file: what is younger than the time of change in `info` comes after it.
  Result<std::optional<Opened>> next(const rows::Identity& identity, const levada_file_info& info) const;

  // Whether a path is one that this one's files get when they are rotated: "app.log.1",
  // "app.log-20260101.gz", "app-20260101.log" for "app.log".
  bool is_rotated_name(std::string_view path) const;

 private:
  struct Candidate {
    std::string path;
    levada_file_info info{};
  };
  // Oldest first, without the path itself, and without what is compressed of one that is there yet.
  Result<std::vector<Candidate>> rotated() const;
  // The same, where a file that is listed may be gone when it is opened: then IDLE.
  Result<std::optional<Opened>> find_once(const rows::Identity& identity) const;
  Result<std::optional<Opened>> next_once(const rows::Identity& identity, const levada_file_info& info) const;
  // Whether it holds what was read of the file.
  Result<bool> holds(Opened& opened, const rows::Identity& identity) const;

  const Files files_;
  const std::string path_, folder_, name_;
  const std::vector<std::string>& exclude_;
};

}  // namespace levada::tail
