// Settings, and the way from polls to acknowledgements.
#include "spool.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace levada::spool {

namespace {

using namespace std::chrono_literals;

// As long may a poll read on, once it reads.
constexpr auto kFill = 100ms;
// Files whose rows downstream has not stored yet: when there are more of them, none is taken.
constexpr size_t kMostUnacknowledged = 50'000;
// Files that the backlog names.
constexpr size_t kMostNamed = 99;
constexpr int64_t kLeastReadBytes = 64;
constexpr int64_t kMostBytes = 512 << 20;

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// Two ways to write one folder become the same text.
std::string absolute(const std::string& path) {
  return without_slash(std::filesystem::absolute(path).lexically_normal().string());
}

// A pattern that fnmatch would take for a plain name.
bool is_broken(const std::string& pattern) {
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      if (++at == pattern.size()) return true;
      continue;
    }
    if (pattern[at] != '[') continue;
    if (++at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
    // A bracket that comes first is one of the set.
    at = pattern.find(']', at + 1);
    if (at == pattern.npos) return true;
  }
  return false;
}

Done check_patterns(const char* option, const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) {
    if (pattern.empty()) return wrong(option, "an empty pattern matches nothing");
    if (is_broken(pattern))
      return wrong(option, "the pattern \"" + pattern + "\" has a '[' without its ']', or ends in '\\'");
  }
  return {};
}

Done check_columns(const Spool::Settings& settings) {
  const auto taken = [](std::string_view name) { return name == "body" || name == "reason" || name == "cut"; };
  if (taken(settings.file_column)) return wrong("file_column", "another column has this name already");
  if (taken(settings.offset_column) ||
      (!settings.offset_column.empty() && settings.offset_column == settings.file_column))
    return wrong("offset_column", "another column has this name already");
  for (const auto& [name, value] : settings.headers) {
    if (name.empty()) return wrong("headers", "a column needs a name");
    if (taken(name) || name == settings.file_column || name == settings.offset_column)
      return wrong("headers." + name, "another column has this name already");
  }
  return {};
}

