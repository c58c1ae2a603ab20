// As text: a line for each stream, and behind it one for each file of it; tabs between.
#include "agent/pipeline/ledger.h"

#include <algorithm>

#include "agent/base/numbers.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

void add_all(std::vector<Loss>& to, const std::vector<Loss>& losses) {
  for (const auto& loss : losses) add_loss(to, loss.fate, loss.component, loss.reason, loss.rows);
}

void merge(Ledger::Entry& to, const Ledger::Entry& from) {
  to.read += from.read;
  to.delivered += from.delivered;
  add_all(to.losses, from.losses);
}

Ledger::Entry& entry_of(Ledger::Stream& stream, const std::string& file) {
  // The file that came last is nearly always the one.
  for (auto at = stream.entries.rbegin(); at != stream.entries.rend(); ++at)
    if (at->file == file) return *at;
  if (stream.entries.size() >= Ledger::kFiles) {
    merge(stream.entries[0], stream.entries[1]);
    stream.entries[0].file = Ledger::kEarlierFiles;
    stream.entries.erase(stream.entries.begin() + 1);
  }
  return stream.entries.emplace_back(Ledger::Entry{file, 0, 0, {}});
}

}  // namespace

int64_t Ledger::Entry::difference() const {
  int64_t rows = read - delivered;
  for (const auto& loss : losses) rows -= loss.rows;
  return rows;
}

void Ledger::add(const Account& account, int64_t delivered) {
  const uint64_t begin = account.end - static_cast<uint64_t>(account.read);
  const auto [at, is_new] = streams_.try_emplace(account.stream);
  auto& stream = at->second;
  if (is_new) stream.first = begin;
  if (begin == 0 && stream.end > 0 && !account.jump) {
    ++stream.restarts;
    stream.end = 0;
  }
  if (is_new || account.jump) stream.end = begin;
  if (begin > stream.end) stream.missing += static_cast<int64_t>(begin - stream.end);
  if (begin < stream.end) stream.doubled += static_cast<int64_t>(std::min(stream.end, account.end) - begin);
  stream.end = std::max(stream.end, account.end);
  if (account.read == 0 && delivered == 0) return;
  auto& entry = entry_of(stream, account.file);
  entry.read += account.read;
  entry.delivered += delivered;
  add_all(entry.losses, account.losses);
}

void Ledger::take_back(int64_t rows, const std::vector<Loss>& losses) {
  // Of which file they were is not known: the last that had as many.
  for (auto& [name, stream] : streams_)
    for (auto at = stream.entries.rbegin(); at != stream.entries.rend(); ++at) {
      if (at->delivered < rows) continue;
      at->delivered -= rows;
      return add_all(at->losses, losses);
    }
}

std::string Ledger::encoded() const {
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
      append_losses(text, entry.losses);
      text += '\n';
    }
  }
  return text;
}

std::optional<Ledger> Ledger::decode(std::string_view text) {
  Ledger ledger;
  Stream* stream = nullptr;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto parts = tab_separated(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (parts[0] == "stream" && parts.size() == 7) {
      stream = &ledger.streams_[unescaped(parts[6])];
      if (!read_number(parts[1], stream->first) || !read_number(parts[2], stream->end) ||
          !read_number(parts[3], stream->missing) || !read_number(parts[4], stream->doubled) ||
          !read_number(parts[5], stream->restarts))
        return std::nullopt;
    } else if (parts[0] == "file" && parts.size() >= 4 && stream) {
      auto losses = read_losses(std::span(parts).subspan(4));
      Entry& entry = stream->entries.emplace_back();
      if (!losses || !read_number(parts[1], entry.read) || !read_number(parts[2], entry.delivered)) return std::nullopt;
      entry.file = unescaped(parts[3]);
      entry.losses = *std::move(losses);
    } else {
      return std::nullopt;
    }
  }
  return ledger;
}

}  // namespace levada::agent
