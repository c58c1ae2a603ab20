#include "tail.h"

#include <algorithm>
#include <set>

#include "glob.h"
#include "levada/checked_text.h"

namespace levada::tail {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kLeastReadBytes = 64, kMostBytes = 512 << 20;
// So often the host is told of a file that cannot be read, and tries again; then it has that time.
constexpr int kTries = 3;
constexpr auto kTryAgain = 5s;
constexpr std::string_view kStartLine = "levada tail start 1";
constexpr const char* kHiddenOffset = "\1offset";

Done check_columns(const Tail::Settings& settings) {
  const auto taken = [](std::string_view name) { return name == "body" || name == "reason" || name == "cut"; };
  if (taken(settings.file_column)) return wrong("file_column", "another column has this name already");
  if (taken(settings.offset_column) ||
      (!settings.offset_column.empty() && settings.offset_column == settings.file_column))
    return wrong("offset_column", "another column has this name already");
  for (const auto& [name, value] : settings.headers)
    if (name.empty() || taken(name) || name == settings.file_column || name == settings.offset_column)
      return wrong("headers." + name, "a column needs a name of its own");
  return {};
}

Done check(const Tail::Settings& settings) {
  if (settings.include.empty()) return wrong("include", "give at least one pattern, such as \"/var/log/app/*.log\"");
  for (const auto& pattern : settings.include)
    if (pattern.empty() || pattern[0] != '/' || pattern.back() == '/')
      return wrong("include", "\"" + pattern + "\" is no pattern of a path: begin with \"/\", and end with a name");
  for (const auto& pattern : settings.exclude)
    if (pattern.empty()) return wrong("exclude", "an empty pattern matches nothing");
  if (settings.poll_interval < 1ms) return wrong("poll_interval", "must be at least 1ms");
  if (settings.rotate_wait < 0s) return wrong("rotate_wait", "cannot be negative");
  if (settings.multiline_timeout < 0s) return wrong("multiline_timeout", "cannot be negative");
  if (settings.max_open_files < 1) return wrong("max_open_files", "must be 1 or more");
  if (settings.line_bytes.bytes < 1 || settings.line_bytes.bytes > kMostBytes)
    return wrong("line_bytes", "must be 1 to 512MiB");
  if (settings.read_bytes.bytes < kLeastReadBytes || settings.read_bytes.bytes > kMostBytes)
    return wrong("read_bytes", "must be 64 to 512MiB");
  return check_columns(settings);
}

}  // namespace

Result<std::unique_ptr<Tail>> Tail::create(Settings settings, Host host) {
  std::vector<std::string> include;
  for (const auto& pattern : settings.include)
    for (auto& each : without_braces(pattern)) include.push_back(std::move(each));
  settings.include = std::move(include);
  LEVADA_TRY(check(settings));
  FollowRules rules;
  rules.rows.read_bytes = static_cast<size_t>(settings.read_bytes.bytes);
  rules.rows.line_bytes = static_cast<size_t>(settings.line_bytes.bytes);
  rules.rows.long_lines = settings.long_lines;
  rules.rows.invalid_utf8 = settings.invalid_utf8;
  rules.rows.file_column = settings.file_column;
  rules.rows.offset_column = settings.offset_column;
  rules.rows.headers = settings.headers;
  if (settings.multiline_start) {
    auto joiner = LineJoiner::make(*settings.multiline_start, rules.rows.line_bytes);
    if (!joiner) return wrong("multiline_start", joiner.error().message);
    rules.joiner = *std::move(joiner);
    rules.hides_offset = settings.offset_column.empty();
    if (rules.hides_offset) rules.rows.offset_column = kHiddenOffset;
  }
  rules.multiline_timeout = settings.multiline_timeout;
  rules.rotate_wait = settings.rotate_wait;
  rules.exclude = settings.exclude;
  rules.to_the_end = host.until_drained();
  return std::unique_ptr<Tail>(new Tail(std::move(settings), std::move(rules), host));
}

Tail::Tail(Settings settings, FollowRules rules, Host host)
    : settings_(std::move(settings)),
      rules_(std::move(rules)),
      host_(host),
      counters_(host),
      files_found_(host.counter("files_found")),
      files_failed_(host.counter("files_failed")),
      watch_(fixed_folder(settings_.include.front()), host.files()) {}

Done Tail::open(std::span<const Position> positions) {
  followers_.clear();
  holder_ = nullptr;
  next_.clear();
  scanned_at_.reset();
  rows_.emplace(rules_.rows, host_);
  auto started = load_checked(host_.files(), host_.data_dir() + "/started", kStartLine);
  if (!started && started.code() != Code::reject) return std::move(started).error();
  is_first_start_ = started && !*started && positions.empty();
  is_started_ = started && *started;
  for (const auto& [stream, text, sequence] : positions) {
    const auto position = parse_position(text);
    if (!position) {
      host_.warning("the position " + text + " was not given by a tail source, and is left out");
      continue;
    }
    const auto is_wanted = [&](const auto& pattern) { return matches(pattern, stream); };
    if (!std::any_of(settings_.include.begin(), settings_.include.end(), is_wanted)) continue;
    auto& follower = followers_[stream];
    follower = std::make_unique<Follower>(stream, rules_, counters_, host_);
    follower->resume(*position);
  }
  return {};
}

