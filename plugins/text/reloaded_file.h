// A file of a user's that is read again when it has changed: what it says takes the place of what
// it said before as a whole, and where it is bad, or gone, everything stays as it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "levada/host.h"

namespace levada {

class ReloadedFile {
 public:
  // It is looked at each `interval`. `what` is for the log: "the table" stays as it was.
  ReloadedFile(std::string path, std::chrono::nanoseconds interval, std::string what, Host host)
      : path_(std::move(path)),
        what_(std::move(what)),
        interval_(interval),
        host_(host),
        reloads_(host.counter("reloads")),
        reload_failures_(host.counter("reload_failures")) {}

  // Reads it for the first time. RETRY where it cannot be read; otherwise what take(text) says, a
  // Done.
  template <class Take>
  Done open(Take&& take) {
    const auto now = version();
    if (!now) return now.error();
    LEVADA_TRY(load(*now, take));
    looked_ = host_.monotonic();
    return {};
  }
  // Reads it again where it is time to look and it has changed. True: take(text) took it.
  template <class Take>
  bool look(Take&& take) {
    const auto time = host_.monotonic();
    if (time - looked_ < interval_) return false;
    looked_ = time;
    const auto now = version();
    if (now && *now == version_) return false;
    const Done done = now ? load(*now, take) : Done(now.error());
    if (done) {
      reloads_.add();
      return true;
    }
    reload_failures_.add();
    host_.error(what_ + " stays as it was: " + done.error().message);
    // What could not be read is tried again; what is wrong in it is said once.
    if (done.code() == Code::retry) version_ = Version();
    return false;
  }

 private:
  // What the file system says of the file: another file, or another content, differs in it.
  struct Version {
    uint64_t device = 0, inode = 0, bytes = 0;
    int64_t modified_ns = 0, changed_ns = 0;
    bool operator==(const Version&) const = default;
  };

  Result<Version> version() const {
    levada_file_info info{};
    if (const auto result = host_.files().stat(path_, info); result < 0) return file_error("stat", path_, result);
    return Version{info.device, info.inode, info.bytes, info.modified_ns, info.changed_ns};
  }
  template <class Take>
  Done load(const Version& version, Take& take) {
    version_ = version;
    const auto text = host_.files().read_whole(path_);
    if (!text) return text.error();
    return take(std::string_view(*text));
  }

  const std::string path_, what_;
  const std::chrono::nanoseconds interval_;
  const Host host_;
  Counter reloads_, reload_failures_;
  Version version_;  // Of the file that was looked at last, whether it was good or not.
  std::chrono::nanoseconds looked_{};
};

}  // namespace levada
