// The sink's calls: opening the table, writing rows to files, committing them, starting over.
#include "delta.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "checkpoint_writer.h"
#include "commands.h"
#include "data_file.h"
#include "json_object.h"
#include "lake/stores/file_stores.h"
#include "properties.h"
#include "protocol_support.h"

namespace levada::delta {
namespace {

int64_t milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

const char* suffix_of(lake::Compression compression) {
  constexpr const char* kSuffixes[] = {"", ".snappy", ".gz", ".zstd"};
  return kSuffixes[static_cast<size_t>(compression)];
}

Map map_of(const std::vector<std::pair<std::string, std::string>>& table) { return {table.begin(), table.end()}; }

}  // namespace

Result<std::unique_ptr<DeltaSink>> DeltaSink::create(Settings settings, Host host) {
  auto store = lake::open_file_store(settings.path, host, settings.storage);
  if (!store) return std::move(store).error();
  auto columns = lake::LakeSchema::parse(settings.columns);
  if (!columns) return std::move(columns).error();
  if (settings.roll_bytes.bytes < 0) return wrong("roll_bytes", "must not be negative");
  if (settings.max_open_files < 1) return wrong("max_open_files", "must be at least 1");
  if (settings.checkpoint_interval < 0) return wrong("checkpoint_interval", "must not be negative");
  if (settings.optimize_interval.count() < 0) return wrong("optimize_interval", "must not be negative");
  if (settings.vacuum_interval.count() < 0) return wrong("vacuum_interval", "must not be negative");
  if (!columns->fields().empty()) {
    auto table = new_table(*columns, settings.partition_by, {}, "", 0);
    if (!table) {
      auto error = std::move(table).error();
      return error.option.empty() ? wrong("columns", error.message) : std::move(error);
    }
  }
  std::unique_ptr<Upkeep> upkeep;
  if (settings.optimize_interval.count() > 0 || settings.vacuum_interval.count() > 0) {
    auto own = lake::open_file_store(settings.path, host, settings.storage);
    if (!own) return std::move(own).error();
    UpkeepSettings upkeep_settings{settings.optimize_interval, settings.vacuum_interval, {}};
    if (settings.roll_bytes.bytes > 0) upkeep_settings.optimize.target_bytes = settings.roll_bytes.bytes;
    upkeep_settings.optimize.compression = settings.compression;
    upkeep = std::make_unique<Upkeep>(std::move(upkeep_settings), *std::move(own), host);
  }
  settings.storage = Tree();
  return std::unique_ptr<DeltaSink>(
      new DeltaSink(std::move(settings), host, *std::move(store), *std::move(columns), std::move(upkeep)));
}

DeltaSink::DeltaSink(Settings settings, Host host, std::unique_ptr<lake::FileStore> store, lake::LakeSchema columns,
                     std::unique_ptr<Upkeep> upkeep)
    : settings_(std::move(settings)),
      host_(host),
      store_(std::move(store)),
      columns_(std::move(columns)),
      log_(*store_, host_),
      committer_(log_, host_),
      state_file_(host_),
      upkeep_(std::move(upkeep)),
      files_added_(host_.counter("files_added")),
      bytes_added_(host_.counter("bytes_added")),
      checkpoints_written_(host_.counter("checkpoints_written")),
      commits_rebased_(host_.counter("commits_rebased")) {}

Done DeltaSink::open() {
  auto loaded = log_.load();
  if (!loaded) return std::move(loaded).error();
  snapshot_ = *std::move(loaded);
  if (snapshot_->exists()) {
    LEVADA_TRY(check_writable(*snapshot_));
    const auto& partitions = snapshot_->metadata.partition_columns;
    if (!settings_.partition_by.empty() && settings_.partition_by != partitions)
      return fatal("the table " + store_->name() + " has other partitions than partition_by says");
  }
  if (columns_.fields().empty()) return {};
  LEVADA_TRY(prepare_table(columns_));
  return check_columns();
}

Done DeltaSink::check_columns() const {
  auto schema = TableSchema::parse(snapshot_->metadata.schema);
  if (!schema) return std::move(schema).error();
  for (const auto& field : columns_.fields()) {
    const auto* found = schema->find(field.name);
    if (!found)
      return fatal(
          "the table " + store_->name() + " has no column \"" + field.name + "\", which columns names" +
          (settings_.schema_mode == SchemaMode::strict ? ": with schema_mode = \"add_columns\" it gets it" : ""));
    auto type = lake_type_of(found->type, field.name);
    if (!type) return std::move(type).error();
    if (*type != field.type)
      return fatal("the column \"" + field.name + "\" of the table " + store_->name() + " is " + type->name() +
                   ", and not " + field.type.name() + " as columns says");
  }
  return {};
}

Done DeltaSink::change_table(Change change) {
  const auto done = committer_.commit(*snapshot_, change, [&](const Rival& rival) -> Done {
    // What it did may be just what is wanted: the next try looks.
    if (rival.changed_table || !snapshot_->exists()) return retry("another writer has changed the table's metadata");
    return {};
  });
  return done ? Done() : Done(done.error());
}

Done DeltaSink::prepare_table(const lake::LakeSchema& rows) {
  constexpr int kTries = 5;
  for (int attempt = 1;; ++attempt) {
    LEVADA_TRY(log_.update(*snapshot_));
    Change change;
    if (!snapshot_->exists()) {
      auto metadata = new_table(rows, settings_.partition_by, map_of(settings_.properties), new_uuid(host_),
                                milliseconds(host_.now()));
      if (!metadata) return std::move(metadata).error();
      auto schema = TableSchema::parse(metadata->schema);
      if (!schema) return std::move(schema).error();
      change.operation = "CREATE TABLE";
      change.protocol = protocol_for(*schema);
      change.metadata = *std::move(metadata);
      LEVADA_TRY(check_writable({0, *change.protocol, *change.metadata, {}, {}, {}}));
    } else {
      LEVADA_TRY(check_writable(*snapshot_));
      auto metadata = changed_for(*snapshot_, rows, settings_.schema_mode);
      if (!metadata) return std::move(metadata).error();
      if (!*metadata) return {};
      change.operation = "ADD COLUMNS";
      change.metadata = **std::move(metadata);
    }
    const Done done = change_table(std::move(change));
    if (done) return {};
    if (done.code() != Code::retry || attempt == kTries) return done;
  }
}

Done DeltaSink::open_writer() {
  auto schema = TableSchema::parse(snapshot_->metadata.schema);
  if (!schema) return std::move(schema).error();
  auto columns = schema->lake();
  if (!columns) return std::move(columns).error();
  lake::WriterSettings settings;
  settings.partition_by = snapshot_->metadata.partition_columns;
  settings.compression = settings_.compression;
  settings.roll_bytes = settings_.roll_bytes.bytes;
  settings.max_open_files = settings_.max_open_files;
  settings.reject_unknown = columns_.fields().empty();
  const auto name = [this](const std::string& folder) {
    char number[16];
    std::snprintf(number, sizeof number, "%05lld", static_cast<long long>(file_number_++ % 100'000));
    return plain_folder(folder) + "part-" + number + "-" + new_uuid(host_) + ".c000" +
           suffix_of(settings_.compression) + ".parquet";
  };
  auto writer = lake::PartitionedWriter::create(*std::move(columns), std::move(settings), *store_, host_, name);
  if (!writer) return std::move(writer).error();
  writer_ = *std::move(writer);
  written_ = snapshot_->metadata;
  written_protocol_ = snapshot_->protocol;
  return {};
}

Done DeltaSink::write(Batch& batch, std::chrono::nanoseconds) {
  if (batch.rows() == 0) return {};
  const auto rows = lake::LakeSchema::of(batch);
  if (!snapshot_->exists()) {
    const auto columns = columns_of_new_table(rows, settings_.partition_by);
    if (columns.fields().size() <= settings_.partition_by.size()) {
      for (int64_t row = 0; row < batch.rows(); ++row)
        batch.reject(row, "no column that a table can have in its files");
      return {};
    }
    LEVADA_TRY(prepare_table(columns));
  }
  if (!writer_) LEVADA_TRY(open_writer());
  if (settings_.schema_mode != SchemaMode::strict && columns_.fields().empty() &&
      written_.schema == snapshot_->metadata.schema) {
    auto changed = changed_for(*snapshot_, rows, settings_.schema_mode);
    if (!changed) return std::move(changed).error();
    if (*changed) {
      // What is written so far fits the table with more columns, too.
      LEVADA_TRY(prepare_table(rows));
      auto files = writer_->finish();
      if (!files) return std::move(files).error();
      complete_.insert(complete_.end(), files->begin(), files->end());
      writer_.reset();
      LEVADA_TRY(open_writer());
    }
  }
  return writer_->write(batch);
}

Done DeltaSink::load_state() {
  auto state = state_file_.load();
  if (!state) return std::move(state).error();
  state_ = *std::move(state);
  if (state_.id.empty()) {
    state_.id = new_uuid(host_);
    LEVADA_TRY(state_file_.save(state_));
  }
  positions_.emplace(*store_, state_.id);
  return {};
}

Result<std::vector<Position>> DeltaSink::stored_positions() {
  auto numbers = positions_->numbers();
  if (!numbers) return std::move(numbers).error();
  int64_t number = state_.table.empty() || state_.table == snapshot_->metadata.id ? state_.number : 0;
  const auto found = snapshot_->transactions.find(application());
  if (found != snapshot_->transactions.end()) number = std::max(number, found->second.version);
  committed_ = number;
  next_number_ = number + 1;
  for (const auto each : *numbers) next_number_ = std::max(next_number_, each + 1);
  if (number == 0) return std::vector<Position>();
  auto positions = positions_->read(number);
  if (!positions) return positions;
  // Those of later numbers may still come to count: a store may make a commit that it failed to
  // confirm.
  for (const auto each : *numbers)
    if (each < number) (void)positions_->remove(each);
  return positions;
}

Done DeltaSink::drop_files() {
  if (writer_)
    for (auto& path : writer_->abandon()) left_over_.push_back(std::move(path));
  writer_.reset();
  for (const auto& file : complete_) left_over_.push_back(file.path);
  complete_.clear();
  // One that cannot be removed now stays for vacuum: nobody reads it.
  for (const auto& path : left_over_) (void)store_->remove(path);
  left_over_.clear();
  return {};
}

Result<std::vector<Position>> DeltaSink::recover() {
  LEVADA_TRY(load_state());
  LEVADA_TRY(log_.update(*snapshot_));
  if (snapshot_->exists()) LEVADA_TRY(check_writable(*snapshot_));
  LEVADA_TRY(drop_files());
  return stored_positions();
}

Done DeltaSink::check_unchanged(const Snapshot& now) const {
  const auto found = now.transactions.find(application());
  if (found != now.transactions.end() && found->second.version > committed_)
    return retry("a commit of this sink, which was given up, was made after all");
  if (now.metadata == written_ && now.protocol == written_protocol_) return {};
  LEVADA_TRY(check_writable(now));
  return check_still_fits(now.metadata, written_);
}

Done DeltaSink::judge(const Rival& rival) const {
  Snapshot now{rival.version,
               rival.protocol.value_or(snapshot_->protocol),
               rival.metadata.value_or(snapshot_->metadata),
               {},
               {},
               {}};
  for (const auto& transaction : rival.transactions) now.apply(transaction);
  return check_unchanged(now);
}

Result<int64_t> DeltaSink::commit_files(std::vector<lake::WrittenFile> files, int64_t number) {
  const auto now_ms = milliseconds(host_.now());
  Change change{.operation = "WRITE", .is_blind_append = true};
  int64_t rows = 0, bytes = 0;
  for (const auto& file : files) {
    change.adds.push_back(add_of(file, written_.partition_columns, now_ms));
    rows += file.rows;
    bytes += file.bytes;
  }
  change.transaction = Transaction{application(), number, now_ms};
  JsonObject(change.parameters = "").text("mode", "Append").end();
  JsonObject(change.metrics)
      .text("numFiles", std::to_string(files.size()))
      .text("numOutputRows", std::to_string(rows))
      .text("numOutputBytes", std::to_string(bytes))
      .end();
  auto version = committer_.commit(*snapshot_, change, [&](const Rival& rival) { return judge(rival); });
  if (!version) {
    // Files of a commit that may still be made must stay.
    if (!committer_.outcome_unknown())
      for (auto& file : files) left_over_.push_back(std::move(file.path));
    return std::move(version).error();
  }
  files_added_.add(static_cast<int64_t>(files.size()));
  bytes_added_.add(bytes);
  return version;
}

Done DeltaSink::commit(const Checkpoint& checkpoint, std::chrono::nanoseconds, Batch&) {
  if (writer_) {
    auto files = writer_->finish();
    if (!files) return std::move(files).error();
    complete_.insert(complete_.end(), files->begin(), files->end());
  }
  const auto expected = snapshot_->version + 1;
  if (!complete_.empty()) {
    // A place that is free in the log as we know it may be one that was cleaned up.
    LEVADA_TRY(log_.update(*snapshot_));
    LEVADA_TRY(log_.check_there(*snapshot_));
    LEVADA_TRY(check_unchanged(*snapshot_));
  }
  const auto number = next_number_++;
  auto put = positions_->put(number, checkpoint.positions);
  if (!put) return std::move(put).error();
  if (!*put) return retry("the positions of commit " + std::to_string(number) + " are there already");
  if (complete_.empty()) {
    // Without rows the log has nothing to say, and where the sink stands is kept here alone.
    LEVADA_TRY(confirm(number));
  } else {
    auto version = commit_files(std::exchange(complete_, {}), number);
    if (!version) return std::move(version).error();
    commits_rebased_.add(*version - expected);
    // The table says the same.
    if (auto confirmed = confirm(number); !confirmed) host_.warning(confirmed.error().message);
  }
  committed_ = number;
  if (snapshot_->metadata != written_ || snapshot_->protocol != written_protocol_) writer_.reset();
  keep_log();
  return idle();
}

Done DeltaSink::confirm(int64_t number) {
  auto state = state_;
  state.number = number;
  state.table = snapshot_->metadata.id;
  LEVADA_TRY(state_file_.save(state));
  const auto before = std::exchange(state_, std::move(state)).number;
  // What stays now goes at the next start.
  if (before > 0) (void)positions_->remove(before);
  return {};
}

void DeltaSink::keep_log() {
  if (!snapshot_->exists()) return;
  const Properties properties(snapshot_->metadata);
  const auto interval =
      settings_.checkpoint_interval > 0 ? settings_.checkpoint_interval : properties.checkpoint_interval();
  const auto is_due = [&] {
    return snapshot_->version - std::max<int64_t>(snapshot_->checkpoint.version, 0) >= interval;
  };
  if (!is_due()) return;
  const auto& features = snapshot_->protocol.writer_features;
  // What reads the checkpoints of such a table is left to those who have made it so.
  if (features && std::find(features->begin(), features->end(), "v2Checkpoint") != features->end()) return;
  Done done = find_checkpoint(log_, *snapshot_);
  if (done && !is_due()) return;
  if (done) done = write_checkpoint(log_, *snapshot_, host_);
  if (done) {
    checkpoints_written_.add();
    if (auto cleaned = clean_log(log_, *snapshot_, host_); !cleaned) done = cleaned.error();
  }
  if (!done) host_.warning("no checkpoint for now: " + done.error().message);
}

Done DeltaSink::idle() {
  if (upkeep_ && snapshot_ && snapshot_->exists()) upkeep_->turn();
  return {};
}

Done DeltaSink::close(std::chrono::nanoseconds) {
  LEVADA_TRY(drop_files());
  return upkeep_ && !upkeep_->stop() ? Done(levada::idle()) : Done();
}

const void* DeltaSink::extension(std::string_view id) {
  return id == LEVADA_COMMANDS ? levada::commands<DeltaSink>() : nullptr;
}

Done DeltaSink::command(std::span<const std::string_view> arguments,
                        const std::function<void(std::string_view)>& write) {
  return run_command(*store_, host_, arguments, write);
}

}  // namespace levada::delta

LEVADA_PLUGIN("delta", "0.1.0", "Apache-2.0",
              levada::sink<levada::delta::DeltaSink>("delta", "Appends rows to a Delta table, each exactly once."))
