// A text file of lines with tabs between:
//   levada file sink 2
//   names, id, next number
//   position, rows before it, stream, position       for each stream
//   open or complete, committed bytes, path, name    for each file with committed rows
//   end, CRC-32 of all above
//   new, path, name, CRC-32 of the line up to here   for each file without; appended: may be torn
#include "manifest.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "files/sink_names.h"
#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::file_sink {
namespace {

constexpr std::string_view kFirstLine = "levada file sink 2\n";
constexpr std::string_view kFirstLineOf1 = "levada file sink 1\n";
constexpr std::string_view kPosition = "position\t";
constexpr std::string_view kEnd = "end\t";

std::string checksum(std::string_view text) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "%08lx", crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  return digits;
}

void append_file(std::string& to, const Unfinished& file) {
  to += file.state == Unfinished::State::complete ? "complete\t" : "open\t";
  to += std::to_string(file.bytes) + '\t';
  append_escaped(to, file.path);
  to += '\t';
  append_escaped(to, file.name);
  to += '\n';
}

std::string line_of_new(const Unfinished& file) {
  std::string line = "new\t";
  append_escaped(line, file.path);
  line += '\t';
  append_escaped(line, file.name);
  return line + '\t' + checksum(line) + '\n';
}

std::optional<Unfinished> read_new(std::string_view line) {
  const auto parts = tab_separated(line);
  if (parts.size() != 4 || parts[0] != "new") return std::nullopt;
  if (checksum(line.substr(0, line.size() - parts[3].size() - 1)) != parts[3]) return std::nullopt;
  return Unfinished{unescaped(parts[1]), unescaped(parts[2])};
}

std::optional<Unfinished> read_file(std::string_view line) {
  const auto parts = tab_separated(line);
  if (parts.size() != 4 || parts[1].empty() || parts[2].empty() || parts[3].empty()) return std::nullopt;
  Unfinished file{unescaped(parts[2]), unescaped(parts[3])};
  file.state = parts[0] == "complete" ? Unfinished::State::complete : Unfinished::State::open;
  if (parts[0] != "complete" && parts[0] != "open") return std::nullopt;
  const char* const end = parts[1].data() + parts[1].size();
  if (std::from_chars(parts[1].data(), end, file.bytes).ptr != end) return std::nullopt;
  return file;
}

// A path that was used again is what its last line says.
void add(std::vector<Unfinished>& all, Unfinished file) {
  std::erase_if(all, [&](const Unfinished& known) { return known.path == file.path; });
  all.push_back(std::move(file));
}

std::optional<Committed> read(std::string_view content) {
  const auto end = content.find("\nend\t");
  if (!content.starts_with(kFirstLine) || end == content.npos) return std::nullopt;
  auto checked = content.substr(0, end + 1);
  content.remove_prefix(checked.size());
  const auto last = take_line(content);
  if (!last || last->substr(kEnd.size()) != checksum(checked)) return std::nullopt;
  checked.remove_prefix(kFirstLine.size());
  Committed committed;
  while (const auto line = take_line(checked)) {
    if (line->starts_with(files::kNamesLine)) {
      if (!files::read_names(line->substr(files::kNamesLine.size()), committed.id, committed.next_number))
        return std::nullopt;
    } else if (line->starts_with(kPosition)) {
      auto position = read_position(line->substr(kPosition.size()));
      if (!position) return std::nullopt;
      committed.positions.push_back(*std::move(position));
    } else {
      auto file = read_file(*line);
      if (!file) return std::nullopt;
      add(committed.files, *std::move(file));
    }
  }
  // Nothing is lost with a line that is damaged: at most an empty file stays behind.
  while (const auto line = take_line(content))
    if (auto file = read_new(*line)) add(committed.files, *std::move(file));
  return committed;
}

// Version 1 had neither positions nor checksum, escaped nothing, and files without committed rows
// were open ones with 0 bytes.
std::optional<Committed> read_version_1(std::string_view content) {
  Committed committed;
  content.remove_prefix(kFirstLineOf1.size());
  while (const auto line = take_line(content)) {
    auto file = read_file(*line);
    if (!file) return std::nullopt;
    const auto parts = tab_separated(*line);
    file->path = parts[2];
    file->name = parts[3];
    if (file->state == Unfinished::State::open && file->bytes == 0) file->state = Unfinished::State::fresh;
    add(committed.files, *std::move(file));
  }
  return committed;
}

}  // namespace

Result<Committed> Manifest::load() const {
  levada_file_info info{};
  if (files_.stat(file_, info) == -ENOENT) return Committed();
  auto content = files_.read_whole(file_);
  if (!content) return std::move(content).error();
  auto committed = content->starts_with(kFirstLineOf1) ? read_version_1(*content) : read(*content);
  if (!committed)
    return fatal(file_ +
                 " is damaged, or was written by another version: put back what was there, or move it away, and see to "
                 "the files that it names; without it the sink starts anew, and rows that it had come again");
  return *std::move(committed);
}

Done Manifest::begin(const Unfinished& file) {
  if (!begun_) {
    auto opened = files_.open(file_, LEVADA_APPEND);
    if (!opened) return std::move(opened).error();
    begun_ = *std::move(opened);
  }
  certain_ = false;
  LEVADA_TRY(begun_.write(line_of_new(file)));
  LEVADA_TRY(begun_.sync());
  certain_ = true;
  return {};
}

Done Manifest::replace(const Committed& committed) {
  begun_ = File();
  certain_ = false;
  if (!made_folder_) {
    LEVADA_TRY(files_.make_folder(folder_));
    made_folder_ = true;
  }
  std::string content(kFirstLine);
  files::append_names(content, committed.id, committed.next_number);
  for (const auto& position : committed.positions) {
    content += kPosition;
    append_position(content, position);
    content += '\n';
  }
  for (const auto& file : committed.files)
    if (file.state != Unfinished::State::fresh) append_file(content, file);
  content += std::string(kEnd) + checksum(content) + '\n';
  for (const auto& file : committed.files)
    if (file.state == Unfinished::State::fresh) content += line_of_new(file);
  LEVADA_TRY(files_.replace(file_, content));
  certain_ = true;
  return {};
}

}  // namespace levada::file_sink
