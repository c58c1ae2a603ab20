// Small files that must not be read when they are damaged: a first line that says what the file is, the content, and a
// line with the CRC32C of all before it. And the lines that such content is made of.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "levada/crc32c.h"
#include "levada/host.h"

namespace levada {

// The CRC32C of the text as 8 hexadecimal digits.
inline std::string checksum(std::string_view text) {
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", crc32c(0, text.data(), text.size()));
  return digits;
}

// Removes the first line from the text, with its end, and gives it; nothing where no line ends.
inline std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// The content, which ends with a line's end or is empty, as it stands in a file.
inline std::string checked_text(std::string_view first_line, std::string_view content) {
  std::string text(first_line);
  text += '\n';
  text += content;
  return text + "end\t" + checksum(text) + '\n';
}

// Removes a checked text from the beginning of `text` and gives its content; nothing where it is another or damaged.
inline std::optional<std::string_view> take_checked(std::string_view first_line, std::string_view& text) {
  constexpr std::string_view kEnd = "\nend\t";
  constexpr size_t kDigits = 8;
  if (!text.starts_with(first_line) || text.substr(first_line.size(), 1) != "\n") return std::nullopt;
  for (auto at = text.find(kEnd, first_line.size()); at != text.npos; at = text.find(kEnd, at + 1)) {
    const auto sum = text.substr(at + kEnd.size(), kDigits + 1);
    if (sum.size() <= kDigits || sum.back() != '\n') continue;
    if (sum.substr(0, kDigits) != checksum(text.substr(0, at + 1))) continue;
    const auto content = text.substr(first_line.size() + 1, at - first_line.size());
    text.remove_prefix(at + kEnd.size() + sum.size());
    return content;
  }
  return std::nullopt;
}

// The content of a checked file; nothing where there is none. Code::reject: it is damaged, or something else.
inline Result<std::optional<std::string>> load_checked(const Files& files, const std::string& path,
                                                       std::string_view first_line) {
  levada_file_info info{};
  const auto found = files.stat(path, info);
  if (found == -ENOENT) return std::optional<std::string>();
  if (found < 0) return file_error("stat", path, found);
  auto text = files.read_whole(path);
  if (!text) return std::move(text).error();
  std::string_view rest = *text;
  const auto content = take_checked(first_line, rest);
  if (!content || !rest.empty()) return reject(path + " is damaged, or was written by another version");
  return std::optional(std::string(*content));
}

// Durable when it returns.
inline Done save_checked(const Files& files, const std::string& path, std::string_view first_line,
                         std::string_view content) {
  return files.replace(path, checked_text(first_line, content));
}

}  // namespace levada
