#include "agent/channels/file/cursor_file.h"

#include <charconv>

#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr const char* kFileName = "/cursors";
constexpr std::string_view kFirstLine = "levada cursors 2";
constexpr std::string_view kSource = "source\t";

bool read_source(CursorFile& file, std::string_view line) {
  auto position = read_position(line.substr(kSource.size()));
  if (position) file.sources[position->stream] = *position;
  return position.has_value();
}

std::string_view bytes_of(const uint64_t& number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

// Without the key nothing is known of the sources.
bool read_sealed(CursorFile& file, std::string_view key, std::string_view text, uint64_t log_id, const KeyRing& keys) {
  const auto key_id = parse_hex(key);
  const Cipher* cipher = key_id ? keys.find(*key_id) : nullptr;
  std::string lines = unescaped(text);
  const std::string_view with[] = {bytes_of(log_id)};
  if (!cipher) return key_id.has_value();
  if (lines.size() < Cipher::kOverhead || !cipher->open(lines.data(), lines.size(), with)) return false;
  std::string_view rest(lines.data(), lines.size() - Cipher::kOverhead);
  while (const auto line = take_line(rest))
    if (!read_source(file, *line)) return false;
  return true;
}

bool read_line(CursorFile& file, std::string_view line, uint64_t log_id, const KeyRing& keys) {
  if (line.starts_with(kSource)) return read_source(file, line);
  const auto parts = tab_separated(line);
  if (parts.size() == 3 && parts[0] == "sealed") return read_sealed(file, parts[1], parts[2], log_id, keys);
  if (parts.size() < 2) return false;
  if (parts[0] == "log") return parse_hex(parts[1]) == log_id;
  const auto log_offset = LogOffset::parse(parts[1]);
  if (!log_offset || parts.size() < 3) return false;
  if (parts[0] == "reader") {
    file.readers[unescaped(parts[2])] = *log_offset;
    return true;
  }
  if (parts[0] != "durable" || parts.size() != 5) return false;
  const auto end = LogOffset::parse(parts[3]);
  if (!end) return false;
  const char* const last = parts[2].data() + parts[2].size();
  if (std::from_chars(parts[2].data(), last, file.durable_bytes).ptr != last) return false;
  file.segment = *log_offset;
  file.durable_end = *end;
  file.closed = parts[4] == "closed";
  return true;
}

}  // namespace

Result<CursorFile> CursorFile::load(const Files& files, const std::string& folder, uint64_t log_id,
                                    const KeyRing& keys) {
  const auto text = load_checked(files, folder + kFileName, kFirstLine);
  if (text.code() == Code::reject) return CursorFile();
  if (!text) return text.error();
  CursorFile file;
  std::string_view rest = *text ? std::string_view(**text) : std::string_view();
  while (const auto line = take_line(rest))
    if (!read_line(file, *line, log_id, keys)) return CursorFile();
  return file;
}

Result<std::string> CursorFile::text(uint64_t log_id, const Cipher* cipher) const {
  std::string text = "log\t" + hex(log_id) + '\n';
  text += "durable\t" + segment.text() + '\t' + std::to_string(durable_bytes) + '\t' + durable_end.text() + '\t' +
          (closed ? "closed" : "open") + '\n';
  for (const auto& [reader, log_offset] : readers) {
    text += "reader\t" + log_offset.text() + '\t';
    append_escaped(text, reader);
    text += '\n';
  }
  std::string lines;
  for (const auto& [stream, position] : sources) {
    lines += kSource;
    append_position(lines, position);
    lines += '\n';
  }
  if (!cipher) return text + lines;
  std::string sealed(lines.size() + Cipher::kOverhead, '\0');
  const levada_bytes plain{lines.data(), lines.size()};
  const std::string_view with[] = {bytes_of(log_id)};
  LEVADA_TRY(cipher->seal(std::span(&plain, 1), with, sealed.data()));
  text += "sealed\t" + hex(cipher->id()) + '\t';
  append_escaped(text, sealed);
  return text + '\n';
}

Done CursorFile::save(const Files& files, const std::string& folder, std::string_view text) {
  return save_checked(files, folder + kFileName, kFirstLine, text);
}

}  // namespace levada::agent
