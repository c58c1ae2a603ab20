#include "agent/channels/file/cursor_file.h"

#include <charconv>

#include "agent/base/crc32c.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr std::string_view kFirstLine = "levada cursors 1\n";
constexpr size_t kSumBytes = 17;  // 16 digits and the end of the line.

std::string sum_of(std::string_view text) { return hex(crc32c(0, text.data(), text.size())) + '\n'; }

bool read_line(CursorFile& file, std::string_view line, uint64_t log_id) {
  const auto parts = tab_separated(line);
  if (parts.size() < 2) return false;
  if (parts[0] == "log") return parse_hex(parts[1]) == log_id;
  const auto place = Place::parse(parts[1]);
  if (!place || parts.size() < 3) return false;
  if (parts[0] == "reader") {
    file.readers[unescaped(parts[2])] = *place;
    return true;
  }
  if (parts[0] != "durable" || parts.size() != 5) return false;
  const auto end = Place::parse(parts[3]);
  if (!end) return false;
  const char* const last = parts[2].data() + parts[2].size();
  if (std::from_chars(parts[2].data(), last, file.durable_bytes).ptr != last) return false;
  file.segment = *place;
  file.durable_end = *end;
  file.closed = parts[4] == "closed";
  return true;
}

}  // namespace

Result<CursorFile> CursorFile::load(const Files& files, const std::string& folder, uint64_t log_id) {
  const std::string path = folder + kCursorFileName;
  levada_file_info info{};
  if (const auto found = files.stat(path, info); found == -ENOENT) return CursorFile();
  auto text = files.read_whole(path);
  if (!text) return std::move(text).error();
  std::string_view rest = *text;
  if (rest.size() < kFirstLine.size() + kSumBytes || !rest.starts_with(kFirstLine)) return CursorFile();
  const auto sum = rest.substr(rest.size() - kSumBytes);
  rest.remove_suffix(kSumBytes);
  if (sum != sum_of(rest)) return CursorFile();
  rest.remove_prefix(kFirstLine.size());
  CursorFile file;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1);
    if (!read_line(file, rest.substr(0, end), log_id)) return CursorFile();
    rest.remove_prefix(end + 1);
  }
  return file;
}

std::string CursorFile::text(uint64_t log_id) const {
  std::string text(kFirstLine);
  text += "log\t" + hex(log_id) + '\n';
  text += "durable\t" + segment.text() + '\t' + std::to_string(durable_bytes) + '\t' + durable_end.text() + '\t' +
          (closed ? "closed" : "open") + '\n';
  for (const auto& [reader, place] : readers) {
    text += "reader\t" + place.text() + '\t';
    append_escaped(text, reader);
    text += '\n';
  }
  return text + sum_of(text);
}

}  // namespace levada::agent
