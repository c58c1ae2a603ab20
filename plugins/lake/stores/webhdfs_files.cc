// A DataNode closes a file whose upload breaks off, so that a part of it stays: what must be
// there as a whole gets its path by a rename.
#include "lake/stores/webhdfs_files.h"

#include <algorithm>

namespace levada::lake {
namespace {

constexpr size_t kBuffer = 262144;
constexpr char kNoFolder[] = "its folder is removed again and again";

}  // namespace

Done WebHdfsOutput::write(std::string_view bytes) {
  if (is_given_up_) return retry("write " + path_ + ": an earlier write failed, the file is given up");
  Done done;
  if (upload_ && buffer_.empty() && bytes.size() >= kBuffer) {
    done = upload_->write(bytes);
  } else {
    buffer_ += bytes;
    if (buffer_.size() < kBuffer) return {};
    done = upload_ ? upload_->write(buffer_) : start_upload();
    buffer_.clear();
  }
  if (!done) {
    is_given_up_ = true;
    return std::move(done).error().at("write " + path_);
  }
  return done;
}

Done WebHdfsOutput::start_upload() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    LEVADA_TRY(make_folder_());
    auto upload = client_->create_upload(path_, buffer_);
    if (!upload) return std::move(upload).error();
    upload_ = *std::move(upload);
    if (upload_) return {};
  }
  return retry(kNoFolder);
}

Done WebHdfsOutput::finish() {
  if (is_given_up_) return retry("finish " + path_ + ": an earlier write failed, the file is given up");
  if (auto done = upload_ ? finish_upload() : finish_small(); !done)
    return std::move(done).error().at("finish " + path_);
  const auto& group = client_->settings().group;
  return group.empty() ? Done() : client_->set_group(path_, group);
}

Done WebHdfsOutput::finish_small() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    LEVADA_TRY(make_folder_());
    auto created = client_->create(path_, buffer_);
    if (!created) return std::move(created).error();
    if (*created) return {};
  }
  return retry(kNoFolder);
}

// Its bytes are gone from here: what fails cannot be repeated.
Done WebHdfsOutput::finish_upload() {
  is_given_up_ = true;
  if (!buffer_.empty()) LEVADA_TRY(upload_->write(buffer_));
  auto response = upload_->finish();
  if (!response) return std::move(response).error();
  return client_->created(path_, *response);
}

WebHdfsInput::WebHdfsInput(std::shared_ptr<WebHdfsClient> client, std::string path, const HdfsStatus& status)
    : client_(std::move(client)),
      path_(std::move(path)),
      opened_(status.id == 0 ? path_ : "/.reserved/.inodes/" + std::to_string(status.id)),
      bytes_(status.bytes) {}

Result<size_t> WebHdfsInput::read(void* to, size_t bytes, uint64_t offset) {
  if (offset >= bytes_ || bytes == 0) return size_t{0};
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(bytes, bytes_ - offset));
  auto found = client_->read(opened_, offset, static_cast<char*>(to), wanted);
  if (!found) return std::move(found).error().at(path_);
  if (!*found) return retry("read " + path_ + ": the file has been replaced or removed since it was opened");
  return wanted;
}

}  // namespace levada::lake
