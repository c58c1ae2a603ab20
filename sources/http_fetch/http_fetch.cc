// Settings, and the way from polls to acknowledgements.
#include "http_fetch.h"

#include <algorithm>
#include <set>

namespace levada::http_fetch {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kLeastReadBytes = 64, kMostBytes = 512 << 20;
constexpr size_t kMostNamed = 99;
// Who was not polled for so long may have lost its requests by that.
constexpr auto kLeft = 2s;

Done check_columns(const FetchSettings& settings) {
  const auto taken = [](std::string_view name) { return name == "body" || name == "reason" || name == "cut"; };
  if (taken(settings.offset_column)) return wrong("offset_column", "another column has this name already");
  std::set<std::string> names;
  for (const auto& name : settings.columns)
    if (name.empty() || taken(name) || name == settings.offset_column || !names.insert(name).second)
      return wrong("columns", "\"" + name + "\" is no name, or another column has it already");
  return {};
}

Done check_times(const FetchSettings& settings) {
  if (settings.every && *settings.every < 1ms) return wrong("every", "must be at least 1ms");
  if (settings.every && !settings.cron.empty()) return wrong("cron", "is not used together with `every`");
  if (settings.connect_timeout < 1ms) return wrong("connect_timeout", "must be at least 1ms");
  if (settings.timeout < 0s) return wrong("timeout", "cannot be negative");
  if (settings.stall_timeout < 1s) return wrong("stall_timeout", "must be at least 1s");
  if (settings.retry_wait < 0s) return wrong("retry_wait", "cannot be negative");
  if (settings.retry_wait_max < settings.retry_wait) return wrong("retry_wait_max", "is less than `retry_wait`");
  if (settings.retry_after_max < 0s) return wrong("retry_after_max", "cannot be negative");
  return {};
}

Done check_pages(const FetchSettings& settings) {
  if (!settings.items.empty() && settings.items[0] != '/')
    return wrong("items", "must be a JSON pointer, such as \"/data\"");
  if (settings.pages == PagesBy::cursor && (settings.page_cursor.empty() || settings.page_cursor[0] != '/'))
    return wrong("page_cursor", "must be a JSON pointer, such as \"/meta/next\"");
  if (settings.pages_max < 1) return wrong("pages_max", "must be 1 or more");
  return {};
}

Done check(const FetchSettings& settings) {
  if (settings.urls.size() == 0 && settings.list.empty())
    return wrong("urls", "name what to fetch, here or in a `list`: urls = { name = \"https://...\" }");
  LEVADA_TRY(check_times(settings));
  if (settings.low_speed < 1) return wrong("low_speed", "must be 1 or more");
  if (settings.parallel < 1 || settings.parallel > 256) return wrong("parallel", "must be 1 to 256");
  if (settings.redirects < 0) return wrong("redirects", "cannot be negative");
  if (settings.retries < 0) return wrong("retries", "cannot be negative");
  if (settings.max_bytes.bytes < 1) return wrong("max_bytes", "must be 1 or more");
  if (settings.spool_bytes.bytes < 1) return wrong("spool_bytes", "must be 1 or more");
  if (settings.line_bytes.bytes < 1 || settings.line_bytes.bytes > kMostBytes)
    return wrong("line_bytes", "must be 1 to 512MiB");
  if (settings.read_bytes.bytes < kLeastReadBytes || settings.read_bytes.bytes > kMostBytes)
    return wrong("read_bytes", "must be 64 to 512MiB");
  if (settings.rows == rows::Rows::json && settings.long_lines == rows::LongLines::split)
    return wrong("long_lines", "parts of a JSON document are none: use \"reject\" or \"truncate\"");
  if (settings.username.empty() != settings.password.empty())
    return wrong("password", "a login needs `username` and `password`");
  if (!settings.username.empty() && !settings.bearer_token.empty())
    return wrong("bearer_token", "a request has one login: this, or `username`");
  const bool has_oauth = !settings.oauth_token_url.empty();
  if (has_oauth && (!settings.username.empty() || !settings.bearer_token.empty()))
    return wrong("oauth_token_url", "a request has one login: this, `username` or `bearer_token`");
  if (has_oauth && !settings.oauth_token_url.starts_with("http://") &&
      !settings.oauth_token_url.starts_with("https://"))
    return wrong("oauth_token_url", "must begin with http:// or https://");
  if (has_oauth != !settings.oauth_client_id.empty() || has_oauth != !settings.oauth_client_secret.empty())
    return wrong("oauth_client_id", "goes together with `oauth_token_url` and `oauth_client_secret`");
  LEVADA_TRY(check_pages(settings));
  if (settings.tls_cert.empty() && !settings.tls_key.empty()) return wrong("tls_key", "is the key of a `tls_cert`");
  for (const auto& [name, value] : settings.headers)
    if (name.empty() || (name + value).find_first_of("\r\n") != std::string::npos ||
        name.find(':') != std::string::npos)
      return wrong("headers." + name, "cannot be sent");
  return check_columns(settings);
}

FetchRules rules_of(const FetchSettings& settings) {
  using std::chrono::ceil, std::chrono::milliseconds;
  FetchRules rules;
  auto& download = rules.download;
  download.http.ca_file = settings.tls_ca;
  download.http.connect_timeout = ceil<milliseconds>(settings.connect_timeout);
  download.http.stall_timeout = ceil<milliseconds>(settings.stall_timeout);
  download.proxy = settings.proxy;
  download.tls_cert = settings.tls_cert;
  download.tls_key = settings.tls_key;
  download.tls_key_password = settings.tls_key_password;
  download.tls_verify = settings.tls_verify;
  download.timeout = ceil<milliseconds>(settings.timeout);
  download.low_speed = settings.low_speed;
  download.max_bytes = static_cast<uint64_t>(settings.max_bytes.bytes);
  for (const auto& [name, value] : settings.headers) rules.headers.push_back(name + ": " + value);
  if (!settings.username.empty()) rules.login = settings.username + ":" + settings.password;
  rules.redirects = settings.redirects;
  rules.retries = settings.retries;
  rules.retry_wait = settings.retry_wait;
  rules.retry_wait_max = settings.retry_wait_max;
  rules.retry_after_max = settings.retry_after_max;
  rules.body = {static_cast<uint64_t>(settings.max_bytes.bytes), settings.decompress, settings.charset};
  return rules;
}

PageRules page_rules_of(const FetchSettings& settings) {
  PageRules rules{settings.pages, settings.page_parameter, settings.page_cursor, settings.page_first, settings.items};
  if (rules.parameter.empty()) rules.parameter = rules.by == PagesBy::number ? "page" : "cursor";
  return rules;
}

rows::RowRules row_rules_of(const FetchSettings& settings) {
  rows::RowRules rules;
  rules.rows = settings.rows;
  rules.read_bytes = static_cast<size_t>(settings.read_bytes.bytes);
  rules.line_bytes = static_cast<size_t>(settings.line_bytes.bytes);
  rules.long_lines = settings.long_lines;
  rules.invalid_utf8 = settings.invalid_utf8;
  rules.file_column.clear();
  rules.offset_column = settings.offset_column;
  return rules;
}

}  // namespace

