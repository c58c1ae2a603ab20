#include "vacuum.h"

#include <algorithm>
#include <unordered_set>

#include "data_file.h"
#include "deletion_vector.h"
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

// What a writer that was killed left of a file that it was about to put under its name, in the log
// or beside it: "_delta_log/.00000000000000000012.json.0123456789abcdef.tmp".
bool is_left_aside(std::string_view path) {
  const auto name = path.substr(path.find_last_of('/') + 1);
  return (path.starts_with("_delta_log/") || path.starts_with("_levada/")) && name.starts_with('.') &&
         name.ends_with(".tmp");
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
  const auto& partitions = snapshot->metadata.partition_columns;
  for (const auto& file : *files)
    if (file.modified_ms < expired_ms && (!is_hidden(file.path, partitions) || is_left_aside(file.path)))
      candidates.insert(file.path);
  const auto keep = [&](const std::string& path, const std::optional<DeletionVector>& vector) -> Done {
    candidates.erase(decode_path(path));
    if (!vector || vector->storage == "p") return {};  // That is an address of another place.
    auto place = path_of(*vector);
    if (!place) return std::move(place).error();
    candidates.erase(*place);
    return {};
  };
  LEVADA_TRY(scan_files(log, *snapshot,
                        {.live = [&](AddFile& add) { return keep(add.path, add.deletion_vector); },
                         .removed = [&](RemoveFile& remove) -> Done {
                           if (remove.deleted_ms.value_or(0) < expired_ms) return {};
                           return keep(remove.path, remove.deletion_vector);
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
