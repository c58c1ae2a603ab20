// Which file a row goes to, and when that file is full.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

#include "file.h"
#include "files/sink_names.h"
#include "files/sync_marker.h"
#include "levada/free_name.h"

namespace levada::file_sink {
Result<OutputFile*> FileSink::file_for(Batch& batch, int64_t row) {
  if (pattern_.constant() && current_ != open_.end()) return &current_->second;
  int64_t time = 0;
  if (pattern_.uses_time()) {
    if (settings_.time_column) {
      const Column* column = batch.find(*settings_.time_column);
      if (!column || column->null(row)) {
        batch.reject(row, "column \"" + *settings_.time_column + "\", which the path is made of, has no value");
        return nullptr;
      }
      time = column->values<int64_t>()[row];
    } else {
      time = arrival_;
    }
    if (!pattern_.uses_columns() && current_ != open_.end() && pattern_.unit(time) == current_unit_)
      return &current_->second;
  }
  key_.path.clear();
  if (const auto* missing = pattern_.append(row, time, key_.path)) {
    batch.reject(row, "column \"" + *missing + "\", which the path is made of, has no value");
    return nullptr;
  }
  if (current_ == open_.end() || current_->first != key_) {
    if (current_ != open_.end()) current_->second.set_used(now_);
    current_ = open_.find(key_);
    if (current_ == open_.end()) {
      auto opened = open_file();
      if (!opened) return std::move(opened).error();
      current_ = *opened;
    }
  }
  current_unit_ = pattern_.unit(time);
  return &current_->second;
}

Result<FileSink::OpenFiles::iterator> FileSink::open_file() {
  if (open_.size() >= static_cast<size_t>(settings_.max_open_files)) {
    const auto least = std::min_element(open_.begin(), open_.end(), [](const auto& one, const auto& other) {
      return one.second.used() < other.second.used();
    });
    LEVADA_TRY(finish(least));
  }
  const auto folder = folder_of(key_.path);
  LEVADA_TRY(make_folder(folder));
  Unfinished entry;
  auto file = create_file(entry);
  if (!file) return std::move(file).error();
  new_entries_.insert(folder);
  OutputFile opened(style_, *std::move(file), std::move(entry), now_);
  if (key_.schema) opened.set_avro({key_.schema, settings_.compression, files::new_sync_marker(host_)});
  return open_.emplace(key_, std::move(opened)).first;
}

std::string FileSink::suffix() const {
  if (settings_.format == Settings::Format::avro) return settings_.suffix.value_or(std::string(files::kAvroSuffix));
  return settings_.suffix.value_or(".ndjson") + std::string(Compressor::suffix(settings_.compression));
}

Result<File> FileSink::create_file(Unfinished& entry) {
  const auto* calls = files_.table();
  const auto stem = key_.path + files::compact_time(host_.now()) + "-" + id_ + "-";
  for (;;) {
    entry.name = stem + files::padded(next_number_++) + suffix();
    entry.path = entry.name + settings_.in_use_suffix;
    bool free = true;
    for (const auto* path : {&entry.name, &entry.path}) {
      auto found = is_free(files_, *path);
      if (!found) return std::move(found).error();
      free = free && *found;
    }
    if (!free) continue;
    // First: a crash leaves no file that is on no list.
    LEVADA_TRY(manifest_.begin(entry));
    const auto handle = calls->open(calls->context, entry.path.c_str(), LEVADA_CREATE);
    if (handle >= 0) {
      File file(calls, handle, entry.path);
      if (settings_.group.empty()) return file;
      if (auto shared = files_.share(entry.path, settings_.group); !shared) {
        (void)files_.remove(entry.path);
        return std::move(shared).error();
      }
      return file;
    }
    if (handle != -EEXIST) return file_error("create", entry.path, handle);
    // Somebody has made it just now: what is listed is removed after a crash, and this must not be.
    LEVADA_TRY(restate());
  }
}

std::string FileSink::root() const {
  const auto variable = settings_.path.find_first_of("{%");
  return variable == std::string::npos ? settings_.path : folder_of(settings_.path.substr(0, variable));
}

// What was there keeps its mode, what is made is the group's, too.
Done FileSink::make_folder(const std::string& folder) {
  if (settings_.group.empty()) return files_.make_folder(folder);
  std::vector<std::string> missing;
  for (auto at = folder; at != "/" && at != "." && !files_.exists(at); at = folder_of(at)) missing.push_back(at);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    LEVADA_TRY(files_.make_folder(*at));
    LEVADA_TRY(files_.share(*at, settings_.group));
  }
  return {};
}

bool FileSink::is_full(const OutputFile& file) const {
  return (settings_.roll_bytes.bytes > 0 && file.bytes() >= static_cast<uint64_t>(settings_.roll_bytes.bytes)) ||
         (settings_.roll_rows > 0 && file.rows() >= settings_.roll_rows);
}

bool FileSink::is_due(const OutputFile& file) const {
  return (settings_.roll_interval.count() > 0 && now_ - file.opened() >= settings_.roll_interval) ||
         (settings_.idle_close.count() > 0 && now_ - file.used() >= settings_.idle_close);
}

Done FileSink::end(OpenFiles::iterator file) {
  if (current_ == file) current_ = open_.end();
  // Out of the open ones first: a file whose end could not be written takes no more rows.
  finished_.push_back(std::move(file->second));
  open_.erase(file);
  return finished_.back().end();
}

Done FileSink::finish(OpenFiles::iterator file) {
  LEVADA_TRY(end(file));
  LEVADA_TRY(finished_.back().sync());
  return finished_.back().close();
}

}  // namespace levada::file_sink
