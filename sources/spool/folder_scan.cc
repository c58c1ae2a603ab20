// Lists the folder, and those in it where asked to.
#include "folder_scan.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace levada::spool {

namespace {

bool matches(const std::string& pattern, const std::string& path) {
  if (pattern.find('/') != pattern.npos) return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  return fnmatch(pattern.c_str(), path.c_str() + path.find_last_of('/') + 1, 0) == 0;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches(pattern, path); });
}

bool is_done_with(const NameRules& rules, std::string_view path) {
  const auto ends = [&](std::string_view name) {
    return std::any_of(rules.suffixes.begin(), rules.suffixes.end(),
                       [&](const auto& suffix) { return name.ends_with(suffix); });
  };
  const auto digits = path.find_last_not_of("0123456789");
  return ends(path) || (digits != path.npos && path[digits] == '.' && ends(path.substr(0, digits)));
}

class Walk {
 public:
  Walk(const Files& files, const std::string& root, const NameRules& rules)
      : files_(files), root_(root), rules_(rules) {}

  Done list(const std::string& folder) {
    auto entries = files_.list(folder.empty() ? root_ : root_ + "/" + folder);
    if (!entries) return std::move(entries).error();
    for (const auto& entry : *entries) {
      const auto path = folder.empty() ? entry.name : folder + "/" + entry.name;
      if (entry.is_folder) enter(path);
      else if (is_taken(rules_, path)) look_at(path);
    }
    return {};
  }
  Scan scan;

 private:
  void enter(const std::string& path) {
    if (!rules_.recursive || path == rules_.skipped_folder || matches_any(rules_.ignore, path)) return;
    levada_file_info info{};
    if (!stat(path, info)) return;
    // Links between folders can make circles.
    if (!visited_.insert({info.device, info.inode}).second) return;
    if (auto listed = list(path); !listed) scan.problems.push_back(std::move(listed).error());
  }
  void look_at(const std::string& path) {
    levada_file_info info{};
    if (stat(path, info) && S_ISREG(info.mode)) scan.files.push_back({path, info, 0});
  }
  bool stat(const std::string& path, levada_file_info& info) {
    const auto full = root_ + "/" + path;
    const auto result = files_.stat(full, info);
    // Gone since it was listed: nothing to say about it.
    if (result < 0 && result != -ENOENT) scan.problems.push_back(file_error("stat", full, result));
    return result == 0;
  }

  const Files& files_;
  const std::string& root_;
  const NameRules& rules_;
  std::set<std::pair<uint64_t, uint64_t>> visited_;
};

}  // namespace

bool is_taken(const NameRules& rules, const std::string& path) {
  return matches_any(rules.include, path) && !matches_any(rules.ignore, path) && !is_done_with(rules, path);
}

Result<Scan> scan_folder(const Files& files, const std::string& folder, const NameRules& rules) {
  Walk walk(files, folder, rules);
  LEVADA_TRY(walk.list(""));
  return std::move(walk.scan);
}

}  // namespace levada::spool
