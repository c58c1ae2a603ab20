#include "glob.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

namespace levada::tail {
namespace {

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    if (end > at) parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool has_wildcard(const std::string& part) { return part.find_first_of("*?[\\") != std::string::npos; }

bool matches_parts(const std::vector<std::string>& pattern, size_t from, const std::vector<std::string>& path,
                   size_t at) {
  for (; from < pattern.size(); ++from, ++at) {
    if (pattern[from] == "**") {
      for (size_t next = at; next <= path.size(); ++next)
        if (matches_parts(pattern, from + 1, path, next)) return true;
      return false;
    }
    if (at == path.size() || fnmatch(pattern[from].c_str(), path[at].c_str(), FNM_PERIOD) != 0) return false;
  }
  return at == path.size();
}

class Walk {
 public:
  Walk(const Files& files, const std::vector<std::string>& exclude, const std::function<void(const Error&)>& problem,
       std::map<std::string, levada_file_info>& found)
      : files_(files), exclude_(exclude), problem_(problem), found_(found) {}

  // What the parts from `at` on match below the folder.
  void into(const std::string& folder, const std::vector<std::string>& parts, size_t at) {
    if (at == parts.size()) return;
    const bool any_depth = parts[at] == "**";
    if (any_depth) {
      into(folder, parts, at + 1);
    } else if (!has_wildcard(parts[at])) {
      return take(folder + "/" + parts[at], parts, at);
    }
    const auto entries = files_.list(folder.empty() ? "/" : folder);
    if (!entries) {
      levada_file_info info{};
      // What is no folder has nothing below it.
      if (files_.stat(folder, info) != 0 || S_ISDIR(info.mode)) report(folder, entries.error());
      return;
    }
    for (const auto& entry : *entries) {
      const auto path = folder + "/" + entry.name;
      if (any_depth) {
        if (entry.is_folder && entry.name[0] != '.' && enter(path)) into(path, parts, at);
      } else if (fnmatch(parts[at].c_str(), entry.name.c_str(), FNM_PERIOD) == 0) {
        take(path, parts, at);
      }
    }
  }

 private:
  void take(const std::string& path, const std::vector<std::string>& parts, size_t at) {
    if (at + 1 < parts.size()) return into(path, parts, at + 1);
    if (std::any_of(exclude_.begin(), exclude_.end(), [&](const auto& each) { return matches(each, path); })) return;
    levada_file_info info{};
    const auto result = files_.stat(path, info);
    // Gone since it was listed: nothing to say about it.
    if (result < 0 && result != -ENOENT) problem_(file_error("stat", path, result));
    if (result == 0 && S_ISREG(info.mode)) found_[path] = info;
  }
  void report(const std::string& path, const Error& error) {
    levada_file_info info{};
    if (files_.stat(path, info) != -ENOENT) problem_(error);
  }
  // Links between folders can make circles.
  bool enter(const std::string& path) {
    levada_file_info info{};
    return files_.stat(path, info) == 0 && visited_.insert({info.device, info.inode}).second;
  }

  const Files& files_;
  const std::vector<std::string>& exclude_;
  const std::function<void(const Error&)>& problem_;
  std::map<std::string, levada_file_info>& found_;
  std::set<std::pair<uint64_t, uint64_t>> visited_;
};

}  // namespace

bool matches(const std::string& pattern, const std::string& path) {
  if (pattern.find('/') == std::string::npos)
    return fnmatch(pattern.c_str(), path.c_str() + path.find_last_of('/') + 1, 0) == 0;
  return matches_parts(parts_of(pattern), 0, parts_of(path), 0);
}

std::string fixed_folder(const std::string& pattern) {
  const auto parts = parts_of(pattern);
  std::string folder;
  for (size_t at = 0; at + 1 < parts.size() && !has_wildcard(parts[at]); ++at) folder += "/" + parts[at];
  return folder.empty() ? "/" : folder;
}

std::vector<std::string> without_braces(const std::string& pattern) {
  for (size_t open = pattern.find('{'); open != pattern.npos; open = pattern.find('{', open + 1)) {
    // Where the alternatives end: at commas and the closing brace of this one, not of one within.
    std::vector<size_t> ends;
    int depth = 0;
    for (size_t at = open; at < pattern.size(); ++at) {
      const char c = pattern[at];
      if (c == '{') ++depth;
      else if (c == ',' && depth == 1) ends.push_back(at);
      else if (c == '}' && --depth == 0) ends.push_back(at);
      if (c == '}' && depth == 0) break;
    }
    if (depth != 0) continue;
    std::vector<std::string> all;
    for (size_t from = open + 1; const size_t end : ends) {
      const auto one = pattern.substr(0, open) + pattern.substr(from, end - from) + pattern.substr(ends.back() + 1);
      for (auto& each : without_braces(one)) all.push_back(std::move(each));
      from = end + 1;
    }
    return all;
  }
  return {pattern};
}

std::map<std::string, levada_file_info> glob(const Files& files, const std::vector<std::string>& include,
                                             const std::vector<std::string>& exclude,
                                             const std::function<void(const Error&)>& problem) {
  std::map<std::string, levada_file_info> found;
  for (const auto& pattern : include) Walk(files, exclude, problem, found).into("", parts_of(pattern), 0);
  return found;
}

}  // namespace levada::tail
