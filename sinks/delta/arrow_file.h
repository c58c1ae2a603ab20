// Files of a store as Arrow reads and writes them.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <algorithm>
#include <memory>
#include <string>

#include "lake/stores/file_store.h"

namespace levada::delta {

// The error of a call of Arrow. What a store said stays what it was: to be tried again.
inline Error arrow_error(const arrow::Status& status, const std::string& where) {
  if (status.IsIOError()) return retry(where + ": " + status.message());
  return fatal(where + ": " + status.ToString());
}

class ArrowInput : public arrow::io::RandomAccessFile {
 public:
  explicit ArrowInput(std::unique_ptr<lake::InputFile> file) : file_(std::move(file)) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return static_cast<int64_t>(file_->bytes()); }
  arrow::Result<int64_t> Read(int64_t bytes, void* to) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, bytes, to));
    position_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, bytes));
    position_ += buffer->size();
    return buffer;
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* to) override {
    int64_t done = 0;
    while (done < bytes) {
      auto got = file_->read(static_cast<char*>(to) + done, static_cast<size_t>(bytes - done),
                             static_cast<uint64_t>(position + done));
      if (!got) return arrow::Status::IOError(got.error().message);
      if (*got == 0) break;
      done += static_cast<int64_t>(*got);
    }
    return done;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    const auto left = std::max<int64_t>(0, static_cast<int64_t>(file_->bytes()) - position);
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(std::min(bytes, left)));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, buffer->size(), buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  std::unique_ptr<lake::InputFile> file_;
  int64_t position_ = 0;
  bool closed_ = false;
};

class ArrowOutput : public arrow::io::OutputStream {
 public:
  explicit ArrowOutput(lake::OutputFile& file) : file_(file) {}
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t bytes) override {
    auto done = file_.write({static_cast<const char*>(data), static_cast<size_t>(bytes)});
    if (!done) return arrow::Status::IOError(done.error().message);
    bytes_ += bytes;
    return arrow::Status::OK();
  }
  arrow::Status Flush() override { return arrow::Status::OK(); }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return bytes_; }
  int64_t bytes() const { return bytes_; }

 private:
  lake::OutputFile& file_;
  int64_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace levada::delta
