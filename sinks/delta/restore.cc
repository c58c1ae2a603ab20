#include "restore.h"

#include <unordered_map>

#include "committer.h"
#include "data_file.h"
#include "deletion_vector.h"
#include "file_scan.h"
#include "json_object.h"
#include "properties.h"
#include "protocol_support.h"

namespace levada::delta {

Result<Restored> restore(TableLog& log, int64_t version, Host host) {
  auto now = log.load();
  if (!now) return std::move(now).error();
  if (!now->exists()) return fatal("there is no table at " + log.store().name());
  auto then = log.load_version(version);
  if (!then) return std::move(then).error();
  LEVADA_TRY(check_writable(*now));
  LEVADA_TRY(check_writable(*then));
  const Properties properties(now->metadata);
  if (properties.append_only()) return fatal("the table is append-only: nothing of it can be taken back");
  if (properties.is_true("delta.enableChangeDataFeed", false))
    return fatal("the table has a change data feed, which levada does not write");

  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(host.now()).count();
  Change change{.operation = "RESTORE"};
  std::unordered_map<std::string, AddFile> wanted;
  LEVADA_TRY(scan_files(log, *then, {.live = [&](AddFile& add) -> Done {
                          wanted.emplace(key_of(add.path, add.deletion_vector), std::move(add));
                          return {};
                        }}));
  LEVADA_TRY(scan_files(log, *now, {.live = [&](AddFile& add) -> Done {
                          if (wanted.erase(key_of(add.path, add.deletion_vector)) == 0)
                            change.removes.push_back(removal_of(add, now_ms, true));
                          return {};
                        }}));
  const auto check_there = [&](const std::string& path) -> Done {
    auto file = log.store().open(path);
    if (!file) return std::move(file).error();
    if (*file) return {};
    return fatal("version " + std::to_string(version) + " cannot be restored: " + path + " is gone, by a vacuum maybe");
  };
  for (auto& [key, add] : wanted) {
    LEVADA_TRY(check_there(decode_path(add.path)));
    if (add.deletion_vector) {
      auto path = path_of(*add.deletion_vector);
      if (!path) return std::move(path).error();
      if (!path->empty()) LEVADA_TRY(check_there(*path));
    }
    add.data_change = true;
    change.adds.push_back(std::move(add));
  }
  if (now->metadata != then->metadata) change.metadata = then->metadata;
  Restored restored;
  restored.files_added = static_cast<int64_t>(change.adds.size());
  restored.files_removed = static_cast<int64_t>(change.removes.size());
  JsonObject(change.parameters = "").text("version", std::to_string(version)).end();
  JsonObject(change.metrics)
      .text("numRestoredFiles", std::to_string(restored.files_added))
      .text("numRemovedFiles", std::to_string(restored.files_removed))
      .end();
  auto committed = Committer(log, host).commit(*now, change, [](const Rival&) -> Done {
    return retry("another writer has changed the table meanwhile: try again");
  });
  if (!committed) return std::move(committed).error();
  restored.version = *committed;
  return restored;
}

}  // namespace levada::delta
