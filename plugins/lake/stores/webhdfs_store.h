// Files in HDFS, through WebHDFS of the NameNode (or of a gateway that speaks it).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lake/stores/file_store.h"
#include "lake/stores/webhdfs_client.h"

namespace levada::lake {

// A file that must be there as a whole is written under a name of its own, ".NAME.HEX.tmp" in the
// same folder, and renamed: the NameNode does that in one step, and lets one of several win.
class WebHdfsStore : public FileStore {
 public:
  // Looks at the settings only; the first call connects.
  static Result<std::unique_ptr<FileStore>> make(Host host, WebHdfsSettings settings);
  WebHdfsStore(Host host, WebHdfsSettings settings);

  Result<std::unique_ptr<OutputFile>> create(const std::string& path) override;
  Result<std::unique_ptr<InputFile>> open(const std::string& path) override;
  Result<bool> put_if_absent(const std::string& path, std::string_view bytes) override;
  Done replace(const std::string& path, std::string_view bytes) override;
  Result<bool> rename(const std::string& from, const std::string& to) override;
  Result<bool> concatenate(const std::vector<StoredFile>& files) override;
  Done remove(const std::string& path) override;
  Result<std::vector<StoredFile>> list(const std::string& folder, const std::string& after) override;
  Result<std::vector<StoredFile>> list_all(const std::string& folder) override;
  const std::string& name() const override { return name_; }

 private:
  std::string absolute(const std::string& path) const;
  // Makes a folder and those above it that are not there, each for its user and group alone.
  Done make_folder(const std::string& absolute_path);
  // Writes the bytes beside `path`; gives the path that they are under.
  Result<std::string> write_aside(const std::string& path, std::string_view bytes);
  Done walk(const std::string& folder, std::vector<StoredFile>& files);

  const std::shared_ptr<WebHdfsClient> client_;
  std::string name_;
  std::set<std::string> folders_;  // That are known to be there.
};

}  // namespace levada::lake
