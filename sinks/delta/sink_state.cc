// Both are text files of lines with tabs between, and a checksum behind them:
//   levada delta sink 1
//   id, number, table
//
//   levada delta positions 1
//   rows before it, stream, position     for each stream
#include "sink_state.h"

#include <charconv>
#include <cstdio>

#include "levada/crc32c.h"
#include "levada/positions.h"

namespace levada::delta {
namespace {

constexpr std::string_view kState = "levada delta sink 1\n";
constexpr std::string_view kPositions = "levada delta positions 1\n";

std::string with_checksum(std::string text) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "%08x\n", crc32c(0, text.data(), text.size()));
  return std::move(text) + "end\t" + digits;
}

// The lines between the first one and the checksum; nothing where the file is damaged.
std::optional<std::string_view> checked(std::string_view text, std::string_view first) {
  const auto end = text.rfind("end\t");
  if (!text.starts_with(first) || end == text.npos) return std::nullopt;
  const auto content = text.substr(0, end);
  if (with_checksum(std::string(content)) != text) return std::nullopt;
  return content.substr(first.size());
}

std::optional<int64_t> whole(std::string_view text) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  if (text.empty() || std::from_chars(text.data(), end, number).ptr != end) return std::nullopt;
  return number;
}

}  // namespace

Result<LocalState> LocalStateFile::load() const {
  levada_file_info info{};
  const auto found = files_.stat(path_, info);
  if (found == -ENOENT) return LocalState();
  if (found < 0) return file_error("stat", path_, found);
  auto content = files_.read_whole(path_);
  if (!content) return std::move(content).error();
  const auto damaged = [&] {
    return fatal(path_ +
                 " is damaged: put back what was there; without it the sink starts anew, and rows that it had "
                 "come again");
  };
  const auto line = checked(*content, kState);
  if (!line || !line->ends_with('\n')) return damaged();
  const auto parts = tab_separated(line->substr(0, line->size() - 1));
  if (parts.size() != 3 || !whole(parts[1])) return damaged();
  return LocalState{unescaped(parts[0]), *whole(parts[1]), unescaped(parts[2])};
}

Done LocalStateFile::save(const LocalState& state) const {
  std::string content(kState);
  append_escaped(content, state.id);
  content += '\t' + std::to_string(state.number) + '\t';
  append_escaped(content, state.table);
  LEVADA_TRY(files_.make_folder(folder_));
  return files_.replace(path_, with_checksum(content + '\n'));
}

std::string PositionFiles::path_of(int64_t number) const {
  char digits[24];
  std::snprintf(digits, sizeof digits, "/%012lld", static_cast<long long>(number));
  return folder_ + digits;
}

Result<bool> PositionFiles::put(int64_t number, const std::vector<Position>& positions) {
  std::string content(kPositions);
  for (const auto& position : positions) {
    append_position(content, position);
    content += '\n';
  }
  return store_.put_if_absent(path_of(number), with_checksum(std::move(content)));
}

Result<std::vector<Position>> PositionFiles::read(int64_t number) const {
  auto content = lake::read_file(store_, path_of(number));
  if (!content) return std::move(content).error();
  const auto where = store_.name() + "/" + path_of(number);
  if (!*content)
    return fatal(where +
                 ", with the positions of the sink's last commit, is missing: put it back; without it nobody "
                 "knows where to go on");
  auto lines = checked(**content, kPositions);
  if (!lines) return fatal(where + " is damaged: put back what was there");
  std::vector<Position> positions;
  for (auto rest = *lines; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto position = read_position(rest.substr(0, end));
    if (!position) return fatal(where + " is damaged: put back what was there");
    positions.push_back(*std::move(position));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return positions;
}

Result<std::vector<int64_t>> PositionFiles::numbers() const {
  auto files = store_.list(folder_);
  if (!files) return std::move(files).error();
  std::vector<int64_t> numbers;
  for (const auto& file : *files)
    if (const auto number = whole(file.path.substr(file.path.find_last_of('/') + 1))) numbers.push_back(*number);
  return numbers;
}

Done PositionFiles::remove(int64_t number) { return store_.remove(path_of(number)); }

}  // namespace levada::delta
