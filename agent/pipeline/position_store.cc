// A line for each stream: rows before the position, stream, position, with a tab between. The last line counts the lines
// before it, so that a file that was cut short is noticed.
#include "agent/pipeline/position_store.h"

#include <charconv>

namespace levada::agent {
namespace {

constexpr std::string_view kHeader = "levada positions 1\n";

// Tabs, line ends and percent signs as %09.
void append_escaped(std::string& to, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '%') {
      to += c;
      continue;
    }
    to += '%';
    to += kHex[(c >> 4) & 15];
    to += kHex[c & 15];
  }
}

std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    unsigned code = 0;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(text.data() + at + 1, text.data() + at + 3, code, 16).ptr == text.data() + at + 3) {
      plain += static_cast<char>(code);
      at += 2;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

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
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    uint64_t number = 0;
    const auto digits = line.substr(0, first);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ptr != digits.data() + digits.size()) return damaged();
    if (first == std::string_view::npos) {
      if (number != positions.size() || !rest.empty()) return damaged();
      return positions;
    }
    if (second == std::string_view::npos) return damaged();
    positions.push_back({unescaped(line.substr(first + 1, second - first - 1)), unescaped(line.substr(second + 1)), number});
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
