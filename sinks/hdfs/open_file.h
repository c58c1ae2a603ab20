// A file that rows are being written to. Each commit ends a part of it, which is durable then; the
// parts are put together when it is complete.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "file_encoder.h"
#include "lake/stores/committed_files.h"
#include "lake/stores/file_store.h"

namespace levada::hdfs_sink {

class OpenFile {
 public:
  // Gives a new part's path in the store.
  using NamePart = std::function<std::string()>;

  // `name`: the path that it is to have in the store, which outlives it.
  OpenFile(std::string name, std::unique_ptr<FileEncoder> encoder, lake::FileStore& store, NamePart name_part,
           std::chrono::nanoseconds now)
      : name_(std::move(name)),
        encoder_(std::move(encoder)),
        store_(&store),
        name_part_(std::move(name_part)),
        opened_(now),
        used_(now) {}

  // Adds some of the rows, at least one; says how many. After a call that failed, roll_back is
  // next.
  Result<size_t> append(RowSource& source, std::span<const int64_t> rows);
  // Makes all rows durable.
  Done finish_part();
  // What is in the finished parts is committed now.
  void set_committed();
  // Forgets what is not committed; false where nothing is.
  bool roll_back();

  const std::string& name() const { return name_; }
  lake::CommittedFile entry() const { return {name_, parts_}; }
  // Has rows that are in no finished part.
  bool waits() const { return part_ || encoder_->waiting() > 0; }
  size_t parts() const { return parts_.size(); }
  bool dirty() const { return rows_ != committed_rows_; }
  int64_t rows() const { return rows_; }
  uint64_t bytes() const { return finished_bytes_ + part_bytes_ + encoder_->waiting(); }
  // Of parts that are finished and not committed.
  uint64_t uncommitted_bytes() const { return finished_bytes_ - committed_bytes_; }
  std::chrono::nanoseconds opened() const { return opened_; }
  std::chrono::nanoseconds used() const { return used_; }
  void set_used(std::chrono::nanoseconds now) { used_ = now; }

 private:
  Done write_block();

  std::string name_;
  std::unique_ptr<FileEncoder> encoder_;
  lake::FileStore* store_;
  NamePart name_part_;
  std::unique_ptr<lake::OutputFile> part_;  // Of the rows since the last one.
  std::string part_path_;
  uint64_t part_bytes_ = 0;
  std::vector<lake::FilePart> parts_;  // That are finished.
  size_t committed_parts_ = 0;
  uint64_t finished_bytes_ = 0, committed_bytes_ = 0;
  int64_t rows_ = 0, committed_rows_ = 0;
  std::chrono::nanoseconds opened_, used_;
};

}  // namespace levada::hdfs_sink
