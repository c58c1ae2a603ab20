// A checked file: a line for each reader, for each stream that it has a
// position of, and for each start.
#include "agent/pipeline/stream_starts.h"

#include <algorithm>
#include <optional>

#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr std::string_view kFirstLine = "levada starts 1";

// Where, of the other readers, the one furthest behind stands with that stream; nothing where none
// knows it.
std::optional<Position> furthest_behind(const std::vector<Positions>& all, size_t reader, const std::string& stream) {
  std::optional<Position> least;
  for (size_t other = 0; other < all.size(); ++other) {
    const auto at = all[other].find(stream);
    if (other == reader || at == all[other].end()) continue;
    if (!least || at->second.sequence < least->sequence) least = at->second;
  }
  return least;
}

}  // namespace

Done StreamStarts::load() {
  auto content = load_checked(files_, path_, kFirstLine);
  const auto damaged = fatal(path_ +
                             " is damaged, or was written by another version: it says where sinks that have "
                             "committed nothing yet began");
  if (content.code() == Code::reject) return damaged;
  if (!content) return std::move(content).error();
  readers_.clear();
  if (*content && !parse(**content)) return damaged;
  saved_ = text();
  return {};
}

std::vector<Positions> StreamStarts::complete(const std::vector<Reader>& readers, const std::set<std::string>& known,
                                              const std::function<uint64_t(const std::string&)>& first_number) {
  std::set<std::string> streams;
  std::vector<Positions> given;
  for (const auto& reader : readers) {
    given.push_back(reader.positions);
    for (const auto& [stream, position] : reader.positions) streams.insert(stream);
    if (const auto before = readers_.find(reader.name); before != readers_.end())
      for (const auto& [stream, start] : before->second.starts)
        if (given.back().try_emplace(stream, start).second) streams.insert(stream);
  }
  Positions anew;
  for (const auto& stream : known) {
    if (streams.contains(stream)) continue;
    if (const auto number = first_number(stream); number > 0) anew[stream] = {stream, "", number};
  }
  auto complete = given;
  std::map<std::string, Known> now;
  for (size_t at = 0; at < readers.size(); ++at) {
    const auto& reader = readers[at];
    const auto before = readers_.find(reader.name);
    auto& kept = now[reader.name];
    if (before != readers_.end()) kept.stored = before->second.stored;
    const auto was_stored = [&](const std::string& stream) {
      return kept.stored.contains(stream) || reader.confirmed.contains(stream);
    };
    for (const auto& stream : streams) {
      if (reader.positions.contains(stream)) {
        kept.stored.insert(stream);
        continue;
      }
      if (before == readers_.end() || was_stored(stream)) {
        auto other = furthest_behind(given, at, stream);
        complete[at][stream] = other ? *std::move(other) : Position{stream, "", first_number(stream)};
      } else {
        complete[at].try_emplace(stream, Position{stream, "", 0});
      }
      kept.starts[stream] = complete[at][stream];
    }
    complete[at].insert(anew.begin(), anew.end());
    kept.starts.insert(anew.begin(), anew.end());
  }
  readers_ = std::move(now);
  return complete;
}

void StreamStarts::begin(const Position& position) {
  for (auto& [name, reader] : readers_) reader.starts[position.stream] = position;
}

Done StreamStarts::save() {
  auto content = text();
  if (content == saved_) return {};
  if (saved_.empty()) LEVADA_TRY(files_.make_folder(path_.substr(0, path_.find_last_of('/'))));
  LEVADA_TRY(save_checked(files_, path_, kFirstLine, content));
  saved_ = std::move(content);
  return {};
}

std::string StreamStarts::text() const {
  std::string all;
  const auto line = [&](const char* kind, const std::string& name) {
    all += kind;
    all += '\t';
    append_escaped(all, name);
    all += '\n';
  };
  for (const auto& [name, reader] : readers_) {
    line("reader", name);
    for (const auto& stream : reader.stored) line("stored", stream);
    for (const auto& [stream, start] : reader.starts) {
      all += "start\t";
      append_position(all, start);
      all += '\n';
    }
  }
  return all;
}

bool StreamStarts::parse(std::string_view text) {
  Known* reader = nullptr;
  while (const auto line = take_line(text)) {
    const auto tab = line->find('\t');
    if (tab == line->npos) return false;
    const auto kind = line->substr(0, tab), rest = line->substr(tab + 1);
    if (kind == "reader") {
      reader = &readers_[unescaped(rest)];
    } else if (!reader) {
      return false;
    } else if (kind == "stored") {
      reader->stored.insert(unescaped(rest));
    } else if (auto start = read_position(rest); kind == "start" && start) {
      reader->starts[start->stream] = *std::move(start);
    } else {
      return false;
    }
  }
  return text.empty();
}

}  // namespace levada::agent
