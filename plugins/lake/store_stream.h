// A file of a store as Arrow writes to it. For files that include Arrow anyway.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>
#include <string>

#include "lake/stores/file_store.h"

namespace levada::lake {

// The file is made when there is a block to be written, so that one that is open and has little in
// it costs the store nothing.
class StoreStream : public arrow::io::OutputStream {
 public:
  StoreStream(FileStore& store, std::string path) : store_(store), path_(std::move(path)) {}

  // What is held in memory goes to the store.
  Done flush_block();
  // All is written: the file, with nothing left in memory, to be finished.
  Result<std::unique_ptr<OutputFile>> take_file();
  // What is written from now on is lost, and fails.
  void give_up() { given_up_ = true; }
  // Why a write failed.
  const Done& outcome() const { return outcome_; }
  const std::string& path() const { return path_; }
  int64_t position() const { return position_; }

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t bytes) override;
  // A store knows no flush; Parquet calls it behind every row group.
  arrow::Status Flush() override { return arrow::Status::OK(); }
  arrow::Status Close() override { return arrow::Status::OK(); }
  arrow::Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return given_up_; }

 private:
  Done put(std::string_view bytes);

  FileStore& store_;
  const std::string path_;
  std::unique_ptr<OutputFile> file_;
  std::string block_;
  int64_t position_ = 0;
  Done outcome_;
  bool given_up_ = false;
};

}  // namespace levada::lake
