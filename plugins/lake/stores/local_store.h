// A store in a folder of the machine, over the host's file service.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lake/stores/file_store.h"
#include "levada/host.h"

namespace levada::lake {

class LocalStore : public FileStore {
 public:
  // The folder is made when the first file is. `group`: whose members may read files and folders
  // too, or empty: the agent's user alone.
  LocalStore(std::string root, Host host, std::string group = {});

  Result<std::unique_ptr<OutputFile>> create(const std::string& path) override;
  Done finish_all(std::vector<std::unique_ptr<OutputFile>> files) override;
  Result<std::unique_ptr<InputFile>> open(const std::string& path) override;
  Result<bool> put_if_absent(const std::string& path, std::string_view bytes) override;
  Done replace(const std::string& path, std::string_view bytes) override;
  Result<bool> rename(const std::string& from, const std::string& to) override;
  Done remove(const std::string& path) override;
  Result<std::vector<StoredFile>> list(const std::string& folder, const std::string& after = {}) override;
  Result<std::vector<StoredFile>> list_all(const std::string& folder) override;
  const std::string& name() const override { return root_; }

 private:
  std::string place(const std::string& path) const;
  Done make_folder(const std::string& folder);
  Result<File> open_empty(const std::string& place);
  // A file with these bytes, synced, in the folder of the place, under a name that nobody can
  // guess.
  Result<std::string> write_aside(const std::string& place, std::string_view bytes);
  Done write_synced(const std::string& place, std::string_view bytes);
  // Nothing where the folder is not there.
  Result<std::vector<Files::Entry>> entries(const std::string& folder) const;
  Done add(const std::string& path, std::vector<StoredFile>& to) const;

  const std::string root_;
  const Host host_;
  const Files files_;
  const std::string group_;
};

}  // namespace levada::lake
