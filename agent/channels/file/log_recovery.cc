#include "agent/channels/file/log_recovery.h"

#include <algorithm>
#include <random>

namespace levada::agent {
namespace {

constexpr std::string_view kChannelLine = "levada channel ";
// Readers may have seen more row numbers than a crash has left. No crash takes away as many rows as
// this, and there are numbers for four billion such crashes.
constexpr uint64_t kRowsLeftOut = uint64_t{1} << 32;

uint64_t random_id() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

// A record of the last segment, with what a start needs to know of it.
struct Scanned {
  uint64_t offset, end_offset;
  RecordHeader header;
  Position position;
};

void advance(Positions& positions, const Position& position) {
  if (!position.position.empty()) positions[position.stream] = position;
}

class Recovery {
 public:
  Recovery(const Files& files, const std::string& folder, const KeyRing& keys, Repair repair)
      : files_(files), folder_(folder), keys_(keys), repair_(repair) {}

  Result<RecoveredLog> run() {
    LEVADA_TRY(list());
    LEVADA_TRY(read_log_id());
    LEVADA_TRY(read_starts());
    auto cursors = CursorFile::load(files_, folder_, log_.log_id, keys_);
    if (!cursors) return std::move(cursors).error();
    log_.cursors = *std::move(cursors);
    if (!log_.segments.empty()) {
      LEVADA_TRY(read_positions());
      LEVADA_TRY(scan_last());
    }
    find_lost();
    log_.next = std::max(log_.end, log_.cursors.durable_end);
    for (const auto& [reader, log_offset] : log_.cursors.readers) log_.next = std::max(log_.next, log_offset);
    if (leave_out_ || log_.next != log_.end) log_.next = {log_.next.row + kRowsLeftOut, 0};
    return std::move(log_);
  }

 private:
  Done list();
  Done read_log_id();
  Done read_starts();
  Done read_positions();
  Done scan_last();
  void find_lost();
  Done cut(const std::string& path, uint64_t bytes);
  SegmentReader reader(const Segment& segment) const { return {files_, segment.path, log_.log_id, keys_}; }

