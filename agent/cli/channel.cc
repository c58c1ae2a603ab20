#include "agent/cli/channel.h"

#include <cstdio>

#include "agent/base/json_text.h"
#include "agent/base/numbers.h"
#include "agent/base/row_json.h"
#include "agent/channels/file/log_reader.h"
#include "agent/cli/commands.h"

namespace levada::agent {
namespace {

int failed(const FileChannelOptions& channel, const Error& error, const Secrets& secrets) {
  std::fprintf(stderr, "%s: %s\n", channel.name.c_str(), secrets.hide(error.message).c_str());
  return kFailed;
}

std::string number(uint64_t value) { return grouped(static_cast<int64_t>(value)); }

// What a channel's folder holds. An agent may write to it at the same time.
struct Seen {
  Files files;
  KeyRing keys;
  RecoveredLog log;

  static Result<Seen> look(const FileChannelOptions& channel, const Services& services) {
    Seen seen;
    seen.files = Files(services.files);
    auto keys = KeyRing::create(channel.encryption_key, channel.old_encryption_keys);
    if (!keys) return std::move(keys).error();
    seen.keys = *std::move(keys);
    if (!seen.files.exists(channel.folder)) return fatal(channel.folder + " is not there: the channel was never open");
    // A segment may go while it looks.
    constexpr int kAttempts = 3;
    for (int attempt = 1;; ++attempt) {
      auto log = recover_log(seen.files, channel.folder, seen.keys, Repair::nothing);
      if (!log && log.code() == Code::retry && attempt < kAttempts) continue;
      if (!log) return std::move(log).error();
      seen.log = *std::move(log);
      return seen;
    }
  }
  SegmentReader reader(const Segment& segment) const { return {files, segment.path, log.log_id, keys}; }
  // Where the segment's rows should end.
  uint64_t end_row(const Segment& segment) const {
    return log.is_last(segment) ? log.end.row : (&segment)[1].follows_row;
  }
  // A reader may have been through with it, meanwhile.
  bool is_gone(const Segment& segment) const { return !files.exists(segment.path); }
  uint64_t rows_from(uint64_t row) const {
    uint64_t rows = 0;
    for (const auto& segment : log.segments) {
      const uint64_t first = std::max(segment.first.row, row), end = end_row(segment);
      rows += end > first ? end - first : 0;
    }
    return rows;
  }
};

// What readers have still to deliver, and what is delivered and leaves together
// with the rest of its segment.
std::string rows_of(const Seen& seen) {
  const uint64_t rows = seen.rows_from(0);
  if (seen.log.cursors.readers.empty()) return number(rows) + " rows";
  uint64_t backlog = 0;
  for (const auto& [reader, log_offset] : seen.log.cursors.readers)
    backlog = std::max(backlog, seen.rows_from(log_offset.row));
  return "backlog " + number(backlog) + " rows, delivered " + number(rows - backlog) + " rows";
}

void list(const FileChannelOptions& channel, const Seen& seen, const Secrets& secrets) {
  const auto& segments = seen.log.segments;
  uint64_t bytes = 0;
  for (const auto& segment : segments) bytes += segment.bytes;
  std::printf("%s  %s\n  %s, %s bytes, %s segment%s", channel.name.c_str(), secrets.hide(channel.folder).c_str(),
              rows_of(seen).c_str(), number(bytes).c_str(), number(segments.size()).c_str(),
              segments.size() == 1 ? "" : "s");
  if (!segments.empty()) {
    auto opened = seen.reader(segments.front());
    const auto first =
        opened.next(segments.front().records_at, segments.front().bytes, SegmentReader::Depth::headers, nullptr);
    if (first && *first) {
      std::string time;
      append_time(time, (*first)->header.written_ns / 1000);
      std::printf(", the oldest of %s", time.c_str());
    }
  }
  std::printf("\n");
  for (const auto& [reader, log_offset] : seen.log.cursors.readers)
    std::printf("  %-24s at row %s, %s behind\n", reader.c_str(), number(log_offset.row).c_str(),
                number(seen.rows_from(log_offset.row)).c_str());
}

// Goes through a channel's records, and tells what is wrong with them.
class Verification {
 public:
  Verification(const FileChannelOptions& channel, const Seen& seen, const Secrets& secrets)
      : channel_(channel), seen_(seen), secrets_(secrets) {}

  int run() {
    const auto& segments = seen_.log.segments;
    if (!segments.empty()) expected_ = {std::max(segments.front().follows_row, segments.front().first.row), 0};
    for (const auto& segment : segments)
      if (auto done = check(segment); !done && !seen_.is_gone(segment)) return failed(channel_, done.error(), secrets_);
    check_readers();
    std::printf("%s: %s: %s records with %s rows, %s segments", channel_.name.c_str(),
                faults_ == 0 ? "good" : "DAMAGED", number(records_).c_str(), number(rows_).c_str(),
                number(segments.size()).c_str());
    if (faults_ > 0) std::printf("; %s rows are missing", number(missing_).c_str());
    std::printf("\n");
    return faults_ == 0 ? kOk : kFailed;
  }

