// The sink's calls: writing rows, committing, starting over.
#include "parquet.h"

#include <algorithm>
#include <utility>

#include "files/sink_names.h"
#include "lake/stores/file_stores.h"

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
      declared_(std::move(declared)),
      store_(std::move(store)),
      output_(host, *store_, settings_.path, "parquet"),
      bytes_written_(host.counter("bytes_written")) {}

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
    return output_.in_use_folder() + "/" + files::padded(output_.take_number()) + ".tmp";
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

Done ParquetSink::open() { return output_.open(); }

void ParquetSink::abandon() {
  if (writer_) (void)writer_->abandon();
  writer_.reset();
  finished_.clear();
}

Result<std::vector<Position>> ParquetSink::recover() {
  abandon();
  LEVADA_TRY(output_.roll_back());
  return output_.positions();
}

Done ParquetSink::write(Batch& batch, nanoseconds) {
  if (batch.rows() == 0) return {};
  LEVADA_TRY(output_.prepare());
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
  return file.folder + settings_.prefix + files::compact_time(host_.now()) + "-" + output_.id() + "-" + number +
         ".parquet";
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
  if (!finished_.empty() || checkpoint.positions != output_.positions()) LEVADA_TRY(store(checkpoint));
  // Committed: a file that does not get its name now gets it later.
  output_.publish(until);
  return {};
}

Done ParquetSink::store(const Checkpoint& checkpoint) {
  std::vector<lake::CommittedFile> files;
  int64_t bytes = 0;
  for (const auto& file : finished_) {
    files.push_back({final_name(file), {{file.path, static_cast<uint64_t>(file.bytes)}}});
    bytes += file.bytes;
  }
  LEVADA_TRY(output_.commit(checkpoint, {}, std::move(files)));
  finished_.clear();
  bytes_written_.add(bytes);
  return {};
}

Done ParquetSink::idle() {
  if (output_.is_open()) output_.publish(host_.monotonic() + kIdle);
  return {};
}

// The last commit is behind it: what was written and not committed must not appear.
Done ParquetSink::close(nanoseconds) {
  abandon();
  return output_.close();
}

}  // namespace levada::parquet_sink

LEVADA_PLUGIN("parquet", "0.1.0", "Apache-2.0",
              levada::sink<levada::parquet_sink::ParquetSink>(
                  "parquet", "Writes rows to Parquet files, by folders made of columns."))
