#include "agent/plugin_host/plugin_image.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/plugin_host/writers.h"

namespace levada::agent {
namespace {

Error system_error(const std::string& path, const char* what) {
  return fatal(path + ": " + what + ": " + std::strerror(errno));
}

// Closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  int take() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// What the loader would map stands in the file: it does not look, and a file that
// was cut off ends the process.
Done check_elf(std::string_view bytes) {
  ElfW(Ehdr) header;
  if (bytes.size() < sizeof header)
    return fatal("is no shared library: it has " + std::to_string(bytes.size()) + " bytes");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_DYN)
    return fatal("is no shared library");
  if (header.e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) ||
      header.e_phentsize != sizeof(ElfW(Phdr)))
    return fatal("is a shared library for another kind of machine");
  const auto check_part = [&](uint64_t offset, uint64_t size) -> Done {
    if (offset <= bytes.size() && size <= bytes.size() - offset) return {};
    return fatal("is cut off: it has " + std::to_string(bytes.size()) + " bytes of at least " +
                 std::to_string(offset + size) + "; copy it again");
  };
  LEVADA_TRY(check_part(header.e_phoff, uint64_t{header.e_phnum} * sizeof(ElfW(Phdr))));
  for (size_t at = 0; at < header.e_phnum; ++at) {
    ElfW(Phdr) part;
    std::memcpy(&part, bytes.data() + header.e_phoff + at * sizeof part, sizeof part);
    LEVADA_TRY(check_part(part.p_offset, part.p_filesz));
  }
  return {};
}

// A file in memory that is named like the plugin; -1 where the system has none.
int copy_of(int file, const std::string& path, int64_t size) {
  Descriptor copy(::memfd_create(std::filesystem::path(path).filename().c_str(), MFD_CLOEXEC));
  for (off_t at = 0; copy.number() >= 0 && at < size;)
    if (::sendfile(copy.number(), file, &at, static_cast<size_t>(size - at)) <= 0) return -1;
  return copy.take();
}

}  // namespace

Result<PluginImage> PluginImage::read(const std::string& path) {
  LEVADA_TRY(check_writers(path));
  std::error_code failed;
  LEVADA_TRY(check_writers(std::filesystem::path(path).parent_path().string()));
  LEVADA_TRY(check_writers(std::filesystem::canonical(path, failed).parent_path().string()));
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (file.number() < 0 || ::fstat(file.number(), &info) < 0) return system_error(path, "open");
  if (!S_ISREG(info.st_mode)) return fatal(path + ": is no file");
  LEVADA_TRY(check_writers_of(info, path));
  PluginImage image(path, std::to_string(info.st_dev) + "|" + std::to_string(info.st_ino),
                    std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + "|" +
                        std::to_string(info.st_size));
  image.descriptor_ = copy_of(file.number(), path, info.st_size);
  const int whole = image.descriptor_ >= 0 ? image.descriptor_ : file.number();
  if (::fstat(whole, &info) < 0) return system_error(path, "stat");
  const auto size = static_cast<size_t>(info.st_size);
  void* const mapped = size == 0 ? nullptr : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, whole, 0);
  if (mapped == MAP_FAILED) return system_error(path, "map");
  const std::string_view bytes(static_cast<const char*>(mapped), size);
  auto checked = check_elf(bytes);
  const bool is_bound_to_folder = checked && bytes.find("$ORIGIN") != bytes.npos;
  if (mapped) ::munmap(mapped, size);
  if (!checked) return std::move(checked).error().at(path);
  if (is_bound_to_folder && image.descriptor_ >= 0) ::close(std::exchange(image.descriptor_, -1));
  return image;
}

PluginImage::PluginImage(PluginImage&& other) noexcept { *this = std::move(other); }

PluginImage& PluginImage::operator=(PluginImage&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(inode_, other.inode_);
  std::swap(identity_, other.identity_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

PluginImage::~PluginImage() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string PluginImage::loadable() const {
  if (descriptor_ < 0) return path_;
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
}

}  // namespace levada::agent
