// The host's services, as a C++ plugin uses them: log, metrics, clock, randomness, memory, files.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"
#include "levada/buffer.h"
#include "levada/has.h"

namespace levada {

// A count that is kept for a component; add() may come from any thread.
class Counter {
 public:
  explicit Counter(int64_t* value = nullptr) : value_(value) {}
  void add(int64_t count = 1) {
    if (value_) __atomic_fetch_add(value_, count, __ATOMIC_RELAXED);
  }

 private:
  int64_t* value_;
};

// "open /var/log/x: Permission denied", to be tried again or not.
inline Error file_error(std::string_view what, std::string_view path, int64_t minus_errno) {
  return retry(std::string(what) + " " + std::string(path) + ": " + std::strerror(static_cast<int>(-minus_errno)));
}

// An open file; closes itself.
class File {
 public:
  File() = default;
  File(const levada_files* files, int64_t handle, std::string path)
      : files_(files), handle_(handle), path_(std::move(path)) {}
  File(File&& other) noexcept
      : files_(other.files_), handle_(std::exchange(other.handle_, -1)), path_(std::move(other.path_)) {}
  File& operator=(File&& other) noexcept {
    std::swap(files_, other.files_);
    std::swap(handle_, other.handle_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~File() {
    if (handle_ >= 0) files_->close(files_->context, handle_);
  }
  explicit operator bool() const { return handle_ >= 0; }
  const std::string& path() const { return path_; }

  // Reads up to `bytes` at the offset; 0 at the end of the file.
  Result<size_t> read(void* to, size_t bytes, uint64_t offset) {
    const auto got = files_->read(files_->context, handle_, to, bytes, offset);
    if (got < 0) return file_error("read", path_, got);
    return static_cast<size_t>(got);
  }
  // Writes all of it, where the last write ended. A write that failed may have written a part.
  Done write(std::string_view text) {
    levada_bytes part{text.data(), text.size()};
    return write(std::span(&part, 1));
  }
  Done write(std::span<levada_bytes> parts);
  Done sync() { return done("sync", files_->sync(files_->context, handle_)); }
  Done truncate(uint64_t bytes) { return done("truncate", files_->truncate(files_->context, handle_, bytes)); }
  Result<levada_file_info> info() {
    levada_file_info info{};
    info.size = sizeof info;
    LEVADA_TRY(done("stat", files_->info(files_->context, handle_, &info)));
    return info;
  }
  // Whether someone has it open for writing; false also where that cannot be told.
  bool is_written() const {
    return has(*files_, &levada_files::is_written) && files_->is_written(files_->context, handle_) > 0;
  }
  Done close() {
    if (handle_ < 0) return {};
    return done("close", files_->close(files_->context, std::exchange(handle_, -1)));
  }

 private:
  Done done(std::string_view what, int64_t result) {
    if (result < 0) return file_error(what, path_, result);
    return {};
  }
  const levada_files* files_ = nullptr;
  int64_t handle_ = -1;
  std::string path_;
};

inline Done File::write(std::span<levada_bytes> parts) {
  while (!parts.empty()) {
    const auto written = files_->write(files_->context, handle_, parts.data(), parts.size());
    if (written < 0) return file_error("write", path_, written);
    auto left = static_cast<size_t>(written);
    while (!parts.empty() && left >= parts.front().size) {
      left -= parts.front().size;
      parts = parts.subspan(1);
    }
    if (!parts.empty()) parts.front() = {parts.front().data + left, parts.front().size - left};
  }
  return {};
}

// All access to disks. Failures are RETRY with the reason; `missing` tells a file that is not
// there.
class Files {
 public:
  Files() = default;
  explicit Files(const levada_files* files) : files_(files) {}

  Result<File> open(const std::string& path, int32_t how = LEVADA_READ) const {
    const auto handle = files_->open(files_->context, path.c_str(), how);
    if (handle < 0) return file_error("open", path, handle);
    return File(files_, handle, path);
  }
  // What stat says, or minus an errno: -ENOENT for a file that is not there.
  int64_t stat(const std::string& path, levada_file_info& info) const {
    info.size = sizeof info;
    return files_->stat(files_->context, path.c_str(), &info);
  }
  bool exists(const std::string& path) const {
    levada_file_info info{};
    return stat(path, info) == 0;
  }
  struct Entry {
    std::string name;
    bool is_folder;
  };
  Result<std::vector<Entry>> list(const std::string& folder) const {
    std::vector<Entry> entries;
    const auto add = [](void* to, const char* name, int32_t is_folder) {
      static_cast<std::vector<Entry>*>(to)->push_back({name, is_folder != 0});
    };
    if (const auto result = files_->list(files_->context, folder.c_str(), add, &entries); result < 0)
      return file_error("list", folder, result);
    return entries;
  }
  Done make_folder(const std::string& path) const {
    return done("create", path, files_->make_folder(files_->context, path.c_str()));
  }
  // Takes a folder that is there for one user alone, while the file that it gives lives. FATAL
  // where somebody else has it; a file without a handle where there are no locks.
  Result<File> lock_folder(const std::string& path) const {
    const auto handle = has(*files_, &levada_files::lock) ? files_->lock(files_->context, path.c_str()) : -ENOTSUP;
    if (handle == -ENOTSUP) return File();
    if (handle == -EWOULDBLOCK)
      return fatal(path + " is in use by another component of this agent or by another agent");
    if (handle < 0) return file_error("lock", path, handle);
    return File(files_, handle, path);
  }
  Done rename(const std::string& from, const std::string& to) const {
    return done("rename to " + to, from, files_->rename(files_->context, from.c_str(), to.c_str()));
  }
  // Gives an existing file a second name; false where that name is taken.
  Result<bool> link(const std::string& from, const std::string& to) const {
    const auto result = files_->link(files_->context, from.c_str(), to.c_str());
    if (result == -EEXIST) return false;
    if (result < 0) return file_error("link to " + to, from, result);
    return true;
  }
  Done remove(const std::string& path) const {
    return done("remove", path, files_->remove(files_->context, path.c_str()));
  }
  // A file that stays locked for as long as what comes back lives; without a handle
  // where somebody else has the lock.
  Result<File> lock(const std::string& path) const {
    const auto handle = has(*files_, &levada_files::lock) ? files_->lock(files_->context, path.c_str()) : -ENOTSUP;
    if (handle == -EWOULDBLOCK) return File();
    if (handle < 0) return file_error("lock", path, handle);
    return File(files_, handle, path);
  }
  // Lets the members of a group read a file or folder.
  Done share(const std::string& path, const std::string& group) const {
    const auto shared =
        has(*files_, &levada_files::share) ? files_->share(files_->context, path.c_str(), group.c_str()) : -ENOTSUP;
    if (shared == -EINVAL) return retry("there is no group \"" + group + "\"");
    return done("give to the group " + group + ":", path, shared);
  }
  Done sync_folder(const std::string& path) const {
    return done("sync", path, files_->sync_folder(files_->context, path.c_str()));
  }
  // A file whose content is there as a whole or not at all, also after a crash: written aside,
  // synced, renamed.
  Done replace(const std::string& path, std::string_view content) const {
    const auto aside = path + ".tmp";
    auto file = open(aside, LEVADA_WRITE);
    if (!file) return std::move(file).error();
    // A crash may have left one.
    LEVADA_TRY(file->truncate(0));
    LEVADA_TRY(file->write(content));
    LEVADA_TRY(file->sync());
    LEVADA_TRY(file->close());
    LEVADA_TRY(rename(aside, path));
    return sync_folder(path.substr(0, path.find_last_of('/')));
  }
  Result<std::string> read_whole(const std::string& path) const {
    auto file = open(path);
    if (!file) return std::move(file).error();
    std::string content;
    for (;;) {
      const auto used = content.size();
      content.resize(used + 65536);
      auto got = file->read(content.data() + used, 65536, used);
      if (!got) return std::move(got).error();
      content.resize(used + *got);
      if (*got == 0) return content;
    }
  }
  const levada_files* table() const { return files_; }

 private:
  static Done done(std::string_view what, const std::string& path, int64_t result) {
    if (result < 0) return file_error(what, path, result);
    return {};
  }
  const levada_files* files_ = nullptr;
};

// What an instance sees of the agent that runs it.
class Host {
 public:
  explicit Host(const levada_host* host)
      : host_(host),
        log_(service<levada_log>(LEVADA_LOG)),
        metrics_(service<levada_metrics>(LEVADA_METRICS)),
        clock_(service<levada_clock>(LEVADA_CLOCK)),
        random_(service<levada_random>(LEVADA_RANDOM)),
        memory_(service<levada_memory>(LEVADA_MEMORY)),
        files_(service<levada_files>(LEVADA_FILES)) {}

  std::string_view component() const { return detail::view(host_->component); }
  std::string data_dir() const { return std::string(detail::view(host_->data_dir)); }
  bool until_drained() const { return host_->until_drained != 0; }

  void debug(std::string_view message) const { log(LEVADA_DEBUG, message); }
  void info(std::string_view message) const { log(LEVADA_INFO, message); }
  void warning(std::string_view message) const { log(LEVADA_WARNING, message); }
  void error(std::string_view message) const { log(LEVADA_ERROR, message); }

  Counter counter(const char* name) const { return Counter(metrics_ ? metrics_->counter(host_, name) : nullptr); }
  // Calls counter(component, name, value) with each counter of the agent. False: this host does not
  // show them. The function must not make counters.
  template <class Function>
  bool each_counter(Function&& function) const {
    const auto* observe = service<levada_observe>(LEVADA_OBSERVE);
    if (!observe) return false;
    const auto call = [](void* to, levada_bytes component, levada_bytes name, int64_t value) {
      (*static_cast<std::remove_reference_t<Function>*>(to))(detail::view(component), detail::view(name), value);
    };
    observe->counters(observe->context, call, &function);
    return true;
  }
  // Since 1970 UTC; may jump.
  std::chrono::nanoseconds now() const { return std::chrono::nanoseconds(clock_->now(clock_->context)); }
  // For measuring spans; never goes back.
  std::chrono::nanoseconds monotonic() const { return std::chrono::nanoseconds(clock_->monotonic(clock_->context)); }
  // Nobody can guess it; a test's host gives the same ones each time.
  uint64_t random() const {
    uint64_t value = 0;
    if (random_) random_->fill(random_->context, &value, sizeof value);
    else (void)::getentropy(&value, sizeof value);
    return value;
  }
  Files files() const { return Files(files_); }
  // For a thread that the component starts by itself: the buffers that it makes come from this
  // host.
  MemoryScope memory_scope() const { return MemoryScope(memory_); }
  const levada_memory* memory() const { return memory_; }

 private:
  template <class Service>
  const Service* service(const char* id) const {
    return static_cast<const Service*>(host_->service(host_, id));
  }
  void log(int32_t level, std::string_view message) const {
    if (log_) log_->write(host_, level, detail::bytes(message));
  }

  const levada_host* host_;
  const levada_log* log_;
  const levada_metrics* metrics_;
  const levada_clock* clock_;
  const levada_random* random_;
  const levada_memory* memory_;
  const levada_files* files_;
};

}  // namespace levada
