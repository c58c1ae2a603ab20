// Files get their names by links, which never replace what is there; all is synced, and the folders
// that names stand in.
#include "lake/stores/local_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "files/sync_at_once.h"

namespace levada::lake {
namespace {

// Of a path that has a slash.
std::string folder_of(const std::string& place) { return place.substr(0, std::max<size_t>(place.rfind('/'), 1)); }

class LocalOutput : public OutputFile {
 public:
  LocalOutput(Files files, File file) : files_(files), file_(std::move(file)) {}
  Done write(std::string_view bytes) override { return bytes.empty() ? Done() : file_.write(bytes); }
  Done finish() override {
    LEVADA_TRY(file_.sync());
    LEVADA_TRY(files_.sync_folder(folder_of(file_.path())));
    return file_.close();
  }

 private:
  const Files files_;
  File file_;
};

class LocalInput : public InputFile {
 public:
  LocalInput(File file, uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}
  uint64_t bytes() const override { return bytes_; }
  Result<size_t> read(void* to, size_t bytes, uint64_t offset) override { return file_.read(to, bytes, offset); }

 private:
  File file_;
  const uint64_t bytes_;
};

}  // namespace

LocalStore::LocalStore(std::string root, Host host, std::string group)
    : root_(std::move(root)), host_(host), files_(host.files()), group_(std::move(group)) {}

std::string LocalStore::place(const std::string& path) const {
  if (path.empty()) return root_;
  return root_.ends_with('/') ? root_ + path : root_ + "/" + path;
}

// What was there keeps its mode, what is made is the group's, too.
Done LocalStore::make_folder(const std::string& folder) {
  if (group_.empty()) return files_.make_folder(folder);
  std::vector<std::string> missing;
  for (auto at = folder; at != "/" && at != "." && !files_.exists(at); at = folder_of(at)) missing.push_back(at);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    LEVADA_TRY(files_.make_folder(*at));
    LEVADA_TRY(files_.share(*at, group_));
  }
  return {};
}

Result<File> LocalStore::open_empty(const std::string& place) {
  LEVADA_TRY(make_folder(folder_of(place)));
  auto file = files_.open(place, LEVADA_WRITE);
  if (!file) return file;
  LEVADA_TRY(file->truncate(0));
  if (!group_.empty()) LEVADA_TRY(files_.share(place, group_));
  return file;
}

Result<std::unique_ptr<OutputFile>> LocalStore::create(const std::string& path) {
  auto file = open_empty(place(path));
  if (!file) return std::move(file).error();
  return std::unique_ptr<OutputFile>(std::make_unique<LocalOutput>(files_, *std::move(file)));
}

Done LocalStore::finish_all(std::vector<std::unique_ptr<OutputFile>> files) {
  return files::sync_at_once(files.size(), [&](size_t at) { return files[at]->finish(); });
}

Result<std::unique_ptr<InputFile>> LocalStore::open(const std::string& path) {
  const auto* calls = files_.table();
  const auto at = place(path);
  const auto handle = calls->open(calls->context, at.c_str(), LEVADA_READ);
  if (handle == -ENOENT || handle == -ENOTDIR || handle == -EISDIR) return std::unique_ptr<InputFile>();
  if (handle < 0) return file_error("open", at, handle);
  File file(calls, handle, at);
  auto info = file.info();
  if (!info) return std::move(info).error();
  if (S_ISDIR(info->mode)) return std::unique_ptr<InputFile>();
  return std::unique_ptr<InputFile>(std::make_unique<LocalInput>(std::move(file), info->bytes));
}

Done LocalStore::write_synced(const std::string& place, std::string_view bytes) {
  auto file = open_empty(place);
  if (!file) return std::move(file).error();
  if (!bytes.empty()) LEVADA_TRY(file->write(bytes));
  LEVADA_TRY(file->sync());
  return file->close();
}

Result<std::string> LocalStore::write_aside(const std::string& place, std::string_view bytes) {
  char random[24];
  std::snprintf(random, sizeof random, ".%016llx.tmp", static_cast<unsigned long long>(host_.random()));
  auto aside = place;
  aside.insert(place.rfind('/') + 1, ".").append(random);
  if (auto written = write_synced(aside, bytes); !written) {
    (void)files_.remove(aside);
    return std::move(written).error();
  }
  return aside;
}

