#include "log_files.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

namespace levada::delta {
namespace {

std::string digits_of(int64_t version, int width) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%0*lld", width, static_cast<long long>(version));
  return digits;
}

std::optional<int64_t> number(std::string_view digits, size_t width) {
  int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  if (digits.size() != width || std::from_chars(digits.data(), end, value).ptr != end || digits[0] == '-')
    return std::nullopt;
  return value;
}

std::string in_log(std::string_view name) { return std::string(kLogFolder) + "/" + std::string(name); }

std::string part_path(int64_t version, int64_t part, int64_t parts) {
  return in_log(digits_of(version, 20) + ".checkpoint." + digits_of(part, 10) + "." + digits_of(parts, 10) +
                ".parquet");
}

}  // namespace

std::string commit_path(int64_t version) { return in_log(digits_of(version, 20) + ".json"); }
std::string checkpoint_path(int64_t version) { return in_log(digits_of(version, 20) + ".checkpoint.parquet"); }

std::optional<LogFile> LogFile::of(std::string_view path) {
  const auto name = path.substr(path.find_last_of('/') + 1);
  const auto dot = name.find('.');
  if (dot == name.npos) return std::nullopt;
  const auto version = number(name.substr(0, dot), 20);
  if (!version) return std::nullopt;
  auto rest = name.substr(dot);
  if (rest == ".json") return LogFile{Kind::commit, *version};
  if (rest == ".crc") return LogFile{Kind::checksum, *version};
  if (rest == ".checkpoint.parquet") return LogFile{Kind::checkpoint, *version};
  constexpr std::string_view kCheckpoint = ".checkpoint.";
  if (!rest.starts_with(kCheckpoint)) return std::nullopt;
  rest.remove_prefix(kCheckpoint.size());
  // "0000000001.0000000003.parquet", or an id and ".json" or ".parquet".
  if (rest.size() == 29 && rest.ends_with(".parquet")) {
    const auto part = number(rest.substr(0, 10), 10), parts = number(rest.substr(11, 10), 10);
    if (rest[10] == '.' && part && parts) return LogFile{Kind::checkpoint_part, *version, *part, *parts};
  }
  if (rest.size() > 36 && (rest.ends_with(".json") || rest.ends_with(".parquet")))
    return LogFile{Kind::checkpoint_with_id, *version};
  return std::nullopt;
}

std::vector<CheckpointFiles> checkpoints_among(const std::vector<lake::StoredFile>& files) {
  std::vector<CheckpointFiles> found;
  std::map<std::pair<int64_t, int64_t>, std::vector<std::string>> parts;
  for (const auto& file : files) {
    const auto described = LogFile::of(file.path);
    if (!described) continue;
    if (described->kind == LogFile::Kind::checkpoint || described->kind == LogFile::Kind::checkpoint_with_id)
      found.push_back({described->version, {file.path}});
    if (described->kind != LogFile::Kind::checkpoint_part) continue;
    auto& all = parts[{described->version, described->parts}];
    all.push_back(file.path);
    if (static_cast<int64_t>(all.size()) == described->parts) found.push_back({described->version, all});
  }
  const auto rank = [](const CheckpointFiles& each) {
    return std::pair(each.version, LogFile::of(each.paths[0])->kind == LogFile::Kind::checkpoint);
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return found;
}

Result<std::optional<CheckpointFiles>> last_checkpoint(lake::FileStore& store) {
  auto content = lake::read_file(store, kLastCheckpoint);
  if (!content) return std::move(content).error();
  std::optional<CheckpointFiles> none;
  if (!*content) return none;
  simdjson::dom::parser parser;
  simdjson::dom::object members;
  int64_t version = 0, parts = 1;
  if (parser.parse(**content).get(members) || members["version"].get(version)) return none;
  CheckpointFiles files{version, {}};
  std::string_view path;
  if (!members["v2Checkpoint"]["path"].get(path)) files.paths.push_back(in_log(path));
  else if (!members["parts"].get(parts) && parts >= 1 && parts < 100'000)
    for (int64_t part = 1; part <= parts; ++part) files.paths.push_back(part_path(version, part, parts));
  else files.paths.push_back(checkpoint_path(version));
  return std::optional(std::move(files));
}

}  // namespace levada::delta
