// A store in a folder of the machine, over the host's file service.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lake/file_store.h"
#include "levada/host.h"

namespace levada::lake {

class LocalStore : public FileStore {
 public:
  // The folder is made when the first file is.
  LocalStore(std::string root, Host host);

  Result<std::unique_ptr<OutputFile>> create(const std::string& path) override;
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
  // Makes the folder that the file is in.
  Done make_folder_of(const std::string& place);
  // A file with these bytes, synced, under a name that nobody can guess, in the folder of the place.
  Result<std::string> write_aside(const std::string& place, std::string_view bytes);

  const std::string root_;
  const Host host_;
  const Files files_;
};

}  // namespace levada::lake
