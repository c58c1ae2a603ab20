// Ends files that were left open, and moves files from the name that they have in use to their own.
#include "completion.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "files/avro_file.h"
#include "files/sink_names.h"
#include "levada/free_name.h"

namespace levada::file_sink {

std::string folder_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<int64_t> Completion::settle() {
  int64_t settled = 0;
  for (auto& file : files_left_) {
    if (file.state == Unfinished::State::complete) continue;
    LEVADA_TRY(settle(file));
    ++settled;
  }
  std::erase_if(files_left_, [](const Unfinished& file) { return file.state == Unfinished::State::fresh; });
  return settled;
}

Done Completion::settle(Unfinished& file) {
  levada_file_info info{};
  const auto found = files_.stat(file.path, info);
  if (file.state == Unfinished::State::fresh) {
    if (found == -ENOENT) return {};
    if (found < 0) return file_error("stat", file.path, found);
    LEVADA_TRY(files_.remove(file.path));
    return files_.sync_folder(folder_of(file.path));
  }
  // Rows would be lost if it went on: the disk that they are on may come back.
  if (found == -ENOENT)
    return retry(
        file.path + ", with " + std::to_string(file.bytes) +
        " bytes of committed rows, is missing: is its disk mounted? To give its rows up, put an empty file there");
  if (found < 0) return file_error("stat", file.path, found);
  if (info.bytes < file.bytes)
    host_.error(file.path + " has lost " + std::to_string(file.bytes - info.bytes) + " of " +
                std::to_string(file.bytes) + " bytes of committed rows");
  LEVADA_TRY(cut_and_end(file));
  file.state = Unfinished::State::complete;
  return {};
}

Done Completion::cut_and_end(const Unfinished& file) {
  auto opened = files_.open(file.path, LEVADA_WRITE);
  if (!opened) return std::move(opened).error();
  auto info = opened->info();
  if (!info) return std::move(info).error();
  LEVADA_TRY(opened->truncate(std::min(info->bytes, file.bytes)));
  // The file may be older than the settings are.
  const bool has_end = !end_.empty() && !file.name.ends_with(files::kAvroSuffix);
  const auto kind = files::Compressor::kind_of(file.name);
  const auto end = has_end ? compressor_.compress(kind, end_) : std::string_view();
  if (!end.empty()) LEVADA_TRY(opened->write(end));
  LEVADA_TRY(opened->sync());
  LEVADA_TRY(opened->close());
  bytes_written_.add(static_cast<int64_t>(end.size()));
  return {};
}

int64_t Completion::publish() {
  int64_t published = 0;
  std::string failed;
  std::erase_if(files_left_, [&](const Unfinished& file) {
    if (file.state != Unfinished::State::complete) return false;
    if (auto done = publish(file); !done) {
      failed = std::move(done).error().message;
      return false;
    }
    ++published;
    return true;
  });
  files_completed_.add(published);
  if (!failed.empty() && failed != warned_of_)
    host_.warning("a complete file keeps its name in use for now: " + failed);
  warned_of_ = std::move(failed);
  return published;
}

// By one rename, so that no crash shows it twice to a reader that takes files away.
Done Completion::publish(const Unfinished& file) {
  auto name = free_name(file);
  if (!name) return std::move(name).error();
  const auto* calls = files_.table();
  const auto folder = folder_of(file.path);
  if (name->empty()) {
    LEVADA_TRY(files_.remove(file.path));
  } else if (const auto renamed = calls->rename(calls->context, file.path.c_str(), name->c_str()); renamed == -ENOENT) {
    // Done before a crash, or before a call that failed; but a folder
    // that is not there says nothing.
    levada_file_info info{};
    if (const auto found = files_.stat(folder, info); found < 0) return file_error("stat", folder, found);
  } else if (renamed < 0) {
    return file_error("rename to " + *name, file.path, renamed);
  }
  return files_.sync_folder(folder);
}

Result<std::string> Completion::free_name(const Unfinished& file) const {
  const auto name = [&](int number) { return files::numbered_name(file.name, number); };
  return first_free(files_, name, [&](const levada_file_info& info) { return same_file(file.path, info); });
}

// Version 1 of the manifest went with files that got their names by a second link.
Result<bool> Completion::same_file(const std::string& path, const levada_file_info& other) const {
  levada_file_info info{};
  const auto found = files_.stat(path, info);
  if (found == -ENOENT) return false;
  if (found < 0) return file_error("stat", path, found);
  return info.inode == other.inode && info.device == other.device;
}

}  // namespace levada::file_sink
