// A checked text of lines with tabs between:
//   names, id, next number
//   position, rows before it, stream, position       for each stream
//   file, path in use, name                          for each file
#include "manifest.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "files/sink_names.h"
#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::parquet_sink {
namespace {

constexpr std::string_view kFirstLine = "levada parquet sink 1";
constexpr std::string_view kPosition = "position\t";
constexpr std::string_view kFile = "file\t";

std::optional<Committed> read(std::string_view content) {
  Committed committed;
  while (const auto line = take_line(content)) {
    if (line->starts_with(files::kNamesLine)) {
      if (!files::read_names(line->substr(files::kNamesLine.size()), committed.id, committed.next_number))
        return std::nullopt;
    } else if (line->starts_with(kPosition)) {
      auto position = read_position(line->substr(kPosition.size()));
      if (!position) return std::nullopt;
      committed.positions.push_back(*std::move(position));
    } else {
      const auto parts = tab_separated(*line);
      if (!line->starts_with(kFile) || parts.size() != 3) return std::nullopt;
      committed.files.push_back({unescaped(parts[1]), unescaped(parts[2])});
    }
  }
  return committed;
}

}  // namespace

Result<Committed> Manifest::load() const {
  const auto damaged = [&] {
    return fatal(file_ +
                 " is damaged, or was written by another version: put back what was there, or move it away; without it "
                 "the sink starts anew, and rows that it had come again");
  };
  auto content = load_checked(files_, file_, kFirstLine);
  if (!content) return content.code() == Code::reject ? damaged() : std::move(content).error();
  if (!*content) return Committed();
  auto committed = read(**content);
  if (!committed) return damaged();
  return *std::move(committed);
}

Done Manifest::replace(const Committed& committed) {
  certain_ = false;
  if (!made_folder_) {
    LEVADA_TRY(files_.make_folder(folder_));
    made_folder_ = true;
  }
  std::string content;
  files::append_names(content, committed.id, committed.next_number);
  for (const auto& position : committed.positions) {
    content += kPosition;
    append_position(content, position);
    content += '\n';
  }
  for (const auto& file : committed.files) {
    content += kFile;
    append_escaped(content, file.in_use);
    content += '\t';
    append_escaped(content, file.name);
    content += '\n';
  }
  LEVADA_TRY(save_checked(files_, file_, kFirstLine, content));
  certain_ = true;
  return {};
}

}  // namespace levada::parquet_sink
