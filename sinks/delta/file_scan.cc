#include "file_scan.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <unordered_set>

#include "action_json.h"
#include "checkpoint_reader.h"

namespace levada::delta {
namespace {

struct Hash {
  uint64_t low, high;
  bool operator==(const Hash&) const = default;
};
struct HashOfHash {
  size_t operator()(const Hash& hash) const { return static_cast<size_t>(hash.low); }
};

// Which files a newer action has spoken of already.
class SeenFiles {
 public:
  // Whether nothing newer spoke of it. `keep`: something older may speak of it, too.
  bool is_new(const std::string& key, bool keep) {
    const auto hash = XXH3_128bits(key.data(), key.size());
    const Hash held{hash.low64, hash.high64};
    return keep ? seen_.insert(held).second : !seen_.contains(held);
  }

 private:
  std::unordered_set<Hash, HashOfHash> seen_;
};

}  // namespace

Done scan_files(TableLog& log, const Snapshot& snapshot, const FileVisitor& visitor) {
  SeenFiles seen;
  bool in_commits = true;  // A checkpoint speaks of each file once.
  const auto visit = [&](Action& action) -> Done {
    if (auto* add = std::get_if<AddFile>(&action)) {
      if (seen.is_new(key_of(add->path, add->deletion_vector), in_commits) && visitor.live) return visitor.live(*add);
    } else if (auto* remove = std::get_if<RemoveFile>(&action)) {
      if (seen.is_new(key_of(remove->path, remove->deletion_vector), in_commits) && visitor.removed)
        return visitor.removed(*remove);
    }
    return {};
  };
  for (auto version = snapshot.version; version > snapshot.checkpoint.version; --version) {
    auto content = log.commit(version);
    if (!content) return std::move(content).error();
    if (!*content) return retry("version " + std::to_string(version) + " of " + log.store().name() + " is gone");
    LEVADA_TRY(read_actions(**content, commit_path(version), kFiles, visit));
  }
  if (snapshot.checkpoint.version < 0) return {};
  in_commits = false;
  return read_checkpoint(log.store(), snapshot.checkpoint, kFiles, visit);
}

}  // namespace levada::delta
