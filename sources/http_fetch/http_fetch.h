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
#include "levada/sdk.h"
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

 private:
  using Time = std::chrono::nanoseconds;

  HttpFetch(Settings settings, std::vector<Entry> entries, Schedule schedule, Host host);
  Result<std::vector<Entry>> listed() const;
  void resume(Feed& feed, const std::vector<FetchPosition>& bodies, const Position* position);
  bool is_round() const { return host_.until_drained() || schedule_.is_once(); }

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
  const std::string authorization_;
  const Host host_;
  Counter files_fetched_, files_unchanged_, files_failed_, attempts_failed_, bytes_fetched_;
  Bodies bodies_;
  Rounds rounds_;
  rows::FolderWatch watch_;
  CurlTransfers transfers_;
  std::atomic<bool> is_woken_ = false;

  std::vector<std::unique_ptr<Feed>> feeds_;
  std::optional<rows::RowBuffer> rows_;
  std::deque<Feed*> ready_;  // Those with bodies, in the order in which they came.
  Feed* reading_ = nullptr;
  File file_;
  uint64_t offset_ = 0;  // Read so far.
  std::vector<std::pair<std::string, uint64_t>> to_remove_;
};

}  // namespace levada::http_fetch
