// What the records of a system look like: for each kind, a function of
// the seed and the row's number.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "random.h"
#include "writer.h"

namespace levada::generate {

enum class Record { bot_events, access_log, ad_views, app_log, click_log };

struct RecordSettings {
  uint64_t seed = 0;
  uint32_t bots = 0, users = 0;  // bot_events
  double incomplete = 0;         // click_log
  double broken = 0;
  int64_t start_us = 0;        // Event time of row 0, since 1970.
  double rows_per_second = 0;  // Of event time; 0: as the kind has it.
  bool array = false;          // Rows are the elements of one JSON array:
  uint64_t rows = 0;           // of that many.
};

// How a line of the kind can be broken so that no parser takes it.
enum class Shape {
  json,    // Cut short, an extra comma, or single quotes.
  quoted,  // Its last quote goes.
  free     // Not at all: any line is one.
};

class Records {
 public:
  virtual ~Records() = default;
  // No row is longer.
  virtual size_t longest() const = 0;
  // Writes rows `first` .. `first + count - 1`, one behind the other, and where each
  // ends. Gives how many were broken.
  virtual uint64_t write(uint64_t first, uint64_t count, char* at, std::vector<char*>& ends) = 0;
};

// Whether the lines of a kind have a shape that can be broken, or stand in a JSON array.
Shape shape_of(Record record);
std::unique_ptr<Records> make_records(Record record, const RecordSettings& settings);

}  // namespace levada::generate
