// Waits for something to happen in a folder: by the operating system's notices where it has
// them, else for the time alone.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "levada/host.h"

namespace levada::rows {

class FolderWatch {
 public:
  FolderWatch(std::string folder, const Files& files) : folder_(std::move(folder)), files_(files.table()) {}
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;
  ~FolderWatch() { close(); }

  // True: something has changed in the folder, perhaps. File systems on a
  // network give no such notice.
  bool wait(std::chrono::nanoseconds time);
  // Ends a wait that is under way, or else the next one, where the operating system gives notices.
  // [any]
  void wake();

 private:
  void close();

  std::string folder_;
  const levada_files* files_;
  std::atomic<int64_t> handle_ = -1;
  bool is_tried_ = false;
};

}  // namespace levada::rows
