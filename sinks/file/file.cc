// The sink's calls: writing rows to the files that they belong in, committing, starting over.
#include "file.h"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <utility>

#include "files/avro_file.h"
#include "files/sink_names.h"
#include "files/sync_at_once.h"

namespace levada::file_sink {
namespace {

using std::chrono::nanoseconds;

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// By the name a file is known after a crash: Avro's gets nothing behind its last block.
Done check_style(const FileSettings& settings) {
  const bool is_avro = settings.format == FileSettings::Format::avro;
  if (settings.suffix && settings.suffix->ends_with(files::kAvroSuffix) != is_avro)
    return wrong("suffix", is_avro ? "must end with .avro where format = \"avro\""
                                   : "ends with .avro, which is for files of format = \"avro\"");
  const FileSettings text;
  if (is_avro) {
    for (const auto& [given, usual, option] : {std::tuple{&settings.begin, &text.begin, "begin"},
                                               {&settings.separator, &text.separator, "separator"},
                                               {&settings.end, &text.end, "end"}})
      if (*given != *usual) return wrong(option, "has no effect: an Avro file is no text");
  }
  return {};
}

OutputFile::Style style_of(const FileSettings& settings, Compressor& compressor) {
  if (settings.format == FileSettings::Format::avro) return {{}, {}, {}, settings.compression, &compressor};
  return {settings.begin, settings.separator, settings.end, settings.compression, &compressor};
}

template <class Rows>
Done append_columns(OutputFile& file, Rows& rows, int64_t row) {
  const auto bound = rows.bound(row);
  auto room = file.reserve(bound);
  if (!room) return std::move(room).error();
  if (*room) {
    file.use(static_cast<size_t>(rows.write(row, *room) - *room));
    return {};
  }
  const Buffer large(bound);
  return file.append_large({large.data(), static_cast<size_t>(rows.write(row, large.data()) - large.data())});
}

}  // namespace

Result<std::unique_ptr<FileSink>> FileSink::create(Settings settings, Host host) {
  auto suffix = settings.suffix.value_or("");
  for (const auto& [text, option] : {std::pair{&settings.path, "path"},
                                     {&settings.prefix, "prefix"},
                                     {&suffix, "suffix"},
                                     {&settings.in_use_suffix, "in_use_suffix"}})
    if (has_control_characters(*text)) return wrong(option, "has control characters in it");
  if (settings.path.empty()) return wrong("path", "is empty");
  if (settings.in_use_suffix.empty()) return wrong("in_use_suffix", "is empty: nobody could tell a complete file");
  LEVADA_TRY(check_style(settings));
  if (settings.roll_bytes.bytes < 0) return wrong("roll_bytes", "must not be negative");
  if (settings.roll_rows < 0) return wrong("roll_rows", "must not be negative");
  if (settings.max_open_files < 1) return wrong("max_open_files", "must be at least 1");
  const std::pair<const char*, std::string_view> texts[] = {{"path", settings.path}, {"prefix", settings.prefix}};
  for (const auto& [option, text] : texts)
    if (auto alone = PathPattern::parse(text, {settings.time_zone}); !alone)
      return wrong(option, alone.error().message);
  while (settings.path.size() > 1 && settings.path.ends_with('/')) settings.path.pop_back();
  auto pattern = PathPattern::parse(settings.path + "/" + settings.prefix, {settings.time_zone});
  if (!pattern) return std::move(pattern).error();
  if (settings.time_column && !pattern->uses_time())
    return wrong("time_column", "has no effect: neither path nor prefix has time in it, such as %Y-%m-%d");
  return std::unique_ptr<FileSink>(new FileSink(std::move(settings), host, *std::move(pattern)));
}

FileSink::FileSink(Settings settings, Host host, PathPattern pattern)
    : settings_(std::move(settings)),
      host_(host),
      files_(host.files()),
      pattern_(std::move(pattern)),
      style_(style_of(settings_, compressor_)),
      manifest_(files_, host.data_dir()),
      completion_(host, settings_.end, compressor_),
      bytes_written_(host.counter("bytes_written")),
      files_recovered_(host.counter("files_recovered")),
      values_replaced_(host.counter("values_replaced")) {}

// The last commit is behind it: what is in the files and not committed must not appear.
Done FileSink::close(nanoseconds) {
  if (!std::exchange(loaded_, false)) return {};
  auto done = settle_all();
  // What cannot be removed is an empty file, which the next start locks again.
  if (lock_) (void)files_.remove(lock_.path());
  if (!done) return fatal("files are completed at the next start: " + done.error().message);
  return {};
}

Done FileSink::open() {
  if (loaded_) return {};
  auto last = manifest_.load();
  if (!last) return std::move(last).error();
  id_ = last->id.empty() ? files::new_sink_id(host_) : std::move(last->id);
  next_number_ = last->next_number;
  // Where nothing is left to complete, a folder that cannot be made yet
  // holds nobody up before rows come.
  if (!last->files.empty() || make_folder(root())) LEVADA_TRY(lock_names());
  for (auto& file : last->files) {
    if (files_.exists(file.path)) files_recovered_.add();
    completion_.add(std::move(file));
  }
  positions_ = std::move(last->positions);
  loaded_ = true;
  return {};
}

// Names are its own by the id. A data_dir that was copied has the id, too: then the lock tells.
Done FileSink::lock_names() {
  if (lock_) return {};
  const auto folder = root();
  LEVADA_TRY(make_folder(folder));
  auto lock = files::lock_sink_id(files_, folder, id_);
  if (!lock) return std::move(lock).error();
  lock_ = *std::move(lock);
  return {};
}

Result<std::vector<Position>> FileSink::recover() {
  LEVADA_TRY(settle_all());
  return positions_;
}

Done FileSink::settle_all() {
  current_ = open_.end();
  for (auto& [bucket, file] : open_) finished_.push_back(std::move(file));
  open_.clear();
  for (auto& file : finished_) {
    file.abandon();
    completion_.add(file.entry());
  }
  finished_.clear();
  return complete();
}

Done FileSink::complete() {
  // A commit that failed may be on the disk all the same, for good or until a power cut. It is
  // undone there before any file is cut back behind it.
  if (!manifest_.certain()) LEVADA_TRY(restate());
  auto settled = completion_.settle();
  if (!settled) return std::move(settled).error();
  // A file that has its name must never be taken for one that is to be cut and ended.
  if (*settled > 0) LEVADA_TRY(restate());
  if (completion_.publish() > 0) return restate();
  return {};
}

Done FileSink::write(Batch& batch, nanoseconds) {
  LEVADA_TRY(bind(batch));
  LEVADA_TRY(lock_names());
  now_ = host_.monotonic();
  arrival_ = std::chrono::floor<std::chrono::microseconds>(host_.now()).count();
  for (int64_t row = 0; row < batch.rows(); ++row) {
    auto file = file_for(batch, row);
    if (!file) return std::move(file).error();
    if (!*file) continue;
    LEVADA_TRY(append(**file, batch, row));
    if (is_full(**file)) LEVADA_TRY(finish(current_));
  }
  if (current_ != open_.end()) current_->second.set_used(now_);
  if (json_ && json_->replaced() > 0) values_replaced_.add(json_->replaced());
  return {};
}

Done FileSink::bind(const Batch& batch) {
  pattern_.bind(batch);
  const Column* time = settings_.time_column ? batch.find(*settings_.time_column) : nullptr;
  if (time && time->type() != Type::timestamp)
    return fatal("column \"" + time->name() + "\" is " + name_of(time->type()) +
                 ", and time_column must be a timestamp");
  if (settings_.format == Settings::Format::body) {
    if (batch.body()) return {};
    return fatal(
        "the rows have no body column, an interceptor has dropped it: set format = \"json\" to write the other "
        "columns");
  }
  if (settings_.format == Settings::Format::json) {
    const std::string body = "body";
    json_.emplace(choose_columns(batch, {}, {&body, 1}), JsonStyle{});
    return {};
  }
  avro_.emplace(choose_columns(batch, {}, {}));
  if (!key_.schema || *key_.schema != avro_->schema()) {
    key_.schema = std::make_shared<const std::string>(avro_->schema());
    if (current_ != open_.end()) std::exchange(current_, open_.end())->second.set_used(now_);
  }
  return {};
}

Done FileSink::append(OutputFile& file, const Batch& batch, int64_t row) {
  switch (settings_.format) {
    case Settings::Format::body: return file.append(batch.body()->text(row));
    case Settings::Format::json: return append_columns(file, *json_, row);
    case Settings::Format::avro: return append_columns(file, *avro_, row);
  }
  return {};
}

Done FileSink::commit(const Checkpoint& checkpoint, nanoseconds, Batch&) {
  now_ = host_.monotonic();
  const bool changed = checkpoint.positions != positions_ || !finished_.empty() ||
                       std::any_of(open_.begin(), open_.end(),
                                   [&](const auto& entry) { return entry.second.dirty() || is_due(entry.second); });
  if (changed) LEVADA_TRY(store(checkpoint));
  // Committed: a file that does not get its name now gets it later.
  completion_.publish();
  return {};
}

Done FileSink::store(const Checkpoint& checkpoint) {
  LEVADA_TRY(sync_files());
  auto files = completion_.left();
  for (const auto& [bucket, file] : open_) files.push_back(file.entry_now());
  for (const auto& file : finished_) files.push_back(file.entry_now());
  LEVADA_TRY(manifest_.replace({id_, next_number_, checkpoint.positions, std::move(files)}));
  positions_ = checkpoint.positions;
  uint64_t bytes = 0;
  const auto committed = [&](OutputFile& file) {
    bytes += file.entry_now().bytes - file.committed_bytes();
    file.set_committed();
  };
  for (auto& [bucket, file] : open_) committed(file);
  for (auto& file : finished_) {
    committed(file);
    completion_.add(file.entry());
  }
  finished_.clear();
  bytes_written_.add(static_cast<int64_t>(bytes));
  return {};
}

Done FileSink::sync_files() {
  const auto complete = finished_.size();
  std::vector<OutputFile*> written;
  for (auto file = open_.begin(); file != open_.end();) {
    const auto next = std::next(file);
    if (is_due(file->second)) {
      LEVADA_TRY(end(file));
    } else if (file->second.dirty()) {
      LEVADA_TRY(file->second.flush());
      written.push_back(&file->second);
    }
    file = next;
  }
  for (auto at = complete; at < finished_.size(); ++at) written.push_back(&finished_[at]);
  LEVADA_TRY(files::sync_at_once(written.size(), [&](size_t at) { return written[at]->sync(); }));
  for (auto at = complete; at < finished_.size(); ++at) LEVADA_TRY(finished_[at].close());
  const std::vector<std::string> folders(new_entries_.begin(), new_entries_.end());
  LEVADA_TRY(files::sync_at_once(folders.size(), [&](size_t at) { return files_.sync_folder(folders[at]); }));
  new_entries_.clear();
  return {};
}

std::vector<Unfinished> FileSink::unfinished() const {
  auto all = completion_.left();
  for (const auto& [bucket, file] : open_) all.push_back(file.entry());
  for (const auto& file : finished_) all.push_back(file.entry());
  return all;
}

Done FileSink::restate() { return manifest_.replace({id_, next_number_, positions_, unfinished()}); }

// Files whose rows are all committed need no commit to become complete.
Done FileSink::idle() {
  now_ = host_.monotonic();
  for (auto file = open_.begin(); file != open_.end();) {
    const auto next = std::next(file);
    if (is_due(file->second) && !file->second.dirty()) {
      if (current_ == file) current_ = open_.end();
      file->second.abandon();
      completion_.add(file->second.entry());
      open_.erase(file);
    }
    file = next;
  }
  return complete();
}

}  // namespace levada::file_sink

LEVADA_PLUGIN("file", "0.1.0", "Apache-2.0",
              levada::sink<levada::file_sink::FileSink>("file",
                                                        "Writes rows to files, by folders made of time and columns."))
