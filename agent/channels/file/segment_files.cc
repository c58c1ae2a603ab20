#include "agent/channels/file/segment_files.h"

namespace levada::agent {

Done SegmentFiles::quarantine(const std::string& path) const {
  const std::string folder = folder_ + "/quarantine";
  LEVADA_TRY(files_.make_folder(folder));
  if (auto linked = files_.link(path, folder + path.substr(path.find_last_of('/'))); !linked)
    return std::move(linked).error();
  return files_.sync_folder(folder);
}

Done SegmentFiles::remove(const Segment& segment) const {
  Done done;
  if (segment.damaged) done = quarantine(segment.path);
  if (done) done = files_.remove(segment.path);
  if (!done && !files_.exists(segment.path)) return {};
  return done;
}

Result<uint64_t> SegmentFiles::free_bytes() const {
  const auto free = files_.table()->free_bytes(files_.table()->context, folder_.c_str());
  if (free < 0) return file_error("free bytes of", folder_, free);
  return static_cast<uint64_t>(free);
}

}  // namespace levada::agent
