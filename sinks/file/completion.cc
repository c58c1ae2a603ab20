// Ends files that were left open, and moves files from the name that they have in use to their own.
#include "completion.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace levada {
namespace {

// File systems without hard links say one of these.
bool is_no_link(int64_t error) { return error == -EPERM || error == -ENOTSUP || error == -ENOSYS || error == -EMLINK; }

}  // namespace

std::string folder_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Done Completion::settle() {
  for (auto& file : files_left_)
    if (!file.complete) LEVADA_TRY(settle(file));
  std::erase_if(files_left_, [](const Unfinished& file) { return file.bytes == 0; });
  return {};
}

Done Completion::settle(Unfinished& file) {
  levada_file_info info{};
  const auto found = files_.stat(file.path, info);
  if (found == -ENOENT) {
    file.bytes = 0;
    return {};
  }
  if (found < 0) return file_error("stat", file.path, found);
  if (file.bytes == 0) {
    LEVADA_TRY(files_.remove(file.path));
    return files_.sync_folder(folder_of(file.path));
  }
  auto opened = files_.open(file.path, LEVADA_WRITE);
  if (!opened) return std::move(opened).error();
  LEVADA_TRY(opened->truncate(std::min(info.bytes, file.bytes)));
  // The file may be older than the settings are.
  const auto kind = Compressor::kind_of(file.name);
  if (!style_.end.empty()) LEVADA_TRY(opened->write(compressor_.compress(kind, style_.end)));
  LEVADA_TRY(opened->sync());
  LEVADA_TRY(opened->close());
  file.complete = true;
  return {};
}

Result<int64_t> Completion::publish() {
  int64_t published = 0;
  while (!files_left_.empty()) {
    LEVADA_TRY(publish(files_left_.front()));
    files_left_.erase(files_left_.begin());
    ++published;
  }
  return published;
}

// By link and remove, as a rename would replace a file of that name that somebody else has put there.
Done Completion::publish(const Unfinished& file) {
  const auto* calls = files_.table();
  std::string name = file.name;
  for (int number = 1;; ++number) {
    const auto linked = calls->link(calls->context, file.path.c_str(), name.c_str());
    // Done before a crash, or before a call that failed.
    if (linked == -ENOENT) break;
    if (is_no_link(linked) && !files_.exists(name)) {
      LEVADA_TRY(files_.rename(file.path, name));
      break;
    }
    if (linked == -EEXIST || is_no_link(linked)) {
      auto same = same_file(file.path, name);
      if (!same) return std::move(same).error();
      if (!*same) {
        name = other_name(file.name, number);
        continue;
      }
    } else if (linked < 0) {
      return file_error("link to " + name, file.path, linked);
    }
    LEVADA_TRY(files_.remove(file.path));
    break;
  }
  if (const auto folder = folder_of(name); files_.exists(folder)) return files_.sync_folder(folder);
  return {};
}

Result<bool> Completion::same_file(const std::string& one, const std::string& other) const {
  levada_file_info first{}, second{};
  for (const auto& [path, info] : {std::pair{&one, &first}, {&other, &second}})
    if (const auto found = files_.stat(*path, *info); found < 0) return file_error("stat", *path, found);
  return first.inode == second.inode && first.device == second.device;
}

// "part-1.ndjson" becomes "part-1.1.ndjson".
std::string Completion::other_name(const std::string& name, int number) const {
  const auto start = name.find_last_of('/') + 1;
  const auto dot = std::min(name.find('.', start), name.size());
  return name.substr(0, dot) + "." + std::to_string(number) + name.substr(dot);
}

}  // namespace levada