Result<std::unique_ptr<HttpFetch>> HttpFetch::create(Settings settings, Host host) {
  LEVADA_TRY(check(settings));
  Schedule schedule;
  if (settings.every) schedule.every_ns = settings.every->count();
  if (!settings.cron.empty()) {
    auto cron = Cron::parse(settings.cron);
    if (!cron) return wrong("cron", cron.error().message);
    schedule.cron = *std::move(cron);
  }
  auto entries = entries_of(settings.urls);
  if (!entries) return std::move(entries).error();
  // Its texts live no longer than this call.
  settings.urls = Tree();
  return std::unique_ptr<HttpFetch>(new HttpFetch(std::move(settings), *std::move(entries), std::move(schedule), host));
}

HttpFetch::HttpFetch(Settings settings, std::vector<Entry> entries, Schedule schedule, Host host)
    : settings_(std::move(settings)),
      rules_(rules_of(settings_)),
      entries_(std::move(entries)),
      schedule_(std::move(schedule)),
      page_rules_(page_rules_of(settings_)),
      oauth_rules_{settings_.oauth_token_url, settings_.oauth_client_id, settings_.oauth_client_secret,
                   settings_.oauth_scope},
      host_(host),
      files_fetched_(host.counter("files_fetched")),
      files_unchanged_(host.counter("files_unchanged")),
      files_failed_(host.counter("files_failed")),
      attempts_failed_(host.counter("attempts_failed")),
      bytes_fetched_(host.counter("bytes_fetched")),
      bodies_(host.files(), host.data_dir() + "/bodies"),
      rounds_(host),
      watch_(host.data_dir(), host.files()),
      oauth_(oauth_rules_, rules_.download, transfers_) {}

