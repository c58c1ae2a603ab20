// The source `http_fetch`: fetches published lists, once or again and again; each list is a stream.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bodies.h"
#include "feed.h"
#include "http/curl_transfers.h"
#include "levada/backlog.h"
#include "levada/outcomes.h"
#include "levada/sdk.h"
#include "oauth.h"
#include "pages.h"
#include "rounds.h"
#include "rows/folder_watch.h"
#include "rows/row_buffer.h"
#include "schedule.h"
#include "settings.h"

namespace levada::http_fetch {

class HttpFetch : public Source {
 public:
  using Settings = FetchSettings;
  static constexpr auto& options = kFetchOptions;
  static Result<std::unique_ptr<HttpFetch>> create(Settings settings, Host host);

  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view stream, std::string_view position) override;
  void wake() override;
  Done close(std::chrono::nanoseconds timeout) override;

  const void* extension(std::string_view id);
  std::vector<BacklogItem> backlog() const;
  std::vector<OutcomeItem> outcomes() const;

 private:
  using Time = std::chrono::nanoseconds;

  HttpFetch(Settings settings, std::vector<Entry> entries, Schedule schedule, Host host);
  Result<std::vector<Entry>> listed() const;
  void resume(Feed& feed, const std::vector<FetchPosition>& bodies, const Position* position);
  bool is_round() const { return host_.until_drained() || schedule_.is_once(); }

  Result<Batch> poll_until(Time end, std::chrono::steady_clock::time_point real_end);

  // The fetches: what has ended, what goes on, what begins.
  Done fetch_on(Time wait);
  Done start_due();
  Done start(Feed& feed);
  Done take(Feed& feed, const Attempt& attempt);
  Done take_body(Feed& feed, BodyWriter& body, Version version);
  void take_news(Feed& feed, Version version);
  void put_off(Feed& feed, const Attempt& attempt);
  void fail(Feed& feed, const std::string& reason);
  void ended(Feed& feed);
  Version version_of(const Feed& feed) const;
  Done read_page(Feed& feed, BodyWriter& body, std::string& next);
  bool is_due(const Feed& feed, int64_t today) const;
  void take_token(CURLcode code);
  std::string authorization() const;
  bool has_room() const;
  size_t on_their_way() const;
  Time next_due() const;

  // The rows.
  Result<std::optional<Batch>> give();
  Result<std::optional<Batch>> give_rows(Feed& feed);
  Batch with_columns(const Feed& feed, Batch batch) const;
  Batch handed_over(Feed& feed, Batch batch, const FetchPosition& position);
  void stop_reading();

  bool is_through() const;
  Done end_round();
  void remove_stored();

  const Settings settings_;
  const FetchRules rules_;
  const std::vector<Entry> entries_;  // Of the configuration.
  const Schedule schedule_;
  const PageRules page_rules_;
  const OAuthRules oauth_rules_;
  const Host host_;
  Counter files_fetched_, files_unchanged_, files_failed_, attempts_failed_, bytes_fetched_;
  Bodies bodies_;
  Rounds rounds_;
  rows::FolderWatch watch_;
  CurlTransfers transfers_;
  OAuth oauth_;
  std::atomic<bool> is_woken_ = false;

  std::vector<std::unique_ptr<Feed>> feeds_;
  std::optional<rows::RowBuffer> rows_;
  std::deque<Feed*> ready_;  // Those with bodies, in the order in which they came.
  Feed* reading_ = nullptr;
  File file_;
  uint64_t offset_ = 0;  // Read so far.
  Time polled_at_{0};    // When a poll ended last.
  std::vector<std::pair<std::string, uint64_t>> to_remove_;
};

}  // namespace levada::http_fetch