  const Files files_;
  const std::string folder_;
  const KeyRing& keys_;
  const Repair repair_;
  RecoveredLog log_;
  uint32_t last_flags_ = 0;
  bool tail_damaged_ = false, leave_out_ = false;
};

Done Recovery::list() {
  if (repair_ == Repair::all) LEVADA_TRY(files_.make_folder(folder_));
  auto entries = files_.list(folder_);
  if (!entries) return std::move(entries).error();
  for (const auto& entry : *entries) {
    const auto first = parse_segment_name(entry.name);
    if (entry.is_folder || !first) continue;
    Segment& segment = log_.segments.emplace_back();
    segment.path = folder_ + "/" + entry.name;
    segment.first = *first;
    segment.follows_row = first->row;
  }
  std::ranges::sort(log_.segments, {}, &Segment::first);
  uint64_t serial = 0;
  for (auto& segment : log_.segments) segment.serial = ++serial;
  return {};
}

Done Recovery::read_log_id() {
  const std::string path = folder_ + "/channel";
  levada_file_info info{};
  const auto found = files_.stat(path, info);
  if (found < 0 && found != -ENOENT) return file_error("stat", path, found);
  if (found == 0) {
    auto text = files_.read_whole(path);
    if (!text) return std::move(text).error();
    const std::string_view rest = *text;
    const auto line = rest.substr(0, rest.find('\n'));
    if (line.starts_with(kChannelLine)) {
      const auto version = line.substr(kChannelLine.size());
      if (version != std::to_string(kFormatVersion) && version != std::to_string(kOldestVersion))
        return fatal(path + " says \"" + std::string(line) + "\", and this levada reads versions up to " +
                     std::to_string(kFormatVersion) + ": run the version that wrote it until the channel is empty");
      const auto id = rest.size() >= line.size() + 18 ? parse_hex(rest.substr(line.size() + 1, 16)) : std::nullopt;
      if (id) {
        log_.log_id = *id;
        return {};
      }
    }
  }
  // It is lost or damaged: each segment says it, too.
  for (const auto& segment : log_.segments) {
    auto start = reader(segment).start(false);
    if (!start) return std::move(start).error();
    if (start->intact) log_.log_id = start->header.log_id;
  }
  if (repair_ == Repair::nothing)
    return log_.log_id ? Done() : Done(fatal(folder_ + " is no channel: it has no file \"channel\""));
  if (log_.log_id == 0) log_.log_id = random_id();
  const std::string text = std::string(kChannelLine) + std::to_string(kFormatVersion) + '\n' + hex(log_.log_id) + '\n';
  return files_.replace(path, text);
}

Done Recovery::read_starts() {
  for (auto& segment : log_.segments) {
    auto opened = reader(segment);
    auto bytes = opened.size();
    if (!bytes) return std::move(bytes).error();
    segment.bytes = *bytes;
    auto start = opened.start(false);
    if (!start) return std::move(start).error();
    segment.damaged = !start->intact || start->header.first != segment.first || start->header.log_id != log_.log_id;
    last_flags_ = segment.damaged ? SegmentHeader::kReadUnsynced : start->header.flags;
    if (segment.damaged) continue;
    segment.follows_row = start->header.follows_row;
    segment.records_at = start->header.bytes();
    segment.created_ns = start->header.created_ns;
  }
  return {};
}

// Out of the last segment whose start is intact, and of the records
// between it and the last segment.
Done Recovery::read_positions() {
  size_t from = log_.segments.size();
  while (from > 0) {
    auto start = reader(log_.segments[--from]).start(true);
    if (!start) return std::move(start).error();
    if (!start->positions_intact) {
      log_.segments[from].damaged = true;
      continue;
    }
    log_.positions = std::move(start->positions);
    break;
  }
  for (; from + 1 < log_.segments.size(); ++from) {
    const Segment& segment = log_.segments[from];
    auto opened = reader(segment);
    for (uint64_t offset = segment.records_at;;) {
      auto record = opened.next(offset, segment.bytes, SegmentReader::Depth::payloads, nullptr);
      if (!record) return std::move(record).error();
      if (!*record || (*record)->header.log_offset >= log_.segments[from + 1].first) break;
      offset = (*record)->end();
      const InFlight& in_flight = *(*record)->in_flight;
      advance(log_.positions, {in_flight.stream, in_flight.batch.position, in_flight.end});
    }
  }
  return {};
}

Done Recovery::scan_last() {
  Segment& last = log_.segments.back();
  const CursorFile& hint = log_.cursors;
  const bool hinted = hint.segment == last.first;
  uint64_t durable = hinted ? hint.durable_bytes : 0;
  std::vector<Scanned> found;
  auto opened = reader(last);
  for (uint64_t offset = last.records_at;;) {
    auto record = opened.next(offset, last.bytes, SegmentReader::Depth::payloads, nullptr);
    if (!record) return std::move(record).error();
    if (!*record) break;
    offset = (*record)->end();
    const InFlight& in_flight = *(*record)->in_flight;
    found.push_back(
        {(*record)->offset, offset, (*record)->header, {in_flight.stream, in_flight.batch.position, in_flight.end}});
    durable = std::max(durable, (*record)->header.durable_bytes);
  }

  // What was never known to be synced ends at the first record that does not check out: a
  // crash may have kept those behind it, and the sources will send all of them again. Below
  // that, damage is passed over.
  uint64_t reached = last.records_at;
  size_t kept = 0;
  for (; kept < found.size(); ++kept) {
    const bool gap = found[kept].offset != reached;
    if (gap && found[kept].offset > durable) break;
    last.damaged = last.damaged || gap;
    reached = found[kept].end_offset;
  }
  tail_damaged_ = reached < durable;
  last.damaged = last.damaged || tail_damaged_;
  // Parts of a batch count together with the one that has its position.
  while (kept > 0 && found[kept - 1].header.continued() && found[kept - 1].end_offset > durable) --kept;
  found.resize(kept);

  log_.end = found.empty() ? last.first : found.back().header.end();
  reached = found.empty() ? std::min(last.records_at, last.bytes) : found.back().end_offset;
  const uint64_t keep_bytes = tail_damaged_ ? std::min(durable, last.bytes) : reached;
  log_.cut_bytes = last.bytes - keep_bytes;
  last.bytes = keep_bytes;
  for (const auto& each : found) advance(log_.positions, each.position);

  const bool closed = hinted && hint.closed && hint.durable_end == log_.end;
  leave_out_ = !closed && (last_flags_ & SegmentHeader::kReadUnsynced);
  return repair_ == Repair::all ? cut(last.path, last.bytes) : Done();
}

// What was synced and is not there. Sources were told that these rows are stored, and may not have
// them any more: they go on behind them, and the numbers that are left out say how many there were.
void Recovery::find_lost() {
  for (const auto& [stream, position] : log_.cursors.sources) {
    Position& found = log_.positions[stream];
    if (!found.stream.empty() && found.sequence >= position.sequence) continue;
    log_.lost[stream] = found.sequence;
    found = position;
  }
  if (log_.lost.empty() && !tail_damaged_) return;
  log_.end = std::max(log_.end, log_.cursors.durable_end);
  leave_out_ = true;
}

// Also makes sure that what was found is on the disk, for its sources are told so.
Done Recovery::cut(const std::string& path, uint64_t bytes) {
  auto file = files_.open(path, LEVADA_WRITE);
  if (!file) return std::move(file).error();
  if (log_.cut_bytes > 0) LEVADA_TRY(file->truncate(bytes));
  LEVADA_TRY(file->sync());
  return files_.sync_folder(folder_);
}

}  // namespace

Result<RecoveredLog> recover_log(const Files& files, const std::string& folder, const KeyRing& keys, Repair repair) {
  return Recovery(files, folder, keys, repair).run();
}

}  // namespace levada::agent