Result<std::vector<Entry>> HttpFetch::listed() const {
  auto all = entries_;
  if (settings_.list.empty()) return all;
  const auto text = host_.files().read_whole(settings_.list);
  if (!text) return text.error();
  const bool is_yaml = settings_.list.ends_with(".yaml") || settings_.list.ends_with(".yml");
  auto listed = is_yaml ? entries_of_yaml(settings_.list, *text) : entries_of_csv(settings_.list, *text);
  if (!listed) return std::move(listed).error();
  for (auto& entry : *listed) {
    const auto is_same = [&](const Entry& other) { return other.name == entry.name; };
    if (std::any_of(all.begin(), all.end(), is_same))
      return fatal(settings_.list + ": " + entry.name + " is in the option `urls`, too");
    all.push_back(std::move(entry));
  }
  return all;
}

Done HttpFetch::open(std::span<const Position> positions) {
  stop_reading();
  ready_.clear();
  feeds_.clear();
  to_remove_.clear();
  rows_.emplace(row_rules_of(settings_), host_);
  auto entries = listed();
  if (!entries) return std::move(entries).error();
  LEVADA_TRY(host_.files().make_folder(host_.data_dir()));
  auto bodies = bodies_.load(host_);
  if (!bodies) return std::move(bodies).error();
  uint64_t last_round = 0;
  for (auto& entry : *entries) {
    auto& feed = *feeds_.emplace_back(std::make_unique<Feed>(std::move(entry)));
    const auto given = std::find_if(positions.begin(), positions.end(),
                                    [&](const Position& position) { return position.stream == feed.entry.name; });
    resume(feed, (*bodies)[feed.entry.name], given == positions.end() ? nullptr : &*given);
    bodies->erase(feed.entry.name);
    last_round = std::max(last_round, feed.newest.round);
  }
  for (const auto& [name, left] : *bodies) {
    host_.warning(name + " is configured no more: what was fetched of it and not stored is dropped");
    for (const auto& body : left) to_remove_.emplace_back(name, body.number);
  }
  if (is_round()) LEVADA_TRY(rounds_.begin(last_round));
  for (auto& feed : feeds_) {
    feed->is_through = is_round() && feed->newest.round == rounds_.number() && feed->newest.next.empty();
    if (feed->is_through) feed->outcome.state = LEVADA_OUTCOME_GOOD;
    feed->due_ns = !feed->newest.next.empty() ? 0 : schedule_.due(feed->newest.fetched_ns, host_.now().count());
  }
  remove_stored();
  return {};
}

void HttpFetch::resume(Feed& feed, const std::vector<FetchPosition>& bodies, const Position* position) {
  std::optional<FetchPosition> at;
  if (position) {
    at = parse_position(position->position);
    if (!at) host_.warning("the position " + position->position + " was not given by http_fetch, and is left out");
    else feed.given = feed.acknowledged = position->position;
  }
  for (const auto& body : bodies) {
    if (at && (body.number < at->number || (body.number == at->number && at->is_over))) {
      to_remove_.emplace_back(feed.entry.name, body.number);
      continue;
    }
    feed.stored.push_back(body.number);
    auto& waiting = feed.waiting.emplace_back(body);
    if (at && body.number == at->number) waiting.place = at->place;
    feed.newest = body;
  }
  if (at && at->number >= feed.newest.number) {
    if (at->number > feed.newest.number) feed.newest = *at;
    if (!at->is_over && feed.stored.empty() && at->number > 0) {
      host_.warning(feed.entry.name + ": what was fetched of it is gone from " + bodies_.folder() +
                    ": it is fetched again, and its rows may come twice");
      feed.newest.version = {};
      feed.newest.round = 0;
      feed.newest.fetched_ns = 0;
      feed.newest.next.clear();
      feed.jumps = true;
    }
  }
  if (!feed.waiting.empty()) ready_.push_back(&feed);
}

