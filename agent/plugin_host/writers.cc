#include "agent/plugin_host/writers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace levada::agent {
namespace {

// Who may change one of these may put another file in a plugin's place.
Done check_entry(const std::string& path, const struct stat& info, bool is_on_the_way) {
  const auto remedy = [&](const char* who) {
    return fatal(path + " may be written to by " + who + ": a plugin runs with all the agent's rights; chmod go-w it");
  };
  // Where the sticky bit is set, as in /tmp, names that belong to others cannot be changed.
  const bool keeps_names = is_on_the_way && (info.st_mode & S_ISVTX);
  if ((info.st_mode & S_IWOTH) && !S_ISLNK(info.st_mode) && !keeps_names) return remedy("everyone");
  if ((info.st_mode & S_IWGRP) && !S_ISLNK(info.st_mode) && !keeps_names && info.st_gid != 0 &&
      info.st_gid != ::getegid())
    return remedy("a group");
  if (info.st_uid != 0 && info.st_uid != ::geteuid())
    return fatal(
        path +
        " belongs to another user: a plugin runs with all the agent's rights; chown it to root or to the agent's user");
  return {};
}

}  // namespace

Done check_writers_of(const struct stat& open, const std::string& path) { return check_entry(path, open, false); }

Done check_writers(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int kMostLinks = 40;
  std::error_code failed;
  const auto absolute = fs::absolute(path, failed);
  // The names that are still to be followed, the next one last.
  std::vector<std::string> names;
  const auto follow = [&](const fs::path& way) {
    const std::vector<fs::path> parts(way.begin(), way.end());
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
      if (!part->empty() && *part != "." && *part != "/") names.push_back(part->string());
  };
  follow(absolute);
  fs::path at = "/";
  for (int links = 0; !names.empty();) {
    const auto name = std::move(names.back());
    names.pop_back();
    if (name == "..") {
      at = at.parent_path();
      continue;
    }
    const auto next = at / name;
    struct stat info;
    if (::lstat(next.c_str(), &info) < 0) return fatal(next.string() + ": " + std::strerror(errno));
    const bool is_link = S_ISLNK(info.st_mode);
    LEVADA_TRY(check_entry(next.string(), info, !is_link && !names.empty()));
    if (!is_link) {
      at = next;
      continue;
    }
    if (++links > kMostLinks) return fatal(path + ": " + std::strerror(ELOOP));
    const auto target = fs::read_symlink(next, failed);
    if (failed) return fatal(next.string() + ": " + failed.message());
    if (target.is_absolute()) at = "/";
    follow(target);
  }
  return {};
}

}  // namespace levada::agent
