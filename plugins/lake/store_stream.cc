// Small writes are gathered; large ones go through.
#include "lake/store_stream.h"

#include <arrow/status.h>

namespace levada::lake {
namespace {

// There may be as many as there are open files.
constexpr size_t kBlock = 32 * 1024;

}  // namespace

Done StoreStream::flush_block() {
  if (!file_) {
    auto file = store_.create(path_);
    if (!file) return std::move(file).error();
    file_ = *std::move(file);
  }
  if (block_.empty()) return {};
  LEVADA_TRY(file_->write(block_));
  block_ = std::string();
  return {};
}

Done StoreStream::put(std::string_view bytes) {
  if (block_.size() + bytes.size() <= kBlock) {
    block_.append(bytes);
    return {};
  }
  LEVADA_TRY(flush_block());
  if (bytes.size() > kBlock) return file_->write(bytes);
  block_.append(bytes);
  return {};
}

arrow::Status StoreStream::Write(const void* data, int64_t bytes) {
  if (given_up_) return arrow::Status::Cancelled("given up");
  if (outcome_) outcome_ = put({static_cast<const char*>(data), static_cast<size_t>(bytes)});
  if (!outcome_) return arrow::Status::IOError(outcome_.error().message);
  position_ += bytes;
  return arrow::Status::OK();
}

Result<std::unique_ptr<OutputFile>> StoreStream::take_file() {
  LEVADA_TRY(flush_block());
  return std::move(file_);
}

}  // namespace levada::lake
