// The spooler's records as text: a JSON object on one line, for the position of a batch and for the journal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spooled_file.h"

namespace levada::spool {

// Where the rows of a batch end: passes before `pass` are over; in that one, if it has begun, it goes on at `place`.
struct SpoolPosition {
  uint64_t pass = 0;
  std::optional<std::string> file;
  Identity identity;
  Place place;
};

std::string text_of(const SpoolPosition& position);
std::string text_of(const Pass& pass);
// A file that is completed, or the folder.
std::string text_of(std::string_view key, std::string_view name, const FileId& id);

// One line, understood.
struct Record {
  std::optional<Pass> pass;  // Of a SpoolPosition too: `from` is its place, and it has no file if that is empty.
  std::optional<uint64_t> acknowledged;  // The passes before this one.
  std::optional<std::string> completed;  // The file was renamed, moved, deleted or is gone.
  std::optional<std::string> folder;     // The first line: the folder that the journal is about.
  FileId id;                             // Of what was completed, or of the folder.
};

class RecordParser {
 public:
  RecordParser();
  ~RecordParser();
  // Nothing where the line is no record.
  std::optional<Record> parse(std::string_view line);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace levada::spool
