#include "vacuum.h"

#include <algorithm>
#include <unordered_set>

#include "data_file.h"
#include "file_scan.h"
#include "properties.h"
#include "protocol_support.h"

namespace levada::delta {
namespace {

// Whether a part of the path says that it is no data: "_delta_log", ".tmp"; "_day=1" is a
// partition.
bool is_hidden(std::string_view path, const std::vector<std::string>& partitions) {
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto part = path.substr(0, end);
    const auto column = part.substr(0, part.find('='));
    const bool is_partition = std::find(partitions.begin(), partitions.end(), column) != partitions.end();
    if ((part.starts_with('_') || part.starts_with('.')) && !is_partition) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

}  // namespace

Result<Vacuumed> vacuum(TableLog& log, const VacuumSettings& settings, Host host,
                        const std::function<void(const std::string& path)>& found) {
  // The files first: what is added after the look is not among them, and what is among them and is
  // added meanwhile is young.
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(host.now()).count();
  auto files = log.store().list_all("");
  if (!files) return std::move(files).error();
  auto snapshot = log.load();
  if (!snapshot) return std::move(snapshot).error();
  if (!snapshot->exists()) return fatal("there is no table at " + log.store().name());
  LEVADA_TRY(check_writable(*snapshot));
  const auto retention = settings.retention.value_or(Properties(snapshot->metadata).file_retention());
  const auto expired_ms = now_ms - retention.count();

  std::unordered_set<std::string> candidates;
  for (const auto& file : *files)
    if (file.modified_ms < expired_ms && !is_hidden(file.path, snapshot->metadata.partition_columns))
      candidates.insert(file.path);
  LEVADA_TRY(scan_files(log, *snapshot,
                        {.live = [&](AddFile& add) -> Done {
                           if (add.deletion_vector)
                             return fatal("the table has files with deletion vectors, which levada does not vacuum");
                           candidates.erase(decode_path(add.path));
                           return {};
                         },
                         .removed = [&](RemoveFile& remove) -> Done {
                           if (remove.deleted_ms.value_or(0) >= expired_ms) candidates.erase(decode_path(remove.path));
                           return {};
                         }}));
  Vacuumed vacuumed;
  for (const auto& file : *files) {
    if (!candidates.contains(file.path)) continue;
    if (found) found(file.path);
    if (!settings.dry_run) LEVADA_TRY(log.store().remove(file.path));
    ++vacuumed.files;
    vacuumed.bytes += static_cast<int64_t>(file.bytes);
  }
  return vacuumed;
}

}  // namespace levada::delta
