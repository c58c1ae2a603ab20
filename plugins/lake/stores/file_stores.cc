// The scheme of an address tells the kind.
#include "lake/stores/file_stores.h"

#include "lake/stores/local_store.h"
#include "lake/stores/remote_stores.h"

namespace levada::lake {
namespace {

constexpr std::string_view kFile = "file://";

Result<std::unique_ptr<FileStore>> open_local(std::string folder, Host host, const Tree& options) {
  std::string group;
  for (size_t at = 0; at < options.size(); ++at) {
    const auto option = options[at];
    if (option.key() != "group" || option.type() != LEVADA_STRING)
      return wrong("storage." + std::string(option.key()),
                   "is unknown for a local folder, which has only group = \"NAME\"");
    group = option.text();
  }
  return std::unique_ptr<FileStore>(std::make_unique<LocalStore>(std::move(folder), host, std::move(group)));
}

}  // namespace

std::string local_folder(std::string_view address) {
  if (address.starts_with(kFile)) address.remove_prefix(kFile.size());
  else if (address.find("://") != address.npos) return {};
  while (address.size() > 1 && address.ends_with('/')) address.remove_suffix(1);
  return std::string(address);
}

Result<std::unique_ptr<FileStore>> open_file_store(std::string_view address, Host host, const Tree& options) {
  if (address.empty()) return wrong("path", "is empty");
  auto folder = local_folder(address);
  if (folder.empty()) {
    auto parts = parse_address(std::string(address));
    if (!parts) return wrong("path", parts.error().message);
    return open_remote_store(*parts, host, options);
  }
  if (!folder.starts_with('/')) folder = "./" + folder;
  return open_local(std::move(folder), host, options);
}

}  // namespace levada::lake