 private:
  // Without segments, only readers that are not at the end tell that rows are missing.
  void check_readers() {
    if (!seen_.log.segments.empty() || seen_.log.cursors.readers.empty()) return;
    expected_ = seen_.log.end;
    for (const auto& [reader, log_offset] : seen_.log.cursors.readers) expected_ = std::min(expected_, log_offset);
    if (const auto rows = seen_.log.end.row - expected_.row; rows > 0)
      fault(channel_.folder, 0, "all segments are gone", rows);
  }
  Done check(const Segment& segment) {
    auto opened = seen_.reader(segment);
    auto start = opened.start(true);
    if (!start) return std::move(start).error();
    if (!start->positions_intact) fault(segment.path, 0, "its header is damaged", 0);
    expected_ = std::max(expected_, segment.first);
    for (uint64_t offset = segment.records_at;;) {
      std::optional<uint64_t> damaged_at;
      auto record = opened.next(offset, segment.bytes, SegmentReader::Depth::payloads, &damaged_at);
      if (!record) return std::move(record).error();
      const bool over = !*record || (*record)->header.log_offset >= seen_.log.limit(segment);
      const uint64_t row = over ? seen_.end_row(segment) : (*record)->header.log_offset.row;
      const uint64_t rows = row > expected_.row ? row - expected_.row : 0;
      // What follows the last record that counts may be anything.
      if (rows > 0 || (damaged_at && !over))
        fault(segment.path, damaged_at.value_or(offset), damaged_at ? "a record is damaged" : "records are gone", rows);
      if (over) {
        expected_.row = std::max(expected_.row, row);
        return {};
      }
      ++records_;
      rows_ += (*record)->header.rows;
      expected_ = (*record)->header.end();
      offset = (*record)->end();
    }
  }
  void fault(const std::string& path, uint64_t offset, const char* what, uint64_t rows) {
    ++faults_;
    missing_ += rows;
    std::printf("%s:%llu: %s", secrets_.hide(path).c_str(), static_cast<unsigned long long>(offset), what);
    if (rows > 0)
      std::printf("; %s rows from row %s on are missing", number(rows).c_str(), number(expected_.row).c_str());
    std::printf("\n");
  }

  const FileChannelOptions& channel_;
  const Seen& seen_;
  const Secrets& secrets_;
  LogOffset expected_;
  uint64_t records_ = 0, rows_ = 0, missing_ = 0, faults_ = 0;
};

// Prints the rows of the record that are wanted; gives how many.
uint64_t dump(const SegmentReader::Record& record, uint64_t from, uint64_t most) {
  const Batch& batch = record.in_flight->batch;
  const RowJson json(batch);
  std::string text;
  uint64_t printed = 0;
  for (int64_t row = 0; row < batch.rows() && printed < most; ++row) {
    const uint64_t number = record.header.log_offset.row + static_cast<uint64_t>(row);
    if (number < from) continue;
    text += "{\"@row\":" + std::to_string(number) + ",\"@stream\":";
    append_json_text(text, batch.stream);
    json.append(text, row);
    text += "}\n";
    ++printed;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return printed;
}

}  // namespace

int list_channels(const std::vector<FileChannelOptions>& channels, const Services& services, const Secrets& secrets) {
  int code = kOk;
  for (const auto& channel : channels) {
    const auto seen = Seen::look(channel, services);
    if (seen) list(channel, *seen, secrets);
    if (!seen) code = failed(channel, seen.error(), secrets);
  }
  return code;
}

int verify_channels(const std::vector<FileChannelOptions>& channels, const Services& services, const Secrets& secrets) {
  int code = kOk;
  for (const auto& channel : channels) {
    const auto seen = Seen::look(channel, services);
    const int own = seen ? Verification(channel, *seen, secrets).run() : failed(channel, seen.error(), secrets);
    code = std::max(code, own);
  }
  return code;
}

int dump_channel(const FileChannelOptions& channel, const Services& services, uint64_t from,
                 std::optional<uint64_t> rows, const Secrets& secrets) {
  const auto seen = Seen::look(channel, services);
  if (!seen) return failed(channel, seen.error(), secrets);
  uint64_t most = rows.value_or(~uint64_t{0});
  LogReader reader(seen->files, seen->log, seen->keys);
  while (most > 0) {
    const auto record = reader.next(from);
    if (!record) return failed(channel, record.error(), secrets);
    if (!*record) break;
    most -= dump(**record, from, most);
  }
  return kOk;
}

}  // namespace levada::agent
