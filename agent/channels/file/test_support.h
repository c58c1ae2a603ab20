// What tests of the file channel stand on: a disk and a clock in the test's hands, and batches of
// rows that know where they came from.
#pragma once

#include <string>
#include <vector>

#include "agent/channels/file/file_channel.h"
#include "agent/env/memory_pool.h"
#include "agent/observe/log.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent::testing {

constexpr const char* kFolder = "/data/main";

class ChannelTestBench {
 public:
  ChannelTestBench() {
    current() = this;
    set_log_level(LEVADA_ERROR + 1);  // The failures that tests cause are no news.
    options.name = "channels.main";
    options.folder = kFolder;
  }

  MemoryPool memory;
  // Records are read into memory that is counted and reused, like the rows of plugins.
  const MemoryScope scope{memory.table()};
  testkit::ManualClock clock;
  testkit::MemoryFiles files{clock};
  Metrics metrics;
  FileChannelOptions options;
  const levada_clock clock_table{sizeof(levada_clock), nullptr, [](void*) { return current()->clock.now().count(); },
                                 [](void*) { return current()->clock.monotonic().count(); }};
  Services services{files.table(), &clock_table, &memory, log_service(), &metrics};

  std::unique_ptr<FileChannel> make() {
    return std::make_unique<FileChannel>(options, services, FileChannel::Drive::by_hand);
  }
  int64_t count(const char* name) const { return metrics.value("channels.main", name); }
  // The segments' names, without the folder.
  std::vector<std::string> segments(const std::string& folder = kFolder) const {
    std::vector<std::string> names;
    for (const auto& path : files.paths())
      if (path.starts_with(folder + "/0") && path.ends_with(".log")) names.push_back(path.substr(folder.size() + 1));
    return names;
  }

 private:
  static ChannelTestBench*& current() {
    static ChannelTestBench* bench = nullptr;
    return bench;
  }
};

inline std::string row_text(const std::string& stream, uint64_t row) {
  return "row " + std::to_string(row) + " of the stream " + stream;
}

// Rows `first` to `end` of the stream; without its position where it is a part that was cut off.
inline InFlight rows_of(const std::string& stream, uint64_t first, uint64_t end, bool with_position = true) {
  std::vector<std::string> bodies;
  for (uint64_t row = first; row < end; ++row) bodies.push_back(row_text(stream, row));
  Batch batch = testkit::batch_of(bodies);
  batch.stream = stream;
  batch.sequence = first;
  if (with_position) batch.position = "at " + std::to_string(end);
  InFlight in_flight{.batch = std::move(batch), .stream = stream, .end = end};
  in_flight.account.stream = stream;
  in_flight.account.end = end;
  in_flight.bytes = held_bytes(in_flight.batch);
  in_flight.acknowledgement = std::make_shared<Acknowledgement>(1, std::make_shared<Signal>());
  return in_flight;
}

inline std::vector<std::string> bodies(const std::optional<InFlight>& in_flight) {
  return in_flight ? testkit::texts(in_flight->batch, "body") : std::vector<std::string>{"<none>"};
}

// All that the cursor can read now.
inline std::vector<std::string> drain(FileChannel& channel, size_t cursor) {
  std::vector<std::string> all;
  while (auto in_flight = channel.read(cursor, nanoseconds{0}))
    for (auto& body : bodies(in_flight)) all.push_back(std::move(body));
  return all;
}

inline std::vector<std::string> expected(const std::string& stream, uint64_t first, uint64_t end) {
  std::vector<std::string> all;
  for (uint64_t row = first; row < end; ++row) all.push_back(row_text(stream, row));
  return all;
}

// What a sink that got as far as this batch has committed.
inline Positions committed_at(const InFlight& in_flight) {
  return {{in_flight.stream, {in_flight.stream, in_flight.batch.position, in_flight.end}}};
}

}  // namespace levada::agent::testing
