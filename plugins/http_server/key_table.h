// The Idempotency-Keys of late: which request had which, and what it was answered. Kept in a file
// of the instance's own that is written before the rows of a request are handed on, so that a key
// is known whenever its rows are stored. Which of them are stored, the positions of the streams
// say.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::http_server {

// One thread writes, adds and opens; others may call `find` meanwhile, if a lock that `add` and
// `open` are under keeps them apart. `write`, which waits for the disk, needs none.
class KeyTable {
 public:
  // A request whose rows were given in a batch.
  struct Given {
    std::string key;           // With its path.
    uint64_t fingerprint = 0;  // Of the body: another body under the same key is another request.
    std::string stream;        // Where its rows went, with the
    uint64_t number = 0;       // number of the batch.
    std::string id;            // What it was answered,
    int status = 200;          // or is going to be.
    uint64_t rows = 0;
    std::chrono::nanoseconds time{};  // Since 1970.
  };

  // Keys are known for `window`, and `most` of them at a time. The file lies in the instance's
  // data_dir.
  KeyTable(Host host, std::chrono::nanoseconds window, size_t most);

  // Reads the file: what was given and is stored, by the positions that the streams are opened at.
  // What is not stored will come again, and is forgotten. RETRY where the disk fails.
  Done open(const std::map<std::string, uint64_t, std::less<>>& stored);
  // Null: nothing was stored under that key within the window.
  const Given* find(std::string_view key) const;
  // Before the rows of these are handed on: durable when it returns. RETRY where the disk fails; to
  // be called again then, with the same.
  Done write(const std::vector<Given>& given);
  // The rows are stored.
  void add(Given given);

 private:
  Done write_whole(const std::vector<Given>& more);
  void forget_old();
  static std::string line_of(const Given& given);
  static std::optional<Given> read_line(std::string_view line);

  const Host host_;
  const std::chrono::nanoseconds window_;
  const size_t most_;
  const std::string path_;
  std::unordered_map<std::string, Given> stored_;
  std::deque<std::pair<std::chrono::nanoseconds, std::string>> by_time_;
  std::unordered_map<std::string, Given> under_way_;  // Written, and not stored yet.
  File file_;
  size_t lines_ = 0;     // In the file.
  bool is_torn_ = true;  // The file may not end with a whole line: it is written anew.
};

}  // namespace levada::http_server
