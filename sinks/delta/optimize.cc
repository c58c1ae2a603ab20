#include "optimize.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "committer.h"
#include "data_file.h"
#include "data_reader.h"
#include "file_scan.h"
#include "json_object.h"
#include "protocol_support.h"
#include "table_schema.h"

namespace levada::delta {
namespace {

// All that is held of a file, as there may be a million of them.
struct SmallFile {
  std::string path;
  int64_t bytes;
  std::unique_ptr<DeletionVector> deletion_vector;  // Null: most have none.
  std::optional<DeletionVector> vector() const {
    return deletion_vector ? std::optional(*deletion_vector) : std::nullopt;
  }
};
using Files = std::vector<SmallFile>;

struct Partition {
  Map values;
  Files files;
};

std::string text_of(const Map& partition_values) {
  std::string text;
  JsonObject(text).map("values", partition_values).end();
  return text;
}

// Groups of at least two small files, each of about the target's size.
std::vector<Files> bins_of(Files files, int64_t target_bytes) {
  std::sort(files.begin(), files.end(), [](const SmallFile& a, const SmallFile& b) { return a.bytes < b.bytes; });
  std::vector<Files> bins;
  Files bin;
  int64_t bytes = 0;
  const auto close = [&] {
    if (bin.size() > 1) bins.push_back(std::move(bin));
    bin.clear();
    bytes = 0;
  };
  for (auto& file : files) {
    if (bytes + file.bytes > target_bytes) close();
    bytes += file.bytes;
    bin.push_back(std::move(file));
  }
  close();
  return bins;
}

class Optimizer {
 public:
  Optimizer(TableLog& log, const OptimizeSettings& settings, Host host)
      : log_(log), settings_(settings), host_(host), committer_(log, host) {}

  Result<Optimized> run() {
    auto snapshot = log_.load();
    if (!snapshot) return std::move(snapshot).error();
    if (!snapshot->exists()) return fatal("there is no table at " + log_.store().name());
    LEVADA_TRY(check_writable(*snapshot));
    snapshot_ = *std::move(snapshot);
    planned_ = snapshot_.metadata;
    std::map<std::string, Partition> partitions;
    LEVADA_TRY(scan_files(log_, snapshot_, {.live = [&](AddFile& file) -> Done {
                            if (file.bytes >= settings_.target_bytes / 2) return {};
                            auto& partition = partitions[text_of(file.partition_values)];
                            std::unique_ptr<DeletionVector> vector;
                            if (file.deletion_vector) vector = std::make_unique<DeletionVector>(*file.deletion_vector);
                            partition.files.push_back({std::move(file.path), file.bytes, std::move(vector)});
                            if (partition.files.size() == 1) partition.values = std::move(file.partition_values);
                            return {};
                          }}));
    for (auto& [key, partition] : partitions)
      for (const auto& bin : bins_of(std::move(partition.files), settings_.target_bytes))
        LEVADA_TRY(settings_.dry_run ? plan(bin) : rewrite(bin, partition.values));
    return done_;
  }

 private:
  Done plan(const Files& bin) {
    ++done_.commits;
    ++done_.files_after;
    done_.files_before += static_cast<int64_t>(bin.size());
    for (const auto& file : bin) done_.bytes_before += file.bytes;
    return {};
  }

  Result<std::vector<lake::WrittenFile>> write(const Files& bin, const Snapshot& snapshot) {
    auto table = TableSchema::parse(snapshot.metadata.schema);
    if (!table) return std::move(table).error();
    auto all = table->lake();
    if (!all) return std::move(all).error();
    const auto& partitions = snapshot.metadata.partition_columns;
    std::vector<lake::Field> fields;
    for (const auto& field : all->fields())
      if (std::find(partitions.begin(), partitions.end(), field.name) == partitions.end()) fields.push_back(field);
    const lake::LakeSchema schema(std::move(fields));
    const auto path = decode_path(bin[0].path);
    const auto folder = plain_folder(path.substr(0, path.find_last_of('/') + 1));
    lake::WriterSettings settings;
    settings.compression = settings_.compression;
    settings.roll_bytes = 0;
    auto writer = lake::PartitionedWriter::create(schema, settings, log_.store(), host_, [&](const std::string&) {
      return folder + "part-00000-" + new_uuid(host_) + ".c000.zstd.parquet";
    });
    if (!writer) return std::move(writer).error();
    Result<std::vector<lake::WrittenFile>> files = std::vector<lake::WrittenFile>();
    const auto copied = copy(bin, schema, **writer);
    if (copied) files = (*writer)->finish();
    else files = copied.error();
    if (!files)
      for (const auto& left : (*writer)->abandon()) (void)log_.store().remove(left);
    return files;
  }