Done check(const Spool::Settings& settings) {
  if (settings.path.empty()) return wrong("path", "name a folder");
  if (settings.include.empty()) return wrong("include", "give at least one pattern, such as \"*\"");
  LEVADA_TRY(check_patterns("include", settings.include));
  LEVADA_TRY(check_patterns("ignore", settings.ignore));
  if (settings.settle < 0s) return wrong("settle", "cannot be negative");
  if (settings.poll_interval < 1ms) return wrong("poll_interval", "must be at least 1ms");
  if (settings.completed == Completed::rename &&
      (settings.completed_suffix.empty() || settings.completed_suffix.find('/') != std::string::npos))
    return wrong("completed_suffix", "give a suffix without '/', such as \".COMPLETED\"");
  if (settings.completed == Completed::move && settings.completed_dir.empty())
    return wrong("completed_dir", "completed = \"move\" needs to know where to");
  if (settings.completed != Completed::move && !settings.completed_dir.empty())
    return wrong("completed_dir", "is only used with completed = \"move\"");
  if (settings.line_bytes.bytes < 1 || settings.line_bytes.bytes > kMostBytes)
    return wrong("line_bytes", "must be 1 to 512MiB");
  if (settings.read_bytes.bytes < kLeastReadBytes || settings.read_bytes.bytes > kMostBytes)
    return wrong("read_bytes", "must be 64 to 512MiB");
  if (settings.rows == Rows::json && settings.long_lines == LongLines::split)
    return wrong("long_lines", "parts of a JSON document are none: use \"reject\" or \"truncate\"");
  return check_columns(settings);
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::create(Settings settings, Host host) {
  LEVADA_TRY(check(settings));
  const auto folder = without_slash(settings.path);
  auto target = without_slash(settings.completed_dir);
  if (!target.empty() && target.front() != '/') target = folder + "/" + target;
  const auto below = absolute(folder) + "/";
  if (!target.empty() && absolute(target) + "/" == below)
    return wrong("completed_dir", "must be another folder than `path`");

  Rules rules;
  NameRules& names = rules.waiting.names;
  names.include = std::move(settings.include);
  names.ignore = std::move(settings.ignore);
  names.recursive = settings.recursive;
  names.suffixes = {kChangedSuffix, kDamagedSuffix};
  if (settings.completed == Completed::rename) names.suffixes.push_back(settings.completed_suffix);
  if (!target.empty() && absolute(target).starts_with(below))
    names.skipped_folder = absolute(target).substr(below.size());
  rules.waiting.order = settings.order;
  rules.waiting.settle = settings.settle;
  rules.waiting.poll_interval = settings.poll_interval;
  rules.rows = {settings.rows,
                static_cast<size_t>(settings.read_bytes.bytes),
                static_cast<size_t>(settings.line_bytes.bytes),
                settings.long_lines,
                settings.invalid_utf8,
                std::move(settings.file_column),
                std::move(settings.offset_column),
                std::move(settings.headers)};
  rules.completion = {settings.completed, std::move(settings.completed_suffix), std::move(target)};
  rules.modified = settings.modified;
  rules.complete_empty = settings.complete_empty;
  rules.decompress = settings.decompress;
  rules.wait_for_folder = settings.wait_for_folder;
  return std::unique_ptr<Spool>(new Spool(folder, std::move(rules), host));
}

Spool::Spool(std::string folder, Rules rules, Host host)
    : folder_(std::move(folder)),
      rules_(std::move(rules)),
      host_(host),
      files_(host.files()),
      files_taken_(host.counter("files_taken")),
      files_completed_(host.counter("files_completed")),
      files_empty_(host.counter("files_empty")),
      files_vanished_(host.counter("files_vanished")),
      files_modified_(host.counter("files_modified")),
      files_replaced_(host.counter("files_replaced")),
      files_shrunk_(host.counter("files_shrunk")),
      files_damaged_(host.counter("files_damaged")),
      files_failed_(host.counter("files_failed")),
      files_not_told_apart_(host.counter("files_not_told_apart")),
      completions_failed_(host.counter("completions_failed")),
      bytes_read_(host.counter("file_bytes_read")),
      registry_(Journal(files_, host.data_dir()), folder_),
      completion_(rules_.completion, folder_, files_),
      watch_(folder_, files_) {}

Done Spool::open(std::span<const Position> positions) {
  reading_.reset();
  pending_.reset();
  waiting_.emplace(rules_.waiting, folder_, host_);
  rows_.emplace(rules_.rows, host_);
  to_complete_.clear();
  completed_.clear();
  missing_.clear();
  searched_at_.reset();
  missing_searched_at_.reset();
  replay_failures_ = 0;

  levada_file_info info{};
  const auto found = files_.stat(folder_, info);
  if (found == -ENOENT) {
    auto missing = "the folder " + folder_ + " does not exist";
    if (rules_.wait_for_folder) return retry(std::move(missing));
    return fatal(missing + ": make it, correct `path`, or set wait_for_folder = true");
  }
  if (found < 0) return file_error("stat", folder_, found);
  if (!S_ISDIR(info.mode)) return fatal(folder_ + " is no folder: correct `path`");
  if (!lock_) {
    auto lock = files_.lock_folder(folder_);
    if (!lock) return std::move(lock).error();
    lock_ = std::move(*lock);
  }
  auto senseless = registry_.load(id_of(info));
  if (!senseless) return std::move(senseless).error();
  if (*senseless > 0)
    host_.warning(std::to_string(*senseless) + " lines of " + host_.data_dir() +
                  "/journal are damaged and were left out");

  std::optional<SpoolPosition> at;
  for (const auto& position : positions) {
    auto record = RecordParser().parse(position.position);
    if (!record || !record->pass) {
      host_.warning("the position " + position.position + " was not given by a spool source, and is left out");
      continue;
    }
    Pass& pass = *record->pass;
    at = SpoolPosition{pass.number, {}, pass.identity, pass.from};
    if (!pass.file.empty()) at->file = std::move(pass.file);
  }
  if (!registry_.resume(at))
    host_.warning("downstream goes back behind what it has acknowledged: files that are completed are not read again");
  if (const auto again = registry_.unacknowledged(); again > 0)
    host_.info("goes on where it stood: " + std::to_string(again) + " files are not stored downstream yet");
  announced_ = position().pass;
  to_complete_ = registry_.completable();
  complete_all(false);
  return registry_.save();
}

SpoolPosition Spool::position() const {
  if (reading_) return {reading_->pass.number, reading_->pass.file, reading_->pass.identity, rows_->place()};
  if (const auto pass = registry_.next_replay()) return {pass->number, pass->file, pass->identity, pass->from};
  return {registry_.next(), {}, {}, {}};
}

Result<Batch> Spool::emit() {
  pending_ = rows_->finish();
  SpoolPosition at = position();
  if (reading_) at.identity = reading_->identity();
  pending_->position = text_of(at);
  announced_ = at.pass;
  return hand_over();
}

// Only what the journal says can be repeated in the same order after a crash.
Result<Batch> Spool::hand_over() {
  LEVADA_TRY(registry_.save());
  Batch batch = std::move(*pending_);
  pending_.reset();
  return batch;
}

Result<Batch> Spool::poll(std::chrono::nanoseconds timeout) {
  if (pending_) return hand_over();
  const auto begun = host_.monotonic();
  std::optional<Time> reading_since;
  const bool is_unfinished = !to_complete_.empty() || !completed_.empty() || !missing_.empty();
  if (is_unfinished && begun >= complete_at_) complete_all();
  for (;;) {
    if (rows_->full()) return emit();
    if (reading_) {
      if (!reading_since) reading_since = host_.monotonic();
      if (auto read = read_on(); !read) {
        if (rows_->rows() > 0) return emit();
        return std::move(read).error();
      }
      if (host_.monotonic() - *reading_since < kFill) continue;
      if (rows_->rows() > 0) return emit();
      // A long way to where it goes on: the next poll goes on with it.
      if (reading_) return idle();
      continue;
    }
    auto begins = begin_next();
    if (!begins && rows_->rows() > 0) return emit();
    if (!begins) return std::move(begins).error();
    if (*begins) continue;
    if (rows_->rows() > 0 || position().pass > announced_) return emit();
    if (registry_.unacknowledged() < kMostUnacknowledged) {
      if (waiting_->scan_due()) {
        LEVADA_TRY(scan());
        if (!waiting_->empty()) continue;
      }
      if (host_.until_drained() && waiting_->nothing_expected()) {
        files_failed_.add(waiting_->failed());
        return end();
      }
    }
    const auto left = timeout - (host_.monotonic() - begun);
    if (left <= 0ns) return idle();
    if (watch_.wait(std::min(left, std::max<Time>(waiting_->due_in(), 1ms)))) waiting_->look_again();
  }
}

Result<bool> Spool::begin_next() {
  if (auto pass = registry_.next_replay()) {
    LEVADA_TRY(begin_replay(std::move(*pass)));
    return true;
  }
  if (waiting_->empty() || registry_.unacknowledged() >= kMostUnacknowledged) return false;
  // Those that come now are the youngest.
  if (rules_.waiting.order == Order::youngest && waiting_->scan_due()) {
    LEVADA_TRY(scan());
    if (waiting_->empty()) return false;
  }
  begin_new(waiting_->take());
  return true;
}

Done Spool::acknowledge(std::string_view, std::string_view position) {
  const auto record = RecordParser().parse(position);
  if (!record || !record->pass) return fatal("a position that no spool source has given: " + std::string(position));
  for (const auto& id : registry_.acknowledge(record->pass->number)) to_complete_.push_back(id);
  LEVADA_TRY(registry_.save());
  complete_all();
  return {};
}

const void* Spool::extension(std::string_view id) { return id == LEVADA_BACKLOG ? levada::backlog<Spool>() : nullptr; }

std::vector<BacklogItem> Spool::backlog() const {
  std::vector<BacklogItem> items;
  const auto bytes = [](uint64_t number) { return static_cast<int64_t>(number); };
  if (reading_)
    items.push_back({.name = reading_->pass.file,
                     .done = bytes(std::min(reading_->file_bytes_read(), reading_->file_bytes())),
                     .total = bytes(reading_->file_bytes())});
  if (!waiting_) return items;
  uint64_t named_bytes = 0;
  for (const auto& found : waiting_->ready()) {
    if (items.size() >= kMostNamed) break;
    items.push_back({.name = found.path, .total = bytes(found.info.bytes)});
    named_bytes += found.info.bytes;
  }
  const auto named = items.size() - (reading_ ? 1 : 0);
  if (const auto others = waiting_->ready().size() - named; others > 0)
    items.push_back({.count = static_cast<int64_t>(others), .total = bytes(waiting_->ready_bytes() - named_bytes)});
  return items;
}

}  // namespace levada::spool
