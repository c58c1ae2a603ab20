// A text file: a line that names the format, then one for each file: state, committed bytes, path and name, by tabs.
#include "manifest.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace levada {
namespace {

constexpr std::string_view kFirstLine = "levada file sink 1\n";

std::string line_of(const Unfinished& file) {
  return (file.complete ? "complete\t" : "open\t") + std::to_string(file.bytes) + "\t" + file.path + "\t" + file.name +
         "\n";
}

// Up to the separator, which goes too.
std::string_view take(std::string_view& from, char separator) {
  const auto end = std::min(from.find(separator), from.size());
  const auto part = from.substr(0, end);
  from.remove_prefix(std::min(end + 1, from.size()));
  return part;
}

bool read(std::string_view line, Unfinished& file) {
  const auto state = take(line, '\t');
  const auto bytes = take(line, '\t');
  file.path = take(line, '\t');
  file.name = line;
  file.complete = state == "complete";
  const auto number = std::from_chars(bytes.data(), bytes.data() + bytes.size(), file.bytes);
  return (file.complete || state == "open") && number.ec == std::errc() && !file.path.empty() && !file.name.empty();
}

}  // namespace

Result<std::vector<Unfinished>> Manifest::load() const {
  std::vector<Unfinished> all;
  levada_file_info info{};
  if (files_.stat(file_, info) == -ENOENT) return all;
  auto content = files_.read_whole(file_);
  if (!content) return std::move(content).error();
  std::string_view rest = *content;
  if (!rest.starts_with(kFirstLine))
    return fatal(file_ + " was not written by this version: move it away, and see to the files that it names");
  rest.remove_prefix(kFirstLine.size());
  // A last line without its end was cut by a crash.
  while (rest.find('\n') != rest.npos) {
    Unfinished file;
    if (!read(take(rest, '\n'), file)) continue;
    std::erase_if(all, [&](const Unfinished& known) { return known.path == file.path; });
    all.push_back(std::move(file));
  }
  return all;
}

Done Manifest::add(const Unfinished& file) {
  if (!added_) {
    auto opened = files_.open(file_, LEVADA_APPEND);
    if (!opened) return std::move(opened).error();
    added_ = *std::move(opened);
  }
  return added_.write(line_of(file));
}

Done Manifest::sync() {
  if (!added_) return {};
  return added_.sync();
}

Done Manifest::replace(const std::vector<Unfinished>& files) {
  added_ = File();
  LEVADA_TRY(files_.make_folder(folder_));
  std::string content(kFirstLine);
  for (const auto& file : files) content += line_of(file);
  return files_.replace(file_, content);
}

}  // namespace levada
