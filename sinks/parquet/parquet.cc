// The sink's calls: writing rows, committing, starting over.
#include "parquet.h"

#include <algorithm>
#include <utility>

#include "files/sink_names.h"
#include "lake/file_stores.h"

namespace levada::parquet_sink {
namespace {

using lake::Field;
using lake::Kind;
using lake::LakeSchema;
using lake::PartitionedWriter;
using lake::WrittenFile;
using std::chrono::nanoseconds;

// How long a call takes that has nothing else to do.
constexpr auto kIdle = std::chrono::seconds(1);

bool is_named(const std::vector<std::string>& names, const std::string& name) {
  return std::count(names.begin(), names.end(), name) > 0;
}

}  // namespace

Result<std::unique_ptr<ParquetSink>> ParquetSink::create(Settings settings, Host host) {
  if (settings.prefix.find('/') != std::string::npos) return wrong("prefix", "must not have a slash in it");
  if (settings.prefix.starts_with('.') || settings.prefix.starts_with('_'))
    return wrong("prefix", "begins with a character that hides files from readers");
  if (settings.memory_bytes.bytes < 1 << 20) return wrong("memory_bytes", "must be at least 1MiB");
  auto declared = LakeSchema::parse(settings.columns);
  if (!declared) return std::move(declared).error();
  if (settings.unknown_columns == Settings::Unknown::reject && declared->fields().empty())
    return wrong("unknown_columns", "has no effect without columns");
  auto store = lake::open_file_store(settings.path, host, std::exchange(settings.storage, Tree()));
  if (!store) return std::move(store).error();
  std::unique_ptr<ParquetSink> sink(
      new ParquetSink(std::move(settings), host, *std::move(declared), *std::move(store)));
  // Says what is wrong with the settings.
  auto writer = sink->make_writer(sink->declared_.fields().empty() ? sink->schema_for(Batch()) : sink->declared_);
  if (!writer) return std::move(writer).error();
  return sink;
}

ParquetSink::ParquetSink(Settings settings, Host host, LakeSchema declared, std::unique_ptr<lake::FileStore> store)
    : settings_(std::move(settings)),
      host_(host),
      files_(host.files()),
      declared_(std::move(declared)),
      store_(std::move(store)),
      manifest_(files_, host.data_dir()),
      bytes_written_(host.counter("bytes_written")),
      files_recovered_(host.counter("files_recovered")) {}

Result<std::unique_ptr<PartitionedWriter>> ParquetSink::make_writer(LakeSchema schema) {
  lake::WriterSettings settings;
  settings.partition_by = settings_.partition_by;
  settings.sort_by = settings_.sort_by;
  settings.compression = settings_.compression;
  if (settings_.compression_level)
    settings.compression_level =
        static_cast<int>(std::clamp<int64_t>(*settings_.compression_level, -(1 << 20), 1 << 20));
  settings.roll_bytes = settings_.roll_bytes.bytes;
  settings.roll_rows = settings_.roll_rows;
  settings.max_open_files = settings_.max_open_files;
  settings.memory_bytes = settings_.memory_bytes.bytes;
  settings.reject_unknown = settings_.unknown_columns == Settings::Unknown::reject;
  return PartitionedWriter::create(std::move(schema), std::move(settings), *store_, host_, [this](const std::string&) {
    return in_use_folder() + "/" + std::to_string(next_number_++) + ".tmp";
  });
}

// Columns that came before keep their types; a value of another one fits, or is rejected.
LakeSchema ParquetSink::schema_for(const Batch& batch) const {
  auto fields = writer_ ? writer_->schema().fields() : std::vector<Field>();
  const auto add = [&](Field field) {
    if (std::none_of(fields.begin(), fields.end(), [&](const Field& known) { return known.name == field.name; }))
      fields.push_back(std::move(field));
  };
  const auto of_batch = LakeSchema::of(batch);
  for (auto field : of_batch.fields()) {
    // Of these, paths are made of the text.
    const bool of_text = field.type.kind == Kind::float64 || field.type.kind == Kind::float32 ||
                         field.type.kind == Kind::bytes || field.type.is_nested();
    if (of_text && (is_named(settings_.partition_by, field.name) || is_named(settings_.sort_by, field.name)))
      field.type = lake::FieldType();
    add(std::move(field));
  }
  for (const auto* names : {&settings_.partition_by, &settings_.sort_by})
    for (const auto& name : *names) add({name, lake::FieldType()});
  const bool has_columns = std::any_of(
      fields.begin(), fields.end(), [&](const Field& field) { return !is_named(settings_.partition_by, field.name); });
  // Rows of nothing but partitions: a file has to have a column.
  if (!has_columns) add({"body", lake::FieldType{.kind = Kind::bytes}});
  return LakeSchema(std::move(fields));
}

Done ParquetSink::prepare_writer(const Batch& batch) {
  if (writer_ && !declared_.fields().empty()) return {};
  auto schema = declared_.fields().empty() ? schema_for(batch) : declared_;
  if (writer_ && schema == writer_->schema()) return {};
  if (writer_) LEVADA_TRY(finish_writer());
  auto made = make_writer(std::move(schema));
  if (!made) return fatal(made.error().option + ": " + made.error().message);
  writer_ = *std::move(made);
  return {};
}

Done ParquetSink::open() {
  if (publication_) return {};
  auto last = manifest_.load();
  if (!last) return std::move(last).error();
  id_ = last->id.empty() ? files::new_sink_id(host_) : std::move(last->id);
  next_number_ = last->next_number;
  auto publication = std::make_unique<Publication>(host_, *store_, in_use_folder());
  if (!last->files.empty()) LEVADA_TRY(lock_names());
  for (auto& file : last->files) publication->add(std::move(file));
  files_recovered_.add(static_cast<int64_t>(last->files.size()));
  positions_ = std::move(last->positions);
  publication_ = std::move(publication);
  return {};
}

// Names are its own by the id. A data_dir that was copied has the id, too: then the lock tells, in
// folders of the machine.
Done ParquetSink::lock_names() {
  const auto folder = lake::local_folder(settings_.path);
  if (lock_ || folder.empty()) return {};
  LEVADA_TRY(files_.make_folder(folder));
  auto lock = files::lock_sink_id(files_, folder, id_);
  if (!lock) return std::move(lock).error();
  lock_ = *std::move(lock);
  return files_.sync_folder(folder);
}

Result<std::vector<Position>> ParquetSink::recover() {
  LEVADA_TRY(settle());
  return positions_;
}

Done ParquetSink::settle() {
  if (writer_) (void)writer_->abandon();
  writer_.reset();
  finished_.clear();
  // A commit that failed may be on the disk all the same, for good or until a power cut. It is
  // undone there before any file of it goes.
  if (!manifest_.certain()) LEVADA_TRY(restate());
  LEVADA_TRY(publication_->remove_rest());
  if (publication_->publish(nanoseconds::max()) > 0) return restate();
  return {};
}

Done ParquetSink::restate() { return manifest_.replace({id_, next_number_, positions_, publication_->left()}); }

Done ParquetSink::write(Batch& batch, nanoseconds) {
  if (batch.rows() == 0) return {};
  LEVADA_TRY(lock_names());
  if (!prepared_) LEVADA_TRY(publication_->prepare());
  prepared_ = true;
  LEVADA_TRY(prepare_writer(batch));
  return writer_->write(batch);
}

Done ParquetSink::finish_writer() {
  auto files = writer_->finish();
  if (!files) return std::move(files).error();
  std::move(files->begin(), files->end(), std::back_inserter(finished_));
  return {};
}

std::string ParquetSink::final_name(const WrittenFile& file) const {
  const auto slash = file.path.find_last_of('/') + 1;
  const auto number = file.path.substr(slash, file.path.find('.', slash) - slash);
  return file.folder + settings_.prefix + files::compact_time(host_.now()) + "-" + id_ + "-" + number + ".parquet";
}

Done ParquetSink::commit(const Checkpoint& checkpoint, nanoseconds timeout, Batch&) {
  const auto until = host_.monotonic() + timeout;
  while (writer_) {
    auto completed = writer_->complete_one();
    if (!completed) return std::move(completed).error();
    if (!*completed) break;
    if (host_.monotonic() >= until) return levada::idle();
  }
  if (writer_) LEVADA_TRY(finish_writer());
  if (!finished_.empty() || checkpoint.positions != positions_) LEVADA_TRY(store(checkpoint));
  // Committed: a file that does not get its name now gets it later.
  if (publication_->publish(until) > 0) (void)restate();
  return {};
}

Done ParquetSink::store(const Checkpoint& checkpoint) {
  auto files = publication_->left();
  int64_t bytes = 0;
  for (const auto& file : finished_) {
    files.push_back({file.path, final_name(file)});
    bytes += file.bytes;
  }
  const auto first_new = static_cast<std::ptrdiff_t>(files.size() - finished_.size());
  LEVADA_TRY(manifest_.replace({id_, next_number_, checkpoint.positions, files}));
  positions_ = checkpoint.positions;
  std::for_each(files.begin() + first_new, files.end(), [&](CompleteFile& file) { publication_->add(file); });
  finished_.clear();
  bytes_written_.add(bytes);
  return {};
}

Done ParquetSink::idle() {
  if (publication_->left().empty() || publication_->publish(host_.monotonic() + kIdle) == 0) return {};
  return restate();
}

// The last commit is behind it: what was written and not committed must not appear.
Done ParquetSink::close(nanoseconds) {
  if (!publication_) return {};
  auto done = settle();
  publication_.reset();
  // What cannot be removed is an empty file, which the next start locks again.
  if (lock_) (void)files_.remove(lock_.path());
  if (!done) return fatal("files get their names at the next start: " + done.error().message);
  return {};
}

}  // namespace levada::parquet_sink

LEVADA_PLUGIN("parquet", "0.1.0", "Apache-2.0",
              levada::sink<levada::parquet_sink::ParquetSink>(
                  "parquet", "Writes rows to Parquet files, by folders made of columns."))
