// Reads the table of dynamic symbols of an ELF file; nothing in the file is trusted.
#include "levada/testkit/exported_symbols.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace levada::testkit {

namespace {

class Elf {
 public:
  explicit Elf(std::string bytes) : bytes_(std::move(bytes)) {}

  // Whether so many structs stand at the offset.
  template <class T>
  bool has(uint64_t offset, uint64_t count = 1) const {
    return offset <= bytes_.size() && count <= (bytes_.size() - offset) / sizeof(T);
  }
  template <class T>
  T at(uint64_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::string name(const Elf64_Shdr& names, uint64_t offset) const {
    if (!has<char>(names.sh_offset, names.sh_size) || offset >= names.sh_size) return "";
    const char* begin = bytes_.data() + names.sh_offset + offset;
    return {begin, strnlen(begin, names.sh_size - offset)};
  }

 private:
  std::string bytes_;
};

bool is_exported(const Elf64_Sym& symbol) {
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL && visibility != STV_HIDDEN &&
         visibility != STV_INTERNAL;
}

}  // namespace

Result<std::vector<std::string>> exported_symbols(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fatal("cannot read " + path);
  const Elf elf(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!elf.has<Elf64_Ehdr>(0)) return fatal(path + " is no ELF file");
  const auto header = elf.at<Elf64_Ehdr>(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
    return fatal(path + " is no 64-bit ELF file");
  if (header.e_shentsize != sizeof(Elf64_Shdr) || !elf.has<Elf64_Shdr>(header.e_shoff, header.e_shnum))
    return fatal(path + " is cut off");
  const auto section = [&](uint64_t number) {
    return elf.at<Elf64_Shdr>(header.e_shoff + number * sizeof(Elf64_Shdr));
  };
  std::vector<std::string> names;
  for (uint64_t number = 0; number < header.e_shnum; ++number) {
    const auto table = section(number);
    if (table.sh_type != SHT_DYNSYM) continue;
    const auto count = table.sh_size / sizeof(Elf64_Sym);
    if (table.sh_link >= header.e_shnum || !elf.has<Elf64_Sym>(table.sh_offset, count))
      return fatal(path + " is cut off");
    for (uint64_t at = 0; at < count; ++at) {
      const auto symbol = elf.at<Elf64_Sym>(table.sh_offset + at * sizeof(Elf64_Sym));
      if (is_exported(symbol)) names.push_back(elf.name(section(table.sh_link), symbol.st_name));
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  return fatal(path + " has no table of dynamic symbols");
}

}  // namespace levada::testkit
