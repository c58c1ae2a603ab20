// An entry and all that is known of it: what it has on disk, how far its rows are given, what is
// being fetched.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "entry.h"
#include "fetch.h"
#include "file_copy.h"
#include "levada/outcomes.h"
#include "position.h"

namespace levada::http_fetch {

struct Feed {
  explicit Feed(Entry of) : entry(std::move(of)) { outcome.name = entry.name; }

  const Entry entry;
  FetchPosition newest;               // Of the last answer: number 0 where there is none.
  std::deque<FetchPosition> waiting;  // Bodies whose rows are to be given, from there on; oldest first.
  std::deque<uint64_t> stored;        // Numbers of bodies that are on disk.
  bool has_news = false;              // An answer without a body is to be said by a batch without rows.
  std::string given, acknowledged;    // The last position of each.
  bool jumps = false;                 // Rows before the next batch are gone.

  bool is_through = false;       // In this round, well or not.
  int64_t due_ns = 0;            // When it is fetched next, since 1970.
  std::string asked;             // The page that is fetched; empty: the first one, or the whole.
  int64_t pages = 0;             // Of this fetch.
  std::unique_ptr<Fetch> fetch;  // Under way, or waiting for its next attempt.
  std::unique_ptr<FileCopy> copy;
  bool was_left = false;  // Its request waited for the source to be polled, and may have failed by that.
  int64_t attempts = 0;   // Of it that have failed.
  std::chrono::nanoseconds not_before{0};  // Monotonic.

  int64_t rows = 0;     // Of the body that is being given.
  OutcomeItem outcome;  // Of its last fetch.

  bool is_fetching() const { return fetch != nullptr || copy != nullptr; }
  bool is_on_its_way() const { return copy != nullptr || (fetch && fetch->under_way()); }
  bool is_outstanding() const { return !waiting.empty() || has_news || given != acknowledged; }
};

}  // namespace levada::http_fetch
