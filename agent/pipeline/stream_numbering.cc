#include "agent/pipeline/stream_numbering.h"

#include <algorithm>

namespace levada::agent {
namespace {

constexpr std::string_view kFileColumn = "file";

bool is_behind(const Position& one, const Position& other) { return one.sequence < other.sequence; }

// The file that the first row is of, where the source says so.
std::string file_of(const Batch& batch) {
  const Column* files = batch.text(kFileColumn);
  return files && batch.rows() > 0 ? std::string(files->text(0)) : std::string();
}

// How many rows, from `first` on, are of the same file. Files come one after the other.
int64_t rows_of_file(const Batch& batch, int64_t first) {
  const Column* files = batch.text(kFileColumn);
  const int64_t rows = batch.rows();
  if (!files || first == rows) return rows - first;
  const auto file = files->text(first);
  if (files->text(rows - 1) == file) return rows - first;
  int64_t end = first + 1;
  while (files->text(end) == file) ++end;
  return end - first;
}

}  // namespace

Position StreamNumbering::start(const std::string& stream, std::vector<Position> positions,
                                const std::vector<uint64_t>& marks) {
  const Position start = *std::min_element(positions.begin(), positions.end(), is_behind);
  for (const auto mark : marks) positions.push_back({stream, "", mark});
  std::stable_sort(positions.begin(), positions.end(), is_behind);
  const auto own = own_name(stream);
  auto& known = stream_of(own);
  known.next = start.sequence;
  for (const auto& position : positions)
    if (position.sequence > start.sequence) known.cuts.push_back(position);
  return {own, start.position, start.sequence};
}

std::vector<InFlight> StreamNumbering::number(Batch batch) {
  auto& stream = stream_of(batch.stream);
  auto& cuts = stream.cuts;
  if (batch.jump && !cuts.empty()) {
    // Their numbers must be none that a sink has seen.
    stream.next = std::max(stream.next, cuts.back().sequence);
    cuts.clear();
  }
  batch.stream = stream.name;
  batch.sequence = stream.next;
  stream.next += static_cast<uint64_t>(batch.rows());
  std::vector<InFlight> parts;
  for (int64_t first = 0;;) {
    const uint64_t begin = batch.sequence + static_cast<uint64_t>(first);
    while (!cuts.empty() && cuts.front().sequence <= begin) cuts.pop_front();
    const uint64_t end = end_of_part(stream, batch, first);
    const auto count = static_cast<int64_t>(end - begin);
    if (count == batch.rows()) {
      parts.push_back(part_of(stream, std::move(batch), end));
      return parts;
    }
    Batch part = batch.slice(first, count);
    part.sequence = begin;
    part.jump = batch.jump && first == 0;
    // At another cut than a sink's the source cannot go on: no commit falls there, see SinkRunner.
    if (end != stream.next)
      part.position = !cuts.empty() && end == cuts.front().sequence ? cuts.front().position : std::string();
    parts.push_back(part_of(stream, std::move(part), end));
    if (end == stream.next) return parts;
    first += count;
  }
}

StreamNumbering::Stream& StreamNumbering::stream_of(const std::string& own) {
  const auto [at, is_new] = streams_.try_emplace(own);
  if (is_new) at->second.name = full_name(own);
  return at->second;
}

// The number behind the part of the batch that begins at row `first`.
uint64_t StreamNumbering::end_of_part(const Stream& stream, const Batch& batch, int64_t first) const {
  const uint64_t begin = batch.sequence + static_cast<uint64_t>(first);
  uint64_t end = stream.next;
  if (!stream.cuts.empty()) end = std::min(end, stream.cuts.front().sequence);
  if (block_rows_ > 0) end = std::min(end, (begin / block_rows_ + 1) * block_rows_);
  // Each file has an account of its own.
  return std::min(end, begin + static_cast<uint64_t>(rows_of_file(batch, first)));
}

InFlight StreamNumbering::part_of(const Stream& stream, Batch batch, uint64_t end) {
  InFlight part{.batch = std::move(batch), .stream = stream.name, .end = end};
  part.account = {.stream = stream.name,
                  .end = end,
                  .read = part.batch.rows(),
                  .jump = part.batch.jump,
                  .file = file_of(part.batch),
                  .counts = {}};
  return part;
}

}  // namespace levada::agent
