// A checked file with a line for each: rows, epoch, reader, stream.
#include "agent/cli/acknowledged_missing.h"

#include "agent/base/numbers.h"
#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr std::string_view kFirstLine = "levada acknowledged 1";

}  // namespace

Done AcknowledgedMissing::load() {
  const auto text = load_checked(files_, path_, kFirstLine);
  if (!text) return text.error();
  std::string_view rest = *text ? std::string_view(**text) : std::string_view();
  while (const auto line = take_line(rest)) {
    const auto parts = tab_separated(*line);
    Entry entry{};
    if (parts.size() != 4 || !read_number(parts[0], entry.rows) || !read_number(parts[1], entry.epoch))
      return reject(path_ + " is damaged");
    entries_[{unescaped(parts[2]), unescaped(parts[3])}] = entry;
  }
  return {};
}

int64_t AcknowledgedMissing::rows(const std::string& reader, const std::string& stream, uint64_t epoch) const {
  const auto found = entries_.find({reader, stream});
  return found == entries_.end() || found->second.epoch > epoch ? 0 : found->second.rows;
}

void AcknowledgedMissing::set(const std::string& reader, const std::string& stream, uint64_t epoch, int64_t rows) {
  entries_[{reader, stream}] = {epoch, rows};
}

Done AcknowledgedMissing::save() const {
  std::string text;
  for (const auto& [where, entry] : entries_) {
    text += std::to_string(entry.rows) + '\t' + std::to_string(entry.epoch) + '\t';
    append_escaped(text, where.first);
    text += '\t';
    append_escaped(text, where.second);
    text += '\n';
  }
  return save_checked(files_, path_, kFirstLine, text);
}

}  // namespace levada::agent
