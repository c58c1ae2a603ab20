// What can be done with a store of any kind.
#include "lake/stores/file_store.h"

namespace levada::lake {

Result<bool> FileStore::concatenate(const std::vector<StoredFile>&) { return false; }

Done FileStore::finish_all(std::vector<std::unique_ptr<OutputFile>> files) {
  for (const auto& file : files) LEVADA_TRY(file->finish());
  return {};
}

Result<std::optional<std::string>> read_file(FileStore& store, const std::string& path) {
  auto file = store.open(path);
  if (!file) return std::move(file).error();
  if (!*file) return std::optional<std::string>();
  std::string content((*file)->bytes(), '\0');
  size_t used = 0;
  while (used < content.size()) {
    auto got = (*file)->read(content.data() + used, content.size() - used, used);
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    used += *got;
  }
  content.resize(used);
  return std::optional(std::move(content));
}

}  // namespace levada::lake
