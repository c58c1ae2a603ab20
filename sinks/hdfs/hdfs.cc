// The sink's calls: writing rows to the files that they belong in, committing, starting over.
#include "hdfs.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "files/sink_names.h"
#include "files/sync_marker.h"
#include "lake/stores/file_stores.h"
#include "sequence_encoder.h"

namespace levada::hdfs_sink {
namespace {

using files::PathPattern;
using files::PathStyle;
using std::chrono::nanoseconds;

// How long a call takes that has nothing else to do.
constexpr auto kIdle = std::chrono::seconds(1);
// Each is a block of a file, and an entry of the manifest.
constexpr size_t kMostParts = 1000;

// "webhdfs://namenode:9870/logs/%Y/%m" in the folder that all files are in or below, and what comes
// behind it.
struct SplitPath {
  std::string root, below;
};

Result<SplitPath> split(std::string path) {
  if (path.empty()) return wrong("path", "is empty");
  const auto scheme = path.find("://");
  const auto authority = scheme == path.npos ? 0 : scheme + 3;
  while (path.size() > authority + 1 && path.ends_with('/')) path.pop_back();
  const auto variable = path.find_first_of("{%");
  if (variable == path.npos) return SplitPath{std::move(path), {}};
  const auto slash = path.rfind('/', variable);
  if (scheme != path.npos && slash < authority)
    return wrong("path", "has a column or time where the name of the server stands");
  if (slash == path.npos) return SplitPath{".", std::move(path)};
  return SplitPath{slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// What HDFS allows in no name.
Done check_name(std::string_view text, const char* option) {
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return wrong(option, "has control characters in it");
  if (text.find(':') != text.npos) return wrong(option, "has a \":\" in it, which HDFS allows in no name");
  return {};
}

Done check_pattern(const std::string& text, const char* option, const PathStyle& style) {
  if (auto path = PathPattern::parse(text, style); !path) return wrong(option, path.error().message);
  const auto pattern = Pattern::parse(text);
  for (const auto& piece : pattern->pieces()) LEVADA_TRY(check_name(piece.literal, option));
  return {};
}

Done check(const HdfsSettings& settings) {
  const std::string none;
  const auto& suffix = settings.suffix ? *settings.suffix : none;
  for (const auto& [text, option] : {std::pair{&suffix, "suffix"},
                                     {&settings.in_use_prefix, "in_use_prefix"},
                                     {&settings.in_use_suffix, "in_use_suffix"}}) {
    LEVADA_TRY(check_name(*text, option));
    if (text->find('/') != text->npos) return wrong(option, "must not have a slash in it");
  }
  if (settings.prefix.starts_with('.') || settings.prefix.starts_with('_'))
    return wrong("prefix", "begins with a character that hides files from readers");
  if (settings.roll_bytes.bytes < 0) return wrong("roll_bytes", "must not be negative");
  if (settings.roll_rows < 0) return wrong("roll_rows", "must not be negative");
  if (settings.max_open_files < 1) return wrong("max_open_files", "must be at least 1");
  if (settings.format == HdfsSettings::Format::avro && settings.file_type != HdfsSettings::FileType::text)
    return wrong("file_type", "has no effect: with format = \"avro\" the files are Avro's own");
  return {};
}

}  // namespace

Result<std::unique_ptr<HdfsSink>> HdfsSink::create(Settings settings, Host host) {
  auto path = split(settings.path);
  if (!path) return std::move(path).error();
  auto store = lake::open_file_store(path->root, host, std::exchange(settings.storage, Tree()));
  if (!store) return std::move(store).error();
  return create_in(std::move(settings), host, *std::move(store));
}

Result<std::unique_ptr<HdfsSink>> HdfsSink::create_in(Settings settings, Host host,
                                                      std::unique_ptr<lake::FileStore> store) {
  auto path = split(settings.path);
  if (!path) return std::move(path).error();
  LEVADA_TRY(check(settings));
  const PathStyle style{settings.time_zone, std::chrono::floor<std::chrono::microseconds>(settings.round_time), false};
  LEVADA_TRY(check_pattern(path->below, "path", style));
  LEVADA_TRY(check_pattern(settings.prefix, "prefix", style));
  auto pattern = PathPattern::parse((path->below.empty() ? "" : path->below + "/") + settings.prefix, style);
  if (!pattern) return std::move(pattern).error();
  if (!pattern->uses_time()) {
    const bool in_keys = settings.file_type != Settings::FileType::text;
    if (settings.time_column && !in_keys)
      return wrong("time_column", "has no effect: neither path nor prefix has time in it, such as %Y-%m-%d");
    if (settings.round_time.count() > 0)
      return wrong("round_time", "has no effect: neither path nor prefix has time in it, such as %Y-%m-%d");
  }
  settings.path = std::move(path->root);
  return std::unique_ptr<HdfsSink>(new HdfsSink(std::move(settings), host, *std::move(pattern), std::move(store)));
}

HdfsSink::HdfsSink(Settings settings, Host host, PathPattern pattern, std::unique_ptr<lake::FileStore> store)
    : settings_(std::move(settings)),
      host_(host),
      store_(std::move(store)),
      output_(host, *store_, settings_.path, "hdfs"),
      groups_(std::move(pattern), settings_.time_column),
      source_(settings_.format, settings_.time_column),
      bytes_written_(host.counter("bytes_written")),
      values_replaced_(host.counter("values_replaced")) {}

Done HdfsSink::open() {
  if (output_.is_open()) return {};
  run_ = files::new_sink_id(host_);
  return output_.open();
}

// Files that have committed parts go on behind them.
Result<std::vector<Position>> HdfsSink::recover() {
  for (auto& file : finished_)
    if (file.roll_back()) output_.complete(file.name());
  finished_.clear();
  for (auto file = open_.begin(); file != open_.end();)
    file = file->second.roll_back() ? std::next(file) : open_.erase(file);
  LEVADA_TRY(output_.roll_back());
  return output_.positions();
}

Done HdfsSink::write(Batch& batch, nanoseconds) {
  if (batch.rows() == 0) return {};
  now_ = host_.monotonic();
  LEVADA_TRY(source_.bind(batch, std::chrono::floor<std::chrono::microseconds>(host_.now()).count()));
  LEVADA_TRY(output_.prepare());
  for (const auto& [path, rows] : groups_.group(batch, source_)) LEVADA_TRY(append(path, rows));
  values_replaced_.add(source_.values_replaced());
  return {};
}

Done HdfsSink::append(const std::string& path, std::span<const int64_t> rows) {
  while (!rows.empty()) {
    auto file = file_for(path);
    if (!file) return std::move(file).error();
    OpenFile& open = (*file)->second;
    auto fitting = rows;
    if (settings_.roll_rows > 0)
      fitting = rows.first(std::min(rows.size(), static_cast<size_t>(settings_.roll_rows - open.rows())));
    auto added = open.append(source_, fitting);
    if (!added) return std::move(added).error();
    rows = rows.subspan(*added);
    open.set_used(now_);
    if (is_full(open)) LEVADA_TRY(finish(*file));
  }
  return {};
}

Result<HdfsSink::OpenFiles::iterator> HdfsSink::file_for(const std::string& path) {
  files::FileKey key{path, source_.schema()};
  const auto found = open_.find(key);
  if (found != open_.end()) return found;
  if (open_.size() >= static_cast<size_t>(settings_.max_open_files)) {
    const auto least = std::min_element(open_.begin(), open_.end(), [](const auto& one, const auto& other) {
      return one.second.used() < other.second.used();
    });
    LEVADA_TRY(finish(least));
  }
  auto name = path + files::compact_time(host_.now()) + "-" + output_.id() + "-" +
              files::padded(output_.take_number()) + suffix();
  return open_
      .try_emplace(
          std::move(key), std::move(name), make_encoder(), *store_, [this] { return new_part(); }, now_)
      .first;
}

std::string HdfsSink::suffix() const {
  if (settings_.format == Settings::Format::avro) return settings_.suffix.value_or(std::string(files::kAvroSuffix));
  if (settings_.file_type != Settings::FileType::text) return settings_.suffix.value_or(".seq");
  return settings_.suffix.value_or(".ndjson") + std::string(files::Compressor::suffix(settings_.compression));
}

std::unique_ptr<FileEncoder> HdfsSink::make_encoder() {
  if (settings_.format == Settings::Format::avro)
    return std::make_unique<AvroEncoder>(
        compressor_, files::AvroFile(source_.schema(), settings_.compression, files::new_sync_marker(host_)));
  if (settings_.file_type == Settings::FileType::text)
    return std::make_unique<TextEncoder>(compressor_, settings_.compression);
  return std::make_unique<SequenceEncoder>(settings_.file_type == Settings::FileType::sequence_text, compressor_,
                                           settings_.compression, files::new_sync_marker(host_));
}

std::string HdfsSink::new_part() {
  return output_.in_use_folder() + "/" + settings_.in_use_prefix + run_ + "-" + std::to_string(output_.take_number()) +
         settings_.in_use_suffix;
}

bool HdfsSink::is_full(const OpenFile& file) const {
  return (settings_.roll_bytes.bytes > 0 && file.bytes() >= static_cast<uint64_t>(settings_.roll_bytes.bytes)) ||
         (settings_.roll_rows > 0 && file.rows() >= settings_.roll_rows);
}

bool HdfsSink::is_due(const OpenFile& file) const {
  return (settings_.roll_interval.count() > 0 && now_ - file.opened() >= settings_.roll_interval) ||
         (settings_.idle_close.count() > 0 && now_ - file.used() >= settings_.idle_close) || file.parts() >= kMostParts;
}

Done HdfsSink::finish(OpenFiles::iterator file) {
  // Out of the open ones first: a file whose end could not be written takes no more rows.
  finished_.push_back(std::move(file->second));
  open_.erase(file);
  return finished_.back().finish_part();
}

Done HdfsSink::commit(const Checkpoint& checkpoint, nanoseconds timeout, Batch&) {
  now_ = host_.monotonic();
  const auto until = now_ + timeout;
  bool changed = checkpoint.positions != output_.positions();
  for (auto file = open_.begin(); file != open_.end();) {
    const auto next = std::next(file);
    const bool waits = file->second.waits();
    changed = changed || file->second.dirty();
    if (is_due(file->second)) LEVADA_TRY(finish(file));
    else if (waits) LEVADA_TRY(file->second.finish_part());
    // What is finished by then stays so.
    if (waits && next != open_.end() && host_.monotonic() >= until) return levada::idle();
    file = next;
  }
  if (changed || !finished_.empty()) LEVADA_TRY(store(checkpoint));
  // Committed: a file that does not get its name now gets it later.
  output_.publish(until);
  return {};
}

Done HdfsSink::store(const Checkpoint& checkpoint) {
  std::vector<lake::CommittedFile> open, complete;
  uint64_t bytes = 0;
  for (const auto& [path, file] : open_) {
    open.push_back(file.entry());
    bytes += file.uncommitted_bytes();
  }
  for (const auto& file : finished_) {
    complete.push_back(file.entry());
    bytes += file.uncommitted_bytes();
  }
  LEVADA_TRY(output_.commit(checkpoint, std::move(open), std::move(complete)));
  for (auto& [path, file] : open_) file.set_committed();
  finished_.clear();
  bytes_written_.add(static_cast<int64_t>(bytes));
  return {};
}

// Files whose rows are all committed need no commit to become complete.
Done HdfsSink::idle() {
  now_ = host_.monotonic();
  std::erase_if(open_, [&](const auto& entry) {
    const bool is_complete = is_due(entry.second) && !entry.second.dirty();
    if (is_complete) output_.complete(entry.second.name());
    return is_complete;
  });
  if (output_.is_open()) output_.publish(now_ + kIdle);
  return {};
}

// The last commit is behind it: what was written and not committed must not appear.
Done HdfsSink::close(nanoseconds) {
  open_.clear();
  finished_.clear();
  return output_.close();
}

}  // namespace levada::hdfs_sink

LEVADA_PLUGIN("hdfs", "0.1.0", "Apache-2.0",
              levada::sink<levada::hdfs_sink::HdfsSink>("hdfs",
                                                        "Writes rows to files in HDFS, by folders made of time and "
                                                        "columns."))
