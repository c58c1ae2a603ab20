// The segment that records are appended to.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "agent/channels/file/cipher.h"
#include "agent/channels/file/format.h"
#include "levada/host.h"

namespace levada::agent {

class SegmentWriter {
 public:
  // Makes the file, with its header and the text of the sources' positions; one of its name is
  // replaced. A file under a segment's name has a whole header.
  static Result<std::unique_ptr<SegmentWriter>> create(const Files& files, const std::string& folder,
                                                       SegmentHeader header, const std::string& positions,
                                                       const Cipher* cipher, bool sync);

  // Behind the last record. After a failure it is cut back to where it was.
  Done write(std::span<levada_bytes> parts);
  // Takes back what stands behind `bytes`.
  void cut(uint64_t bytes);
  Done sync() { return file_.sync(); }
  // False: cutting back failed, and nothing more can be written to it.
  bool usable() const { return usable_; }
  uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }
  const SegmentHeader& header() const { return header_; }

 private:
  SegmentWriter(File file, std::string path, SegmentHeader header)
      : file_(std::move(file)), path_(std::move(path)), header_(header), bytes_(header.bytes()) {}

  File file_;
  const std::string path_;
  const SegmentHeader header_;
  uint64_t bytes_;
  bool usable_ = true;
};

}  // namespace levada::agent
