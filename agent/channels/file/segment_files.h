// The files of a channel's segments, as the channel removes them and keeps damaged ones.
#pragma once

#include <string>

#include "agent/channels/file/log_recovery.h"
#include "levada/host.h"

namespace levada::agent {

class SegmentFiles {
 public:
  SegmentFiles(const Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  // Gives the segment a second name in `quarantine`, which is left when the channel needs it no more.
  Done quarantine(const std::string& path) const;
  // Removes it, a damaged one but for its name in `quarantine`. OK where it is not there.
  Done remove(const Segment& segment) const;
  // Of the disk that they are on.
  Result<uint64_t> free_bytes() const;

 private:
  const Files files_;
  const std::string folder_;
};

}  // namespace levada::agent
