// Files in S3 that are written and read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lake/stores/file_store.h"
#include "lake/stores/s3_client.h"

namespace levada::lake {

// One object as HEAD tells of it.
struct S3Object {
  uint64_t bytes = 0;
  std::string etag;
  std::string write_id;  // Of the write that made it; empty: it was not ours.
};
Result<std::optional<S3Object>> find_object(S3Client& client, const std::string& key);

// The header that marks what is written with a number of its own, so that a write whose answer was
// lost knows its object again.
inline constexpr char kWriteId[] = "x-amz-meta-levada-write";
std::string new_write_id(const Host& host);

// A small file is one object from one request; one that does not fit a part is uploaded in parts,
// and is seen when the last request is through.
class S3Output : public OutputFile {
 public:
  S3Output(std::shared_ptr<S3Client> client, std::string key);
  // Parts of a file that is given up are removed.
  ~S3Output() override;

  Done write(std::string_view bytes) override;
  Done finish() override;

 private:
  Done start();
  Done send_part();
  Done complete();
  size_t part_bytes() const;

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  const std::string write_id_;
  std::string upload_id_;
  std::string buffer_;
  std::vector<std::string> etags_;  // Of the parts.
};

class S3Input : public InputFile {
 public:
  S3Input(std::shared_ptr<S3Client> client, std::string key, S3Object object)
      : client_(std::move(client)), key_(std::move(key)), object_(std::move(object)) {}

  uint64_t bytes() const override { return object_.bytes; }
  Result<size_t> read(void* to, size_t bytes, uint64_t offset) override;

 private:
  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  const S3Object object_;
};

}  // namespace levada::lake
