// Files in a bucket of S3, or of a server that speaks its protocol. There are no folders: a file
// whose path has "/" in it is all that there is of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lake/stores/file_store.h"
#include "lake/stores/s3_client.h"

namespace levada::lake {

class S3Store : public FileStore {
 public:
  // Looks at the settings only; the first call connects.
  static Result<std::unique_ptr<FileStore>> make(Host host, S3Settings settings);
  S3Store(Host host, S3Settings settings);

  Result<std::unique_ptr<OutputFile>> create(const std::string& path) override;
  Result<std::unique_ptr<InputFile>> open(const std::string& path) override;
  // By `If-None-Match: *`, which the server must know: AWS, MinIO, Ceph and others do.
  Result<bool> put_if_absent(const std::string& path, std::string_view bytes) override;
  Done replace(const std::string& path, std::string_view bytes) override;
  Result<bool> rename(const std::string& from, const std::string& to) override;
  Done remove(const std::string& path) override;
  Result<std::vector<StoredFile>> list(const std::string& folder, const std::string& after) override;
  Result<std::vector<StoredFile>> list_all(const std::string& folder) override;
  const std::string& name() const override { return name_; }

 private:
  std::string key(const std::string& path) const;
  Result<std::vector<StoredFile>> list_keys(const std::string& folder, bool is_deep, const std::string& after);

  const std::shared_ptr<S3Client> client_;
  const std::string name_;
};

}  // namespace levada::lake