Result<bool> LocalStore::put_if_absent(const std::string& path, std::string_view bytes) {
  const auto at = place(path);
  auto aside = write_aside(at, bytes);
  if (!aside) return std::move(aside).error();
  auto linked = files_.link(*aside, at);
  // One that stays is in nobody's way.
  (void)files_.remove(*aside);
  if (!linked) return linked;
  // Also where another has it: whoever builds on a file that is there must not see it go.
  LEVADA_TRY(files_.sync_folder(folder_of(at)));
  return *linked;
}

Done LocalStore::replace(const std::string& path, std::string_view bytes) {
  const auto at = place(path);
  auto aside = write_aside(at, bytes);
  if (!aside) return std::move(aside).error();
  if (auto renamed = files_.rename(*aside, at); !renamed) {
    (void)files_.remove(*aside);
    return renamed;
  }
  return files_.sync_folder(folder_of(at));
}

Result<bool> LocalStore::rename(const std::string& from, const std::string& to) {
  const auto old_place = place(from), new_place = place(to);
  levada_file_info old_info{}, new_info{};
  const auto found = files_.stat(old_place, old_info);
  if (found == -ENOENT || found == -ENOTDIR) return false;
  if (found < 0) return file_error("stat", old_place, found);
  LEVADA_TRY(make_folder(folder_of(new_place)));
  auto linked = files_.link(old_place, new_place);
  if (!linked) return linked;
  if (!*linked) {
    // Both names are of one file where a call before this one got half-way.
    const auto taken = files_.stat(new_place, new_info);
    if (taken < 0) return file_error("stat", new_place, taken);
    if (new_info.inode != old_info.inode || new_info.device != old_info.device || old_place == new_place) return false;
  }
  LEVADA_TRY(files_.sync_folder(folder_of(new_place)));
  LEVADA_TRY(files_.remove(old_place));
  LEVADA_TRY(files_.sync_folder(folder_of(old_place)));
  return true;
}

Done LocalStore::remove(const std::string& path) {
  const auto* calls = files_.table();
  const auto at = place(path);
  const auto removed = calls->remove(calls->context, at.c_str());
  if (removed == -ENOENT || removed == -ENOTDIR) return {};
  if (removed < 0) return file_error("remove", at, removed);
  return files_.sync_folder(folder_of(at));
}

Result<std::vector<Files::Entry>> LocalStore::entries(const std::string& folder) const {
  std::vector<Files::Entry> all;
  const auto* calls = files_.table();
  const auto add = [](void* to, const char* name, int32_t is_folder) {
    static_cast<std::vector<Files::Entry>*>(to)->push_back({name, is_folder != 0});
  };
  const auto at = place(folder);
  const auto listed = calls->list(calls->context, at.c_str(), add, &all);
  if (listed == -ENOENT || listed == -ENOTDIR) return std::vector<Files::Entry>();
  if (listed < 0) return file_error("list", at, listed);
  return all;
}

// Unless it has gone since it was listed.
Done LocalStore::add(const std::string& path, std::vector<StoredFile>& to) const {
  levada_file_info info{};
  const auto at = place(path);
  const auto found = files_.stat(at, info);
  if (found == -ENOENT) return {};
  if (found < 0) return file_error("stat", at, found);
  to.push_back({path, info.bytes, info.modified_ns / 1'000'000});
  return {};
}

Result<std::vector<StoredFile>> LocalStore::list(const std::string& folder, const std::string& after) {
  auto all = entries(folder);
  if (!all) return std::move(all).error();
  std::erase_if(*all, [&](const Files::Entry& entry) { return entry.is_folder || entry.name <= after; });
  std::sort(all->begin(), all->end(), [](const auto& one, const auto& other) { return one.name < other.name; });
  std::vector<StoredFile> files;
  files.reserve(all->size());
  for (const auto& entry : *all) LEVADA_TRY(add(folder.empty() ? entry.name : folder + "/" + entry.name, files));
  return files;
}

Result<std::vector<StoredFile>> LocalStore::list_all(const std::string& folder) {
  std::vector<StoredFile> files;
  std::vector<std::string> folders = {folder};
  while (!folders.empty()) {
    const auto next = std::move(folders.back());
    folders.pop_back();
    auto all = entries(next);
    if (!all) return std::move(all).error();
    for (const auto& entry : *all) {
      auto path = next.empty() ? entry.name : next + "/" + entry.name;
      if (entry.is_folder) folders.push_back(std::move(path));
      else LEVADA_TRY(add(path, files));
    }
  }
  return files;
}

}  // namespace levada::lake
