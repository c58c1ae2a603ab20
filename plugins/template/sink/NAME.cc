// @NAME@: appends bodies to a file, a line each. It keeps no checkpoint: after a failure rows
// may come twice.
#include "@NAME@.h"

// Checks the settings and touches nothing outside: `levada check` calls it.
levada::Result<std::unique_ptr<@CLASS@>> @CLASS@::create(Settings settings, levada::Host host) {
  if (settings.path.find('/') == std::string::npos)
    return levada::wrong("path", "must have a folder: \"./" + settings.path + "\"");
  auto made = std::make_unique<@CLASS@>();
  made->path_ = std::move(settings.path);
  made->files_ = host.files();
  return made;
}

levada::Done @CLASS@::open() { return files_.make_folder(path_.substr(0, path_.find_last_of('/') + 1)); }

// Drops what was written and not committed; of that, a crash may have left half a line in the file.
levada::Result<std::vector<levada::Position>> @CLASS@::recover() {
  lines_.clear();
  auto file = files_.open(path_, LEVADA_WRITE);
  if (!file) return std::move(file).error();
  auto text = files_.read_whole(path_);
  if (!text) return std::move(text).error();
  LEVADA_TRY(file->truncate(text->find_last_of('\n') + 1));
  return std::vector<levada::Position>();
}

levada::Done @CLASS@::write(levada::Batch& batch, std::chrono::nanoseconds) {
  for (auto event : batch) {
    lines_ += event.body();
    lines_ += '\n';
  }
  return {};
}

// All that was written must be durable before this says that it went well.
levada::Done @CLASS@::commit(const levada::Checkpoint&, std::chrono::nanoseconds, levada::Batch&) {
  auto file = files_.open(path_, LEVADA_APPEND);
  if (!file) return std::move(file).error();
  LEVADA_TRY(file->write(lines_));
  LEVADA_TRY(file->sync());
  LEVADA_TRY(files_.sync_folder(path_.substr(0, path_.find_last_of('/') + 1)));
  lines_.clear();
  return {};
}

LEVADA_PLUGIN("@NAME@", "0.1.0", "Apache-2.0",
              levada::sink<@CLASS@>("@NAME@", "Appends bodies to a file, a line each."))
