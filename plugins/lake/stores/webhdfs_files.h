// Files of HDFS that are written and read through WebHDFS.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lake/stores/file_store.h"
#include "lake/stores/webhdfs_client.h"

namespace levada::lake {

// What fits a buffer is written in one request, which can be repeated; more goes to the DataNode
// as it comes, and a failure then gives the file up.
class WebHdfsOutput : public OutputFile {
 public:
  // `make_folder` makes the one that the file is to be in. A complete file is its group's, too.
  WebHdfsOutput(std::shared_ptr<WebHdfsClient> client, std::string path, std::function<Done()> make_folder)
      : client_(std::move(client)), path_(std::move(path)), make_folder_(std::move(make_folder)) {}

  Done write(std::string_view bytes) override;
  Done finish() override;

 private:
  Done start_upload();
  Done finish_small();
  Done finish_upload();

  const std::shared_ptr<WebHdfsClient> client_;
  const std::string path_;
  const std::function<Done()> make_folder_;
  std::string buffer_;
  std::unique_ptr<HttpUpload> upload_;
  bool is_given_up_ = false;
};

// Reads the file that was opened, or none: another that has its path now is not mixed in.
class WebHdfsInput : public InputFile {
 public:
  WebHdfsInput(std::shared_ptr<WebHdfsClient> client, std::string path, const HdfsStatus& status);

  uint64_t bytes() const override { return bytes_; }
  Result<size_t> read(void* to, size_t bytes, uint64_t offset) override;

 private:
  const std::shared_ptr<WebHdfsClient> client_;
  const std::string path_;
  const std::string opened_;  // The path by which the NameNode knows the file, whatever its name.
  const uint64_t bytes_;
};

}  // namespace levada::lake
