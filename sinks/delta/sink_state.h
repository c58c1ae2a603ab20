// What the sink knows of itself: its id in the table, and how far each of its commits had got. The
// positions of a commit are a file beside the table, whose number the commit names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lake/stores/file_store.h"
#include "levada/host.h"
#include "levada/result.h"
#include "levada/sdk.h"

namespace levada::delta {

// In the agent's data_dir.
struct LocalState {
  std::string id;      // Of the sink; no other has it.
  int64_t number = 0;  // Of the last commit that is known to have been made; 0: none.
  std::string table;   // The id of the table that it was made to; empty: there was no table yet.
};

class LocalStateFile {
 public:
  explicit LocalStateFile(Host host) : files_(host.files()), folder_(host.data_dir()), path_(folder_ + "/delta_sink") {}
  // One without an id where there is none. FATAL where it is damaged.
  Result<LocalState> load() const;
  Done save(const LocalState& state) const;

 private:
  const Files files_;
  const std::string folder_, path_;
};

// The positions of commits, by number: "_levada/ID/000000000012".
class PositionFiles {
 public:
  PositionFiles(lake::FileStore& store, const std::string& id) : store_(store), folder_("_levada/" + id) {}
  // False where the number has been used.
  Result<bool> put(int64_t number, const std::vector<Position>& positions);
  // FATAL where it is missing or damaged.
  Result<std::vector<Position>> read(int64_t number) const;
  Result<std::vector<int64_t>> numbers() const;
  Done remove(int64_t number);

 private:
  std::string path_of(int64_t number) const;
  lake::FileStore& store_;
  const std::string folder_;
};

}  // namespace levada::delta
