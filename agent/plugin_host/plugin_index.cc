#include "agent/plugin_host/plugin_index.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstring>

#include "levada/plugin.h"

namespace levada::agent {
namespace {

// levada_add_plugin puts it there.
constexpr char kSection[] = ".levada.components";
constexpr size_t kLargest = 1 << 16;  // Of the parts that are read.

// Reads parts of a file, and only what is there.
class Parts {
 public:
  explicit Parts(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() {
    if (file_ >= 0) ::close(file_);
  }
  bool read(void* to, size_t size, uint64_t offset) const {
    return file_ >= 0 && ::pread(file_, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
  }
  std::optional<std::string> read(const ElfW(Shdr) & section) const {
    if (section.sh_type == SHT_NOBITS || section.sh_size > kLargest) return std::nullopt;
    std::string content(section.sh_size, '\0');
    if (!read(content.data(), content.size(), section.sh_offset)) return std::nullopt;
    return content;
  }

 private:
  const int file_;
};

std::optional<std::string> section_of(const Parts& file) {
  ElfW(Ehdr) header;
  if (!file.read(&header, sizeof header, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header.e_shentsize != sizeof(ElfW(Shdr)) || header.e_shstrndx >= header.e_shnum) return std::nullopt;
  std::vector<ElfW(Shdr)> sections(header.e_shnum);
  if (!file.read(sections.data(), sections.size() * sizeof sections[0], header.e_shoff)) return std::nullopt;
  const auto names = file.read(sections[header.e_shstrndx]);
  if (!names) return std::nullopt;
  for (const auto& section : sections)
    if (section.sh_name < names->size() &&
        names->compare(section.sh_name, sizeof kSection, kSection, sizeof kSection) == 0)
      return file.read(section);
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<IndexedComponent>> read_plugin_index(const std::string& path) {
  const auto section = section_of(Parts(path));
  if (!section || !section->ends_with('\0')) return std::nullopt;
  std::vector<IndexedComponent> components;
  for (size_t at = 0; at < section->size();) {
    const size_t end = section->find('\0', at);
    const auto kind = static_cast<uint32_t>((*section)[at] - 'a');
    if (kind > LEVADA_SINK || end == at + 1) return std::nullopt;
    components.push_back({kind, section->substr(at + 1, end - at - 1)});
    at = end + 1;
  }
  return components;
}

}  // namespace levada::agent
