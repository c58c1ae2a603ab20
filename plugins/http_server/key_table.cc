#include "http_server/key_table.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::http_server {
namespace {

constexpr std::string_view kFirstLine = "levada http keys 1\n";
// The file is written anew when most of its lines are of no use any more.
constexpr size_t kLeastLines = 4096;
constexpr size_t kParts = 9;

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, number).ptr == end && !text.empty();
}

}  // namespace

KeyTable::KeyTable(Host host, std::chrono::nanoseconds window, size_t most)
    : host_(host), window_(window), most_(most), path_(host.data_dir() + "/keys") {}

std::string KeyTable::line_of(const Given& given) {
  std::string line = std::to_string(given.number) + '\t' + std::to_string(given.status) + '\t' +
                     std::to_string(given.rows) + '\t' + std::to_string(given.fingerprint) + '\t' +
                     std::to_string(given.time.count()) + '\t';
  append_escaped(line, given.stream);
  line += '\t';
  append_escaped(line, given.id);
  line += '\t';
  append_escaped(line, given.key);
  return line + '\t' + checksum(line) + '\n';
}

std::optional<KeyTable::Given> KeyTable::read_line(std::string_view line) {
  const auto parts = tab_separated(line);
  if (parts.size() != kParts || checksum(line.substr(0, line.size() - parts.back().size() - 1)) != parts.back())
    return std::nullopt;
  Given given;
  int64_t time = 0;
  if (!read_number(parts[0], given.number) || !read_number(parts[1], given.status) ||
      !read_number(parts[2], given.rows) || !read_number(parts[3], given.fingerprint) || !read_number(parts[4], time))
    return std::nullopt;
  given.time = std::chrono::nanoseconds(time);
  given.stream = unescaped(parts[5]);
  given.id = unescaped(parts[6]);
  given.key = unescaped(parts[7]);
  return given;
}

Done KeyTable::open(const std::map<std::string, uint64_t, std::less<>>& stored) {
  stored_.clear();
  by_time_.clear();
  under_way_.clear();
  is_torn_ = true;
  if (window_.count() == 0) return {};
  levada_file_info info{};
  const auto there = host_.files().stat(path_, info);
  if (there == -ENOENT) return {};
  if (there < 0) return retry("look for " + path_ + ": " + std::strerror(static_cast<int>(-there)));
  auto read = host_.files().read_whole(path_);
  if (!read) return std::move(read).error();
  std::string_view text = *read;
  if (!text.starts_with(kFirstLine)) return fatal(path_ + ": it is damaged; remove it to go on without its keys");
  text.remove_prefix(kFirstLine.size());
  std::vector<Given> found;
  // The last line may be cut off: the rows of its batch were not handed on then.
  while (auto line = take_line(text)) {
    auto given = read_line(*line);
    if (!given) {
      host_.warning(path_ + ": a line is damaged: its key is not known any more");
      continue;
    }
    const auto position = stored.find(given->stream);
    if (position != stored.end() && given->number <= position->second) found.push_back(*std::move(given));
  }
  std::ranges::stable_sort(found, {}, &Given::time);
  for (auto& given : found) add(std::move(given));
  // Numbers that were not stored are given again, to other requests.
  return write_whole({});
}

const KeyTable::Given* KeyTable::find(std::string_view key) const {
  const auto found = stored_.find(std::string(key));
  if (found == stored_.end() || host_.now() - found->second.time > window_) return nullptr;
  return &found->second;
}

Done KeyTable::write(const std::vector<Given>& given) {
  if (given.empty()) return {};
  if (is_torn_ || lines_ + given.size() > kLeastLines + 2 * (stored_.size() + under_way_.size())) {
    LEVADA_TRY(write_whole(given));
  } else {
    std::string text;
    for (const auto& each : given) text += line_of(each);
    auto written = file_.write(text);
    if (written) written = file_.sync();
    if (!written) {
      is_torn_ = true;
      return written;
    }
    lines_ += given.size();
  }
  for (const auto& each : given) under_way_.insert_or_assign(each.key, each);
  return {};
}

Done KeyTable::write_whole(const std::vector<Given>& more) {
  is_torn_ = true;
  std::string text(kFirstLine);
  size_t lines = more.size() + under_way_.size();
  for (const auto& [time, key] : by_time_) {
    const auto found = stored_.find(key);
    if (found == stored_.end() || found->second.time != time) continue;
    text += line_of(found->second);
    ++lines;
  }
  for (const auto& [key, each] : under_way_) text += line_of(each);
  for (const auto& each : more) text += line_of(each);
  LEVADA_TRY(host_.files().make_folder(host_.data_dir()));
  LEVADA_TRY(host_.files().replace(path_, text));
  auto file = host_.files().open(path_, LEVADA_APPEND);
  if (!file) return std::move(file).error();
  file_ = *std::move(file);
  lines_ = lines;
  is_torn_ = false;
  return {};
}

void KeyTable::add(Given given) {
  under_way_.erase(given.key);
  by_time_.emplace_back(given.time, given.key);
  auto key = given.key;
  stored_.insert_or_assign(std::move(key), std::move(given));
  forget_old();
}

void KeyTable::forget_old() {
  const auto now = host_.now();
  while (!by_time_.empty() && (stored_.size() > most_ || now - by_time_.front().first > window_)) {
    const auto& [time, key] = by_time_.front();
    // It may have been given anew since.
    if (const auto found = stored_.find(key); found != stored_.end() && found->second.time == time)
      stored_.erase(found);
    by_time_.pop_front();
  }
}

}  // namespace levada::http_server
