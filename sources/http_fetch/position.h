// Where a fetched list stands, as text: which body of it, how far in that, and what the server is
// asked with the next time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rows/place.h"

namespace levada::http_fetch {

// What tells one state of a list from the next.
struct Version {
  uint64_t url = 0;   // XXH3 of the URL that it came from.
  uint64_t hash = 0;  // XXH3 of the body, and its bytes, as text that rows are made of.
  uint64_t bytes = 0;
  std::string etag, last_modified;  // As the server sent them; of a file: its size and times as etag.
  bool operator==(const Version&) const = default;
};

struct FetchPosition {
  uint64_t round = 0;   // The run in which it was asked for; see Rounds.
  uint64_t number = 0;  // Of the body: the first one is 1; 0 where none has come yet.
  rows::Place place;
  bool is_over = false;    // All of the body was given.
  int64_t fetched_ns = 0;  // When the server answered, since 1970.
  Version version;
  std::string next;  // The page to ask for next, see Pages; empty: none.
};

std::string text_of(const FetchPosition& position);
// Nothing where it is none.
std::optional<FetchPosition> parse_position(std::string_view text);

}  // namespace levada::http_fetch
