// Both are text files of lines with tabs between, and a checksum behind them:
//   levada delta sink 1
//   id, number, table
//
//   levada delta positions 1
//   rows before it, stream, position     for each stream
#include "sink_state.h"

#include <charconv>
#include <cstdio>

#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::delta {
namespace {

constexpr std::string_view kState = "levada delta sink 1";
constexpr std::string_view kPositions = "levada delta positions 1";

std::optional<int64_t> whole(std::string_view text) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  if (text.empty() || std::from_chars(text.data(), end, number).ptr != end) return std::nullopt;
  return number;
}

}  // namespace

Result<LocalState> LocalStateFile::load() const {
  const auto damaged = [&] {
    return fatal(path_ +
                 " is damaged: put back what was there; without it the sink starts anew, and rows that it had "
                 "come again");
  };
  auto content = load_checked(files_, path_, kState);
  if (!content) return content.code() == Code::reject ? damaged() : std::move(content).error();
  if (!*content) return LocalState();
  std::string_view rest = **content;
  const auto line = take_line(rest);
  if (!line || !rest.empty()) return damaged();
  const auto parts = tab_separated(*line);
  if (parts.size() != 3 || !whole(parts[1])) return damaged();
  return LocalState{unescaped(parts[0]), *whole(parts[1]), unescaped(parts[2])};
}

Done LocalStateFile::save(const LocalState& state) const {
  std::string content;
  append_escaped(content, state.id);
  content += '\t' + std::to_string(state.number) + '\t';
  append_escaped(content, state.table);
  LEVADA_TRY(files_.make_folder(folder_));
  return save_checked(files_, path_, kState, content + '\n');
}

std::string PositionFiles::path_of(int64_t number) const {
  char digits[24];
  std::snprintf(digits, sizeof digits, "/%012lld", static_cast<long long>(number));
  return folder_ + digits;
}

Result<bool> PositionFiles::put(int64_t number, const std::vector<Position>& positions) {
  std::string content;
  for (const auto& position : positions) {
    append_position(content, position);
    content += '\n';
  }
  return store_.put_if_absent(path_of(number), checked_text(kPositions, content));
}

Result<std::vector<Position>> PositionFiles::read(int64_t number) const {
  auto content = lake::read_file(store_, path_of(number));
  if (!content) return std::move(content).error();
  const auto where = store_.name() + "/" + path_of(number);
  if (!*content)
    return fatal(where +
                 ", with the positions of the sink's last commit, is missing: put it back; without it nobody "
                 "knows where to go on");
  std::string_view rest = **content;
  auto lines = take_checked(kPositions, rest);
  if (!lines || !rest.empty()) return fatal(where + " is damaged: put back what was there");
  std::vector<Position> positions;
  while (const auto line = take_line(*lines)) {
    auto position = read_position(*line);
    if (!position) return fatal(where + " is damaged: put back what was there");
    positions.push_back(*std::move(position));
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
