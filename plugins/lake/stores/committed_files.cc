// A checked text of lines with tabs between:
//   names, id, next number
//   position, rows before it, stream, position       for each stream
//   file, name, and bytes and path of each part      for each file
#include "lake/stores/committed_files.h"

#include <charconv>
#include <optional>

#include "files/sink_names.h"
#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::lake {
namespace {

constexpr std::string_view kPosition = "position\t";
constexpr std::string_view kFile = "file\t";

std::optional<CommittedFile> read_file(std::string_view line) {
  const auto texts = tab_separated(line);
  if (texts.size() < 4 || texts.size() % 2 != 0) return std::nullopt;
  CommittedFile file{unescaped(texts[1]), {}};
  for (size_t at = 2; at < texts.size(); at += 2) {
    FilePart part{unescaped(texts[at + 1]), 0};
    const char* const end = texts[at].data() + texts[at].size();
    if (texts[at].empty() || std::from_chars(texts[at].data(), end, part.bytes).ptr != end) return std::nullopt;
    file.parts.push_back(std::move(part));
  }
  return file;
}

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
      auto file = line->starts_with(kFile) ? read_file(*line) : std::nullopt;
      if (!file) return std::nullopt;
      committed.files.push_back(*std::move(file));
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
  auto content = load_checked(files_, file_, first_line_);
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
    append_escaped(content, file.name);
    for (const auto& part : file.parts) {
      content += '\t' + std::to_string(part.bytes) + '\t';
      append_escaped(content, part.path);
    }
    content += '\n';
  }
  LEVADA_TRY(save_checked(files_, file_, first_line_, content));
  certain_ = true;
  return {};
}

}  // namespace levada::lake