  Done copy(const Files& bin, const lake::LakeSchema& schema, lake::PartitionedWriter& writer) {
    for (const auto& file : bin) {
      auto reader = DataReader::open(log_.store(), {.path = file.path, .deletion_vector = file.vector()}, schema);
      if (!reader) return std::move(reader).error();
      for (;;) {
        auto batch = (*reader)->next();
        if (!batch) return std::move(batch).error();
        if (!*batch) break;
        if (settings_.stop && *settings_.stop) return retry("it was stopped");
        LEVADA_TRY(writer.write(**batch));
        if (!(*batch)->rejections().empty())
          return fatal(file.path + " has a row that its table cannot have: " + (*batch)->rejections()[0].reason);
      }
    }
    return {};
  }

  // Keeps in mind what another writer has removed: it may be in a group that is still to come.
  void note(const Rival& rival) {
    removed_by_others_.insert(rival.removed.begin(), rival.removed.end());
    other_protocol_ = other_protocol_ || rival.protocol;
  }

  Done check(const Files& bin, const Metadata& metadata) const {
    if (metadata != planned_ || other_protocol_) return reject("the table has changed");
    for (const auto& file : bin)
      if (removed_by_others_.contains(key_of(file.path, file.vector()))) return reject(file.path + " was removed");
    return {};
  }

  Done update() {
    return log_.update(snapshot_, [&](const ForeignCommit& commit) -> Done {
      auto rival = rival_of(commit);
      if (!rival) return std::move(rival).error();
      note(*rival);
      return {};
    });
  }

  Done rewrite(const Files& bin, const Map& partition_values) {
    LEVADA_TRY(update());
    if (!check(bin, snapshot_.metadata)) {
      ++done_.conflicts;
      return {};
    }
    auto files = write(bin, snapshot_);
    if (!files) return std::move(files).error();
    const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(host_.now()).count();
    Change change{.operation = "OPTIMIZE"};
    Optimized step;
    for (const auto& file : bin) {
      change.removes.push_back(
          {file.path, now_ms, false, true, partition_values, file.bytes, std::nullopt, file.vector()});
      ++step.files_before;
      step.bytes_before += file.bytes;
    }
    for (const auto& file : *files) {
      auto add = add_of(file, {}, now_ms);
      add.partition_values = partition_values;
      add.data_change = false;
      step.bytes_after += file.bytes;
      ++step.files_after;
      change.adds.push_back(std::move(add));
    }
    JsonObject(change.parameters = "")
        .text("predicate", "[]")
        .text("targetSize", std::to_string(settings_.target_bytes))
        .end();
    JsonObject(change.metrics)
        .text("numRemovedFiles", std::to_string(step.files_before))
        .text("numAddedFiles", std::to_string(step.files_after))
        .end();
    const auto done = committer_.commit(snapshot_, change, [&](const Rival& rival) -> Done {
      note(rival);
      return check(bin, rival.metadata.value_or(planned_));
    });
    if (!done && !committer_.outcome_unknown())
      for (const auto& file : *files) (void)log_.store().remove(file.path);
    if (!done && done.code() == Code::reject) {
      ++done_.conflicts;
      return update();
    }
    if (!done) return done.error();
    done_.files_before += step.files_before;
    done_.files_after += step.files_after;
    done_.bytes_before += step.bytes_before;
    done_.bytes_after += step.bytes_after;
    ++done_.commits;
    return {};
  }

  TableLog& log_;
  const OptimizeSettings& settings_;
  const Host host_;
  Committer committer_;
  Snapshot snapshot_;
  Metadata planned_;  // Of the table when its files were grouped.
  std::set<std::string> removed_by_others_;
  bool other_protocol_ = false;
  Optimized done_;
};

}  // namespace

Result<Optimized> optimize(TableLog& log, const OptimizeSettings& settings, Host host) {
  return Optimizer(log, settings, host).run();
}

}  // namespace levada::delta
