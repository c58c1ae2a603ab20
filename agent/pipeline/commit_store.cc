// A line for each stream: rows before the position, stream, position, with a tab between. The last line counts the
// lines before it, so that a file that was cut short is noticed.
#include "agent/pipeline/position_store.h"

#include <charconv>

#include "agent/base/escape.h"

namespace levada::agent {
namespace {

constexpr std::string_view kHeader = "levada positions 1\n";

}  // namespace

Result<std::vector<Position>> PositionStore::load(const std::string& sink) const {
  std::vector<Position> positions;
  levada_file_info info{};
  const auto found = files_.stat(path(sink), info);
  if (found == -ENOENT) return positions;
  // Without knowing where to go on it would start from the beginning.
  if (found < 0) return file_error("stat", path(sink), found);
  auto content = files_.read_whole(path(sink));
  if (!content) return std::move(content).error();
  const auto damaged = [&] {
    return fatal(path(sink) + " is damaged: it says where " + sink + " goes on; remove it to start from the beginning");
  };
  std::string_view rest = *content;
  if (!rest.starts_with(kHeader)) return damaged();
  rest.remove_prefix(kHeader.size());
  for (;;) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return damaged();
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto parts = tab_separated(line);
    uint64_t number = 0;
    const auto digits = parts[0];
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ptr != digits.data() + digits.size())
      return damaged();
    if (parts.size() == 1) {
      if (number != positions.size() || !rest.empty()) return damaged();
      return positions;
    }
    if (parts.size() != 3) return damaged();
    positions.push_back({unescaped(parts[1]), unescaped(parts[2]), number});
  }
}

Done PositionStore::save(const std::string& sink, const std::vector<Position>& positions) const {
  std::string content(kHeader);
  for (const auto& each : positions) {
    content += std::to_string(each.sequence) + '\t';
    append_escaped(content, each.stream);
    content += '\t';
    append_escaped(content, each.position);
    content += '\n';
  }
  content += std::to_string(positions.size()) + '\n';
  LEVADA_TRY(files_.make_folder(folder_));
  return files_.replace(path(sink), content);
}

}  // namespace levada::agent