Result<Batch> HttpFetch::poll(std::chrono::nanoseconds timeout) {
  const auto begun = host_.monotonic();
  const auto really_begun = std::chrono::steady_clock::now();
  remove_stored();
  // Requests stood still while there was no room for their rows.
  if (begun - polled_at_ > kLeft)
    for (auto& feed : feeds_) feed->was_left = feed->fetch && feed->fetch->under_way();
  auto batch = poll_until(begun + timeout, really_begun + timeout);
  polled_at_ = host_.monotonic();
  return batch;
}

Result<Batch> HttpFetch::poll_until(Time end, std::chrono::steady_clock::time_point real_end) {
  for (;;) {
    LEVADA_TRY(fetch_on(0ns));
    auto batch = give();
    if (!batch) return std::move(batch).error();
    if (*batch) return **std::move(batch);
    if (host_.until_drained() && is_through()) {
      LEVADA_TRY(end_round());
      return levada::end();
    }
    if (is_woken_.exchange(false)) return idle();
    const bool is_waited_for = transfers_.under_way() > 0;
    Time left = end - host_.monotonic();
    // Servers are waited for in real time.
    if (is_waited_for) left = std::min<Time>(left, real_end - std::chrono::steady_clock::now());
    if (left <= 0ns) return idle();
    const auto wait = std::min(left, next_due());
    if (wait <= 0ns) continue;
    if (is_waited_for) LEVADA_TRY(fetch_on(wait));
    else watch_.wait(std::max<Time>(wait, 1ms));
  }
}

bool HttpFetch::is_through() const {
  return std::all_of(feeds_.begin(), feeds_.end(), [](const auto& feed) {
    return feed->is_through && !feed->is_fetching() && feed->waiting.empty() && !feed->has_news;
  });
}

// Once nothing of it can be asked for again.
Done HttpFetch::end_round() {
  if (!rounds_.is_open() || !is_through()) return {};
  for (const auto& feed : feeds_)
    if (feed->is_outstanding()) return {};
  return rounds_.end();
}

Done HttpFetch::acknowledge(std::string_view stream, std::string_view text) {
  const auto position = parse_position(text);
  if (!position) return fatal("a position that http_fetch has not given: " + std::string(text));
  const auto found =
      std::find_if(feeds_.begin(), feeds_.end(), [&](const auto& feed) { return feed->entry.name == stream; });
  if (found == feeds_.end()) return {};
  Feed& feed = **found;
  feed.acknowledged = text;
  while (!feed.stored.empty() &&
         (feed.stored.front() < position->number || (feed.stored.front() == position->number && position->is_over))) {
    to_remove_.emplace_back(feed.entry.name, feed.stored.front());
    feed.stored.pop_front();
  }
  remove_stored();
  return end_round();
}

// What cannot be removed now is removed later.
void HttpFetch::remove_stored() {
  std::erase_if(to_remove_, [this](const auto& body) { return bodies_.remove(body.first, body.second).ok(); });
}

void HttpFetch::wake() {
  is_woken_ = true;
  transfers_.wake();
  watch_.wake();
}

Done HttpFetch::close(std::chrono::nanoseconds) {
  for (auto& feed : feeds_) {
    feed->fetch.reset();
    feed->copy.reset();
  }
  oauth_.stop();
  return {};
}

const void* HttpFetch::extension(std::string_view id) {
  if (id == LEVADA_BACKLOG) return levada::backlog<HttpFetch>();
  return id == LEVADA_OUTCOMES ? levada::outcomes<HttpFetch>() : nullptr;
}

std::vector<BacklogItem> HttpFetch::backlog() const {
  std::vector<BacklogItem> items;
  BacklogItem others{.count = 0, .total = 0};
  for (const auto& feed : feeds_)
    for (const auto& body : feed->waiting) {
      const auto done = feed.get() == reading_ && &body == &feed->waiting.front() ? offset_ : body.place.offset;
      const auto total = static_cast<int64_t>(body.version.bytes);
      if (items.size() < kMostNamed) {
        items.push_back({.name = feed->entry.name, .done = static_cast<int64_t>(done), .total = total});
      } else {
        ++others.count;
        others.total += total;
      }
    }
  if (others.count > 0) items.push_back(others);
  return items;
}

std::vector<OutcomeItem> HttpFetch::outcomes() const {
  std::vector<OutcomeItem> items;
  for (const auto& feed : feeds_) items.push_back(feed->outcome);
  return items;
}

}  // namespace levada::http_fetch
