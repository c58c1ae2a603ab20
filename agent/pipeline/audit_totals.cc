// As text: a line for each stream, and behind it one for each file of it; tabs between.
#include "agent/pipeline/audit_totals.h"

#include <algorithm>

#include "agent/base/numbers.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

void add_all(std::vector<AuditCount>& to, const std::vector<AuditCount>& counts) {
  for (const auto& count : counts) add_to_counts(to, count.outcome, count.component, count.reason, count.rows);
}

void merge(AuditTotals::Entry& to, const AuditTotals::Entry& from) {
  to.read += from.read;
  to.delivered += from.delivered;
  add_all(to.counts, from.counts);
}

AuditTotals::Entry& entry_of(AuditTotals::Stream& stream, const std::string& file) {
  // The file that came last is nearly always the one.
  for (auto at = stream.entries.rbegin(); at != stream.entries.rend(); ++at)
    if (at->file == file) return *at;
  if (stream.entries.size() >= AuditTotals::kFiles) {
    merge(stream.entries[0], stream.entries[1]);
    stream.entries[0].file = AuditTotals::kEarlierFiles;
    stream.entries.erase(stream.entries.begin() + 1);
  }
  return stream.entries.emplace_back(AuditTotals::Entry{file, 0, 0, {}});
}

}  // namespace

int64_t AuditTotals::Entry::difference() const {
  int64_t rows = read - delivered;
  for (const auto& count : counts) rows -= count.rows;
  return rows;
}

void AuditTotals::add(const Account& account, int64_t delivered) {
  const uint64_t begin = account.end - static_cast<uint64_t>(account.read);
  const auto [at, is_new] = streams_.try_emplace(account.stream);
  auto& stream = at->second;
  if (is_new) stream.first = begin;
  // The rows before the first that came were in the channel, too.
  if (account.restates && begin < stream.first) {
    stream.missing += static_cast<int64_t>(stream.first - begin);
    stream.first = begin;
  }
  if (begin == 0 && stream.end > 0 && !account.jump && !account.restates) {
    ++stream.restarts;
    stream.end = 0;
  }
  if (is_new || account.jump) stream.end = begin;
  if (begin > stream.end) stream.missing += static_cast<int64_t>(begin - stream.end);
  if (begin < stream.end) stream.doubled += static_cast<int64_t>(std::min(stream.end, account.end) - begin);
  stream.end = std::max(stream.end, account.end);
  last_ = account.stream;
  if (account.read == 0 && delivered == 0) return;
  auto& entry = entry_of(stream, account.file);
  entry.read += account.read;
  entry.delivered += delivered;
  add_all(entry.counts, account.counts);
}

void AuditTotals::add_held(int64_t delivered, const std::vector<AuditCount>& counts) {
  if (streams_.empty()) return;
  const auto last = streams_.find(last_);
  auto& stream = last == streams_.end() ? streams_.begin()->second : last->second;
  auto& entry = stream.entries.empty() ? entry_of(stream, "") : stream.entries.back();
  entry.delivered += delivered;
  add_all(entry.counts, counts);
}

void AuditTotals::take_back(int64_t rows, const std::vector<AuditCount>& counts) {
  // Of which file they were is not known: the last that had as many.
  for (auto& [name, stream] : streams_)
    for (auto at = stream.entries.rbegin(); at != stream.entries.rend(); ++at) {
      if (at->delivered < rows) continue;
      at->delivered -= rows;
      return add_all(at->counts, counts);
    }
}

std::string AuditTotals::encoded() const {
  std::string text;
  for (const auto& [name, stream] : streams_) {
    text += "stream\t" + std::to_string(stream.first) + '\t' + std::to_string(stream.end) + '\t' +
            std::to_string(stream.missing) + '\t' + std::to_string(stream.doubled) + '\t' +
            std::to_string(stream.restarts) + '\t';
    append_escaped(text, name);
    text += '\n';
    for (const auto& entry : stream.entries) {
      text += "file\t" + std::to_string(entry.read) + '\t' + std::to_string(entry.delivered) + '\t';
      append_escaped(text, entry.file);
      append_counts(text, entry.counts);
      text += '\n';
    }
  }
  return text;
}

std::optional<AuditTotals> AuditTotals::decode(std::string_view text) {
  AuditTotals audit;
  Stream* stream = nullptr;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto parts = tab_separated(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (parts[0] == "stream" && parts.size() == 7) {
      stream = &audit.streams_[unescaped(parts[6])];
      if (!read_number(parts[1], stream->first) || !read_number(parts[2], stream->end) ||
          !read_number(parts[3], stream->missing) || !read_number(parts[4], stream->doubled) ||
          !read_number(parts[5], stream->restarts))
        return std::nullopt;
    } else if (parts[0] == "file" && parts.size() >= 4 && stream) {
      auto counts = read_counts(std::span(parts).subspan(4));
      Entry& entry = stream->entries.emplace_back();
      if (!counts || !read_number(parts[1], entry.read) || !read_number(parts[2], entry.delivered)) return std::nullopt;
      entry.file = unescaped(parts[3]);
      entry.counts = *std::move(counts);
    } else {
      return std::nullopt;
    }
  }
  return audit;
}

}  // namespace levada::agent
