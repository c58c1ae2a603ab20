// The rows of the source: bodies that are on disk become batches.
#include <algorithm>

#include "http_fetch.h"

namespace levada::http_fetch {

using Rows = std::optional<Batch>;

Result<std::optional<Batch>> HttpFetch::give() {
  if (!ready_.empty()) {
    auto batch = give_rows(*ready_.front());
    if (!batch && reading_) stop_reading();
    return batch;
  }
  for (auto& feed : feeds_) {
    if (!feed->has_news) continue;
    feed->has_news = false;
    return Rows(handed_over(*feed, Batch(0), feed->newest));
  }
  return Rows();
}

Result<std::optional<Batch>> HttpFetch::give_rows(Feed& feed) {
  auto& at = feed.waiting.front();
  if (!reading_) {
    auto file = bodies_.open(feed.entry.name, at.number);
    if (!file) return std::move(file).error();
    file_ = *std::move(file);
    reading_ = &feed;
    offset_ = at.place.offset;
    rows_->start_file(feed.entry.name, at.place);
    feed.rows = 0;
  }
  const auto bytes = at.version.bytes;
  if (!rows_->split_rest()) {
    while (!rows_->full() && offset_ < bytes) {
      const auto room = rows_->room(bytes - offset_);
      auto got = file_.read(room.data(), std::min<uint64_t>(room.size(), bytes - offset_), offset_);
      if (!got) return std::move(got).error();
      if (*got == 0) return fatal(file_.path() + " was cut short while it was read");
      offset_ += *got;
      rows_->filled(*got);
      rows_->split();
    }
  }
  const bool is_over = offset_ == bytes && !rows_->full();
  if (is_over) rows_->end_file();
  if (rows_->rows() == 0 && !is_over) return Rows();
  Batch batch = rows_->rows() > 0 ? rows_->finish() : Batch(0);
  at.place = rows_->place();
  at.is_over = is_over;
  feed.rows += batch.rows();
  feed.outcome.rows += batch.rows();
  auto position = at;
  if (is_over) {
    host_.info(feed.entry.name + ": " + std::to_string(feed.rows) + " rows, " + std::to_string(bytes) + " bytes");
    stop_reading();
    feed.waiting.pop_front();
    ready_.pop_front();
    if (!feed.waiting.empty()) ready_.push_back(&feed);
  }
  return Rows(handed_over(feed, with_columns(feed, std::move(batch)), position));
}

Batch HttpFetch::with_columns(const Feed& feed, Batch batch) const {
  if (batch.rows() == 0) return Batch(0);
  for (const auto& column : settings_.columns) {
    if (const auto* value = feed.entry.value(column)) {
      batch.set(repeat(column, *value, batch.rows()));
      continue;
    }
    TextBuilder nulls(batch.rows());
    for (int64_t row = 0; row < batch.rows(); ++row) nulls.append_null();
    batch.set(std::move(nulls).finish(column, Type::text));
  }
  return batch;
}

Batch HttpFetch::handed_over(Feed& feed, Batch batch, const FetchPosition& position) {
  batch.stream = feed.entry.name;
  batch.position = text_of(position);
  batch.jump = std::exchange(feed.jumps, false);
  feed.given = batch.position;
  return batch;
}

// What was read and not given is read again.
void HttpFetch::stop_reading() {
  if (rows_) {
    rows_->drop_rest();
    if (rows_->rows() > 0) (void)rows_->finish();
  }
  file_ = File();
  reading_ = nullptr;
}

}  // namespace levada::http_fetch
