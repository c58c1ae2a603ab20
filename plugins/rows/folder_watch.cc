// A watch that fails is not tried again: looking into the folder now and then does as well.
#include "rows/folder_watch.h"

#include <thread>

namespace levada::rows {

bool FolderWatch::wait(std::chrono::nanoseconds time) {
  if (!is_tried_) handle_ = files_->watch(files_->context, folder_.c_str());
  // What happened before there was a watch went unnoticed.
  if (!std::exchange(is_tried_, true)) return true;
  if (handle_ >= 0) {
    const auto result = files_->wait(files_->context, handle_, time.count());
    if (result >= 0) return result > 0;
    close();
  }
  std::this_thread::sleep_for(time);
  return false;
}

void FolderWatch::wake() {
  if (const int64_t handle = handle_; handle >= 0 && has(*files_, &levada_files::wake))
    files_->wake(files_->context, handle);
}

void FolderWatch::close() {
  if (handle_ >= 0) files_->close(files_->context, handle_);
  handle_ = -1;
}

}  // namespace levada::rows