void Tail::leave_out_rotated(std::map<std::string, levada_file_info>& found) const {
  std::vector<std::string> rotated;
  for (const auto& [path, info] : found) {
    const Generations generations(host_.files(), path, settings_.exclude);
    // Those that begin alike stand behind it.
    const auto stem = path.substr(0, std::min(path.find_last_of('.'), path.size()));
    for (auto other = found.lower_bound(stem); other != found.end() && other->first.starts_with(stem); ++other)
      if (generations.is_rotated_name(other->first)) rotated.push_back(other->first);
  }
  for (const auto& path : rotated) found.erase(path);
}

void Tail::begin_new(const std::map<std::string, levada_file_info>& found) {
  std::set<std::pair<uint64_t, uint64_t>> followed;
  for (const auto& [path, info] : found)
    if (followers_.contains(path)) followed.insert({info.device, info.inode});
  for (const auto& [path, info] : found) {
    // A second name of a file is no other file.
    if (followers_.contains(path) || !followed.insert({info.device, info.inode}).second) continue;
    files_found_.add();
    auto follower = std::make_unique<Follower>(path, rules_, counters_, host_);
    follower->start(info, is_first_start_ && settings_.start == Start::end);
    followers_[path] = std::move(follower);
  }
}

// From now on a file that nobody knows is a new one.
Done Tail::note_start() {
  is_first_start_ = false;
  if (is_started_) return {};
  LEVADA_TRY(host_.files().make_folder(host_.data_dir()));
  LEVADA_TRY(save_checked(host_.files(), host_.data_dir() + "/started", kStartLine, ""));
  is_started_ = true;
  return {};
}

Done Tail::scan() {
  std::set<std::string> now_failing;
  const auto problem = [&](const Error& error) {
    now_failing.insert(error.message);
    if (problems_.emplace(error.message, "").second) host_.warning(error.message);
  };
  auto found = glob(host_.files(), settings_.include, settings_.exclude, problem);
  // A folder that cannot be listed may be one that can the next time; if not, others go on.
  if (now_failing.empty()) scans_failed_ = 0;
  else if (++scans_failed_ < kTries) return retry(*now_failing.begin());
  leave_out_rotated(found);
  const auto now = host_.monotonic();
  for (const auto& [path, follower] : followers_) {
    const auto at = found.find(path);
    follower->look(at == found.end() ? nullptr : &at->second, now);
  }
  begin_new(found);
  LEVADA_TRY(note_start());
  scanned_at_ = now;
  return {};
}

Result<std::optional<Batch>> Tail::turn(Follower& follower) {
  auto batch = follower.turn(*rows_, host_.monotonic());
  if (batch) {
    follower.failures = 0;
    problems_.erase(follower.path());
  } else if (++follower.failures >= kTries) {
    auto& known = problems_[follower.path()];
    if (known != batch.error().message) {
      files_failed_.add();
      host_.warning(batch.error().message);
      known = batch.error().message;
    }
    // Others have their turn meanwhile; who stops when all is read does not wait for it.
    const bool gives_up = rules_.to_the_end && follower.failures >= 2 * kTries;
    follower.put_off(gives_up ? Time::max() : host_.monotonic() + kTryAgain, *rows_);
    batch = std::optional<Batch>();
  }
  holder_ = follower.holds_buffer() ? &follower : nullptr;
  return batch;
}

Result<std::optional<Batch>> Tail::turn() {
  if (holder_) return turn(*holder_);
  close_some();
  // Each once, from the one on whose turn it is.
  auto at = followers_.lower_bound(next_);
  for (size_t count = followers_.size(); count > 0; --count) {
    if (at == followers_.end()) at = followers_.begin();
    Follower& follower = *at->second;
    ++at;
    if (follower.due() > host_.monotonic()) continue;
    next_ = at == followers_.end() ? "" : at->first;
    auto batch = turn(follower);
    if (!batch || *batch || holder_) return batch;
  }
  return std::optional<Batch>();
}

void Tail::close_some() {
  std::vector<Follower*> open;
  for (const auto& [path, follower] : followers_)
    if (follower->has_file()) open.push_back(follower.get());
  const auto most = static_cast<size_t>(settings_.max_open_files);
  if (open.size() <= most) return;
  std::sort(open.begin(), open.end(), [](const auto* a, const auto* b) { return a->read_at() < b->read_at(); });
  size_t left = open.size() - most;
  for (auto* follower : open) {
    if (left == 0) break;
    if (!follower->can_close()) continue;
    follower->close_file();
    --left;
  }
}

Tail::Time Tail::next_due() const {
  auto due = Time::max();
  for (const auto& [path, follower] : followers_) due = std::min(due, follower->due());
  return due;
}

bool Tail::is_through() const {
  return std::all_of(followers_.begin(), followers_.end(), [](const auto& each) { return each.second->is_through(); });
}

Result<Batch> Tail::poll(std::chrono::nanoseconds timeout) {
  const auto begun = host_.monotonic();
  for (;;) {
    const auto now = host_.monotonic();
    if (!scanned_at_ || now - *scanned_at_ >= settings_.poll_interval) LEVADA_TRY(scan());
    auto batch = turn();
    if (!batch) return std::move(batch).error();
    if (*batch) return **std::move(batch);
    if (holder_ || next_due() <= host_.monotonic()) {
      if (host_.monotonic() - begun >= timeout) return idle();
      continue;
    }
    if (host_.until_drained() && is_through()) return end();
    const auto left = timeout - (host_.monotonic() - begun);
    if (left <= 0ns) return idle();
    const auto until_scan = *scanned_at_ + settings_.poll_interval - host_.monotonic();
    const auto until_due = next_due() - host_.monotonic();
    if (watch_.wait(std::max<Time>(std::min({left, until_scan, until_due}), 1ms))) scanned_at_.reset();
  }
}

}  // namespace levada::tail
