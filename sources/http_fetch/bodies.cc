#include "bodies.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "levada/checked_text.h"

namespace levada::http_fetch {
namespace {

constexpr std::string_view kEnding = ".body", kUnfinished = ".part";
constexpr std::string_view kFooter = "\nlevada fetched 1";
// The length of the footer without it, so that it is found from the end.
constexpr size_t kLengthBytes = 9;
constexpr uint64_t kFooterMax = 64 << 10;

// "stevenblack.17.body": its name and number.
bool split_name(std::string_view file, std::string& name, uint64_t& number) {
  if (!file.ends_with(kEnding)) return false;
  file.remove_suffix(kEnding.size());
  const auto dot = file.rfind('.');
  if (dot == file.npos) return false;
  const char* const end = file.data() + file.size();
  name = file.substr(0, dot);
  return std::from_chars(file.data() + dot + 1, end, number).ptr == end && dot + 1 < file.size();
}

}  // namespace

std::string Bodies::path_of(const std::string& name, uint64_t number) const {
  return folder_ + "/" + name + "." + std::to_string(number) + std::string(kEnding);
}

Result<std::map<std::string, std::vector<FetchPosition>>> Bodies::load(const Host& host) {
  LEVADA_TRY(files_.make_folder(folder_));
  const auto entries = files_.list(folder_);
  if (!entries) return entries.error();
  std::map<std::string, std::vector<FetchPosition>> all;
  for (const auto& entry : *entries) {
    const auto path = folder_ + "/" + entry.name;
    std::string name;
    uint64_t number = 0;
    if (entry.name.ends_with(kUnfinished)) {
      LEVADA_TRY(files_.remove(path));
      continue;
    }
    if (!split_name(entry.name, name, number)) continue;
    auto start = start_of(path);
    if (!start) return std::move(start).error();
    if (!*start || (*start)->number != number) {
      host.warning(path + " is damaged: it is removed, and fetched again");
      LEVADA_TRY(files_.remove(path));
      continue;
    }
    all[name].push_back(**std::move(start));
  }
  for (auto& [name, bodies] : all)
    std::sort(bodies.begin(), bodies.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return all;
}

Result<std::optional<FetchPosition>> Bodies::start_of(const std::string& path) const {
  using Start = std::optional<FetchPosition>;
  auto file = files_.open(path);
  if (!file) return std::move(file).error();
  const auto info = file->info();
  if (!info) return info.error();
  const auto read_at = [&](uint64_t offset, size_t bytes) -> Result<std::string> {
    std::string text(bytes, '\0');
    size_t used = 0;
    while (used < bytes) {
      auto got = file->read(text.data() + used, bytes - used, offset + used);
      if (!got) return std::move(got).error();
      if (*got == 0) break;
      used += *got;
    }
    text.resize(used);
    return text;
  };
  if (info->bytes < kLengthBytes) return Start();
  const auto digits = read_at(info->bytes - kLengthBytes, kLengthBytes);
  if (!digits) return digits.error();
  uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(digits->data(), digits->data() + kLengthBytes - 1, bytes, 16);
  if (error != std::errc() || *end != '\n' || bytes > kFooterMax || bytes + kLengthBytes > info->bytes) return Start();
  const auto footer = read_at(info->bytes - kLengthBytes - bytes, bytes);
  if (!footer) return footer.error();
  std::string_view rest = *footer;
  const auto content = take_checked(kFooter, rest);
  if (!content || !rest.empty()) return Start();
  auto position = parse_position(content->substr(0, content->find('\n')));
  if (!position || position->version.bytes + bytes + kLengthBytes != info->bytes) return Start();
  return position;
}

Result<std::unique_ptr<BodyWriter>> Bodies::begin(const std::string& name, BodyWriter::Rules rules) const {
  return BodyWriter::begin(files_, folder_ + "/" + name + std::string(kUnfinished), std::move(rules));
}

Done Bodies::commit(const std::string& name, BodyWriter& body, const FetchPosition& start) const {
  auto footer = checked_text(kFooter, text_of(start) + "\n");
  char length[kLengthBytes + 1];
  std::snprintf(length, sizeof length, "%08zx\n", footer.size());
  footer += length;
  return body.commit(path_of(name, start.number), footer);
}

Result<File> Bodies::open(const std::string& name, uint64_t number) const { return files_.open(path_of(name, number)); }

Done Bodies::remove(const std::string& name, uint64_t number) const {
  const auto path = path_of(name, number);
  levada_file_info info{};
  if (files_.stat(path, info) == -ENOENT) return {};
  return files_.remove(path);
}

}  // namespace levada::http_fetch
