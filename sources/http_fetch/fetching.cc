// The fetches of the source: what begins, what goes on, and what has come of it.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "http_fetch.h"

namespace levada::http_fetch {
namespace {

using namespace std::chrono_literals;
using Kind = Attempt::Kind;

// As long a disk that failed is left alone.
constexpr auto kDiskPause = 1s;

uint64_t hash_of(const std::string& text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace

// What is known of the list, for the same URL.
Version HttpFetch::version_of(const Feed& feed) const {
  const auto url = hash_of(feed.entry.url);
  Version version = feed.newest.version;
  if (version.url != url || feed.newest.number == 0) version = {};
  version.url = url;
  return version;
}

bool HttpFetch::has_room() const {
  uint64_t bytes = 0;
  for (const auto& feed : feeds_)
    for (const auto& body : feed->waiting) bytes += body.version.bytes - body.place.offset;
  return bytes < static_cast<uint64_t>(settings_.spool_bytes.bytes);
}

size_t HttpFetch::on_their_way() const {
  return static_cast<size_t>(
      std::count_if(feeds_.begin(), feeds_.end(), [](const auto& feed) { return feed->is_on_its_way(); }));
}

Done HttpFetch::fetch_on(Time wait) {
  LEVADA_TRY(start_due());
  if (transfers_.under_way() > 0) {
    for (const auto& [handle, code] : transfers_.proceed(wait)) {
      if (oauth_.handle() == handle) {
        take_token(code);
        continue;
      }
      const auto found = std::find_if(feeds_.begin(), feeds_.end(), [at = handle](const auto& feed) {
        return feed->fetch && feed->fetch->handle() == at;
      });
      if (found == feeds_.end()) continue;
      Feed& feed = **found;
      auto attempt = feed.fetch->ended(code, host_.now());
      if (!attempt) {
        feed.not_before = host_.monotonic() + kDiskPause;
        return std::move(attempt).error();
      }
      LEVADA_TRY(take(feed, *attempt));
    }
  }
  for (auto& feed : feeds_) {
    if (!feed->copy) continue;
    auto attempt = feed->copy->proceed();
    if (!attempt) {
      feed->copy.reset();
      return std::move(attempt).error();
    }
    if (*attempt) LEVADA_TRY(take(*feed, **attempt));
  }
  return {};
}

Done HttpFetch::start_due() {
  auto running = on_their_way();
  if (running >= static_cast<size_t>(settings_.parallel)) return {};
  const auto now = host_.monotonic();
  const auto today = host_.now().count();
  std::optional<bool> room;
  for (auto& feed : feeds_) {
    if (running >= static_cast<size_t>(settings_.parallel)) break;
    if (feed->is_on_its_way() || feed->not_before > now) continue;
    if (!is_due(*feed, today)) continue;
    if (oauth_.is_used() && !feed->entry.is_file() && !oauth_.has_token(now)) {
      if (!oauth_.under_way()) oauth_.start();
      continue;
    }
    if (!room) room = has_room();
    if (!*room) break;
    LEVADA_TRY(start(*feed));
    ++running;
  }
  return {};
}

// It is to be fetched, or tried again, as soon as its time has come.
bool HttpFetch::is_due(const Feed& feed, int64_t today) const {
  return feed.fetch || (is_round() ? !feed.is_through : feed.due_ns <= today);
}

std::string HttpFetch::authorization() const {
  if (oauth_.is_used()) return "Bearer " + oauth_.token();
  return settings_.bearer_token.empty() ? "" : "Bearer " + settings_.bearer_token;
}

// Who waits for a token that is not to be had has failed with it.
void HttpFetch::take_token(CURLcode code) {
  const auto now = host_.monotonic();
  const auto done = oauth_.ended(code, now);
  if (done) return;
  const auto today = host_.now().count();
  for (auto& feed : feeds_)
    if (!feed->entry.is_file() && !feed->is_on_its_way() && feed->not_before <= now && is_due(*feed, today))
      put_off(*feed, {Kind::again, 0, done.error().message});
}

Done HttpFetch::start(Feed& feed) {
  auto known = version_of(feed);
  // A page is asked for as it is: the cursor says which one.
  if (page_rules_.by != PagesBy::none) known = {};
  if (feed.entry.is_file()) {
    feed.copy = std::make_unique<FileCopy>(rules_, feed.entry, bodies_, std::move(known), host_.files());
    return {};
  }
  if (!feed.fetch) {
    feed.asked = feed.newest.next;
    feed.fetch = std::make_unique<Fetch>(rules_, feed.entry, page_url(page_rules_, feed.entry.url, feed.asked), bodies_,
                                         std::move(known), transfers_);
  }
  feed.fetch->start(authorization());
  return {};
}

// What has come of an attempt.
Done HttpFetch::take(Feed& feed, const Attempt& attempt) {
  feed.outcome.status = attempt.status;
  switch (attempt.kind) {
    case Kind::next: feed.fetch->start(authorization()); return {};
    case Kind::again: put_off(feed, attempt); return {};
    case Kind::failed:
      // The token may have been taken back.
      if (attempt.status == 401 && oauth_.is_used() && feed.attempts == 0) {
        oauth_.forget();
        put_off(feed, attempt);
      } else {
        fail(feed, attempt.reason);
      }
      return {};
    case Kind::unchanged: {
      auto version = feed.newest.version;
      if (feed.copy) version.etag = feed.copy->etag();
      take_news(feed, std::move(version));
      return {};
    }
    case Kind::whole: break;
  }
  Version version;
  version.url = hash_of(feed.entry.url);
  if (feed.copy) {
    version.etag = feed.copy->etag();
    return take_body(feed, feed.copy->body(), std::move(version));
  }
  version.etag = feed.fetch->response().header("etag");
  version.last_modified = feed.fetch->response().header("last-modified");
  return take_body(feed, feed.fetch->body(), std::move(version));
}

// The part of a page that rows are made of, and where the next one is.
Done HttpFetch::read_page(Feed& feed, BodyWriter& body, std::string& next) {
  if (page_rules_.by == PagesBy::none && page_rules_.items.empty()) return {};
  auto text = body.text();
  if (!text) return std::move(text).error();
  const auto url = page_url(page_rules_, feed.entry.url, feed.asked);
  auto page =
      http_fetch::read_page(page_rules_, url, feed.asked, feed.fetch ? feed.fetch->response() : HttpResponse(), *text);
  if (!page) return std::move(page).error();
  if (!page_rules_.items.empty()) LEVADA_TRY(body.replace_text(*text));
  if (feed.copy || page->next.empty()) return {};
  if (++feed.pages >= settings_.pages_max) {
    host_.warning(feed.entry.name + " has more than pages_max = " + std::to_string(settings_.pages_max) +
                  " pages: the others are left out");
    return {};
  }
  next = std::move(page->next);
  return {};
}

Done HttpFetch::take_body(Feed& feed, BodyWriter& body, Version version) {
  std::string next;
  if (auto read = read_page(feed, body, next); !read) {
    feed.fetch.reset();
    feed.copy.reset();
    if (read.code() == Code::reject) {
      put_off(feed, {Kind::again, feed.outcome.status, read.error().message});
      return {};
    }
    feed.not_before = host_.monotonic() + kDiskPause;
    return read;
  }
  version.hash = body.hash();
  version.bytes = body.bytes();
  bytes_fetched_.add(static_cast<int64_t>(body.received()));
  feed.outcome.bytes += static_cast<int64_t>(body.received());
  if (body.decoder().is_unknown())
    host_.warning(feed.entry.name + ": its encoding is none that is known here: it passes as it is");
  if (body.decoder().replaced() > 0)
    host_.warning(feed.entry.name + ": " + std::to_string(body.decoder().replaced()) +
                  " places are no text of its encoding");
  const auto known = version_of(feed);
  if (settings_.skip_unchanged && page_rules_.by == PagesBy::none && feed.newest.number > 0 &&
      known.hash == version.hash && known.bytes == version.bytes) {
    take_news(feed, std::move(version));
    return {};
  }
  FetchPosition start;
  start.round = rounds_.number();
  start.number = feed.newest.number + 1;
  start.fetched_ns = host_.now().count();
  start.version = std::move(version);
  start.next = std::move(next);
  if (auto done = bodies_.commit(feed.entry.name, body, start); !done) {
    // It comes again: nothing is known of it.
    feed.fetch.reset();
    feed.copy.reset();
    feed.not_before = host_.monotonic() + kDiskPause;
    return done;
  }
  feed.newest = start;
  feed.stored.push_back(start.number);
  feed.has_news = false;
  if (feed.waiting.empty()) ready_.push_back(&feed);
  feed.waiting.push_back(std::move(start));
  files_fetched_.add();
  feed.outcome.state = LEVADA_OUTCOME_GOOD;
  feed.outcome.reason.clear();
  ended(feed);
  return {};
}

void HttpFetch::take_news(Feed& feed, Version version) {
  feed.newest.round = rounds_.number();
  feed.newest.fetched_ns = host_.now().count();
  feed.newest.version = std::move(version);
  feed.newest.is_over = true;
  feed.has_news = true;
  files_unchanged_.add();
  feed.outcome.state = LEVADA_OUTCOME_UNCHANGED;
  feed.outcome.reason.clear();
  host_.debug(feed.entry.name + " is unchanged");
  ended(feed);
}

void HttpFetch::put_off(Feed& feed, const Attempt& attempt) {
  attempts_failed_.add();
  if (!std::exchange(feed.was_left, false)) {
    if (feed.attempts >= settings_.retries) return fail(feed, attempt.reason);
    ++feed.attempts;
  }
  // Twice as long each time, and none of many at the same moment.
  auto wait = settings_.retry_wait;
  for (int64_t at = 1; at < feed.attempts && wait < settings_.retry_wait_max; ++at) wait *= 2;
  wait = std::min(wait, settings_.retry_wait_max);
  wait -= Time(static_cast<int64_t>(static_cast<double>(wait.count()) * 0.25 *
                                    (static_cast<double>(host_.random() >> 11) * 0x1p-53)));
  wait = std::max(wait, attempt.wait);
  feed.not_before = host_.monotonic() + wait;
  feed.copy.reset();
  host_.warning(feed.entry.name + ": " + attempt.reason + "; attempt " + std::to_string(feed.attempts + 1) + " of " +
                std::to_string(settings_.retries + 1) + " follows in " +
                std::to_string(std::chrono::ceil<std::chrono::milliseconds>(wait).count()) + " ms");
}

void HttpFetch::fail(Feed& feed, const std::string& reason) {
  files_failed_.add();
  host_.error(feed.entry.name + " was not fetched: " + reason);
  ended(feed);
  feed.is_through = true;
  feed.due_ns = schedule_.due(host_.now().count(), host_.now().count());
  feed.outcome.state = LEVADA_OUTCOME_FAILED;
  feed.outcome.reason = reason;
}

void HttpFetch::ended(Feed& feed) {
  feed.fetch.reset();
  feed.copy.reset();
  feed.attempts = 0;
  feed.was_left = false;
  feed.not_before = {};
  // A further page follows at once.
  feed.is_through = feed.newest.next.empty();
  const auto now = host_.now().count();
  feed.due_ns = feed.is_through ? schedule_.due(now, now) : 0;
  if (feed.is_through) feed.pages = 0;
}

// Until something can begin that is not on its way; max where nothing is known to come.
HttpFetch::Time HttpFetch::next_due() const {
  if (std::any_of(feeds_.begin(), feeds_.end(), [](const auto& feed) { return feed->copy != nullptr; })) return 0ns;
  if (on_their_way() >= static_cast<size_t>(settings_.parallel) || !has_room()) return Time::max();
  const auto now = host_.monotonic();
  const auto today = host_.now().count();
  auto due = Time::max();
  for (const auto& feed : feeds_) {
    if (feed->is_on_its_way() || (is_round() && !is_due(*feed, today))) continue;
    // The token wakes it.
    if (oauth_.under_way() && !feed->entry.is_file()) continue;
    auto at = feed->not_before - now;
    if (!feed->fetch && !is_round()) {
      if (feed->due_ns == INT64_MAX) continue;
      at = std::max(at, Time(feed->due_ns - today));
    }
    due = std::min(due, std::max<Time>(at, 0ns));
  }
  return due;
}

}  // namespace levada::http_fetch
