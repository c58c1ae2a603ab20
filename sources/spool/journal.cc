// Appends are cut off again where they fail half-way, so that the next one
// starts on a line of its own.
#include "journal.h"

namespace levada::spool {

Result<std::vector<std::string>> Journal::load() {
  file_ = File();
  is_torn_ = true;
  std::vector<std::string> lines;
  levada_file_info info{};
  const auto found = files_.stat(path_, info);
  if (found == -ENOENT) {
    bytes_ = 0;
    return lines;
  }
  if (found < 0) return file_error("stat", path_, found);
  auto content = files_.read_whole(path_);
  if (!content) return std::move(content).error();
  bytes_ = 0;
  is_replaced_ = false;
  for (size_t end; (end = content->find('\n', bytes_)) != std::string::npos; bytes_ = end + 1)
    lines.push_back(content->substr(bytes_, end - bytes_));
  return lines;
}

Result<File> Journal::open() {
  if (!is_in_folder_) LEVADA_TRY(files_.make_folder(folder_));
  auto file = files_.open(path_, LEVADA_APPEND);
  if (!file) return std::move(file).error();
  if (!is_in_folder_) LEVADA_TRY(files_.sync_folder(folder_));
  is_in_folder_ = true;
  return file;
}

Done Journal::append(std::string_view lines) {
  if (is_replaced_)
    if (auto counted = load(); !counted) return std::move(counted).error();
  // Opened anew after a failure: what a file system says of a handle that
  // failed once is not to be trusted.
  File file = std::exchange(file_, File());
  if (!file) {
    auto opened = open();
    if (!opened) return std::move(opened).error();
    file = std::move(*opened);
  }
  if (is_torn_) LEVADA_TRY(file.truncate(bytes_));
  is_torn_ = true;
  LEVADA_TRY(file.write(lines));
  LEVADA_TRY(file.sync());
  is_torn_ = false;
  bytes_ += lines.size();
  file_ = std::move(file);
  return {};
}

Done Journal::replace(std::string_view lines) {
  LEVADA_TRY(files_.make_folder(folder_));
  file_ = File();
  is_torn_ = true;
  // Should it fail, either content may be there; both are of whole lines.
  is_replaced_ = true;
  LEVADA_TRY(files_.replace(path_, lines));
  is_replaced_ = false;
  bytes_ = lines.size();
  return {};
}

}  // namespace levada::spool
