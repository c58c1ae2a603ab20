// A checked file: the epoch, a line for each position, one for each state with its size, an empty
// line, the bytes of the states.
#include "agent/pipeline/checkpoint_store.h"

#include <algorithm>
#include <cstdio>

#include "agent/base/numbers.h"
#include "levada/checked_text.h"
#include "levada/crc32c.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr std::string_view kFirstLine = "levada commit 2";
constexpr const char* kConfirmed = "/confirmed";

// As many digits for each number: one written over another leaves nothing of it.
std::string epoch_name(uint64_t epoch) {
  char name[24];
  std::snprintf(name, sizeof name, "%020llu", static_cast<unsigned long long>(epoch));
  return name;
}

// All but the states, which stand behind it.
std::string encoded_head(const StoredCheckpoint& record) {
  std::string text = "epoch\t" + std::to_string(record.epoch) + "\n";
  for (const auto& position : record.positions) {
    text += "position\t";
    append_position(text, position);
    text += '\n';
  }
  for (const auto& [name, state] : record.states) {
    text += "state\t" + std::to_string(state.size()) + '\t';
    append_escaped(text, name);
    text += '\n';
  }
  return text + '\n';
}

// As save_checked does it, with no copy of the states, which may be large.
Done save_parts(const Files& files, const std::string& path, const StoredCheckpoint& record) {
  const std::string head = std::string(kFirstLine) + '\n' + encoded_head(record);
  std::vector<levada_bytes> parts = {{head.data(), head.size()}};
  for (const auto& [name, state] : record.states) parts.push_back({state.data(), state.size()});
  parts.push_back({"\n", 1});
  uint32_t sum = 0;
  for (const auto& part : parts) sum = crc32c(sum, part.data, part.size);
  char end[16];
  const int size = std::snprintf(end, sizeof end, "end\t%08x\n", sum);
  parts.push_back({end, static_cast<size_t>(size)});
  std::erase_if(parts, [](const levada_bytes& part) { return part.size == 0; });

  const auto aside = path + ".tmp";
  auto file = files.open(aside, LEVADA_WRITE);
  if (!file) return std::move(file).error();
  // A crash may have left one.
  LEVADA_TRY(file->truncate(0));
  LEVADA_TRY(file->write(parts));
  LEVADA_TRY(file->sync());
  LEVADA_TRY(file->close());
  LEVADA_TRY(files.rename(aside, path));
  return files.sync_folder(path.substr(0, path.find_last_of('/')));
}

std::optional<StoredCheckpoint> decoded(std::string_view text) {
  StoredCheckpoint record;
  std::vector<std::pair<std::string, size_t>> states;
  for (;;) {
    const auto next = take_line(text);
    if (!next) return std::nullopt;
    if (next->empty()) break;
    const auto line = *next;
    const auto tab = std::min(line.find('\t'), line.size() - 1);
    const auto kind = line.substr(0, tab), rest = line.substr(tab + 1);
    if (kind == "epoch") {
      if (!read_number(rest, record.epoch)) return std::nullopt;
    } else if (kind == "position") {
      auto position = read_position(rest);
      if (!position) return std::nullopt;
      record.positions.push_back(*std::move(position));
    } else {
      const auto parts = tab_separated(rest);
      size_t bytes = 0;
      if (kind != "state" || parts.size() != 2 || !read_number(parts[0], bytes)) return std::nullopt;
      states.emplace_back(unescaped(parts[1]), bytes);
    }
  }
  for (const auto& [name, bytes] : states) {
    if (bytes > text.size()) return std::nullopt;
    record.states[name] = text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return record;
}

}  // namespace

std::string CheckpointStore::path(const std::string& reader, uint64_t epoch) const {
  return folder(reader) + "/" + epoch_name(epoch);
}

Done CheckpointStore::save(const std::string& reader, const StoredCheckpoint& record) const {
  if (record.epoch <= 1 || !files_.exists(folder(reader))) {
    LEVADA_TRY(files_.make_folder(folder(reader)));
    LEVADA_TRY(files_.sync_folder(folder_));
  }
  LEVADA_TRY(save_parts(files_, path(reader, record.epoch), record));
  // What is left over is in nobody's way.
  if (record.epoch > kKept) (void)files_.remove(path(reader, record.epoch - kKept));
  return {};
}

Result<std::vector<uint64_t>> CheckpointStore::epochs(const std::string& reader) const {
  std::vector<uint64_t> all;
  levada_file_info info{};
  const auto found = files_.stat(folder(reader), info);
  if (found == -ENOENT) return all;
  if (found < 0) return file_error("stat", folder(reader), found);
  auto entries = files_.list(folder(reader));
  if (!entries) return std::move(entries).error();
  for (const auto& entry : *entries)
    if (uint64_t epoch = 0; read_number<uint64_t>(entry.name, epoch)) all.push_back(epoch);
  std::sort(all.begin(), all.end());
  return all;
}

Result<std::optional<StoredCheckpoint>> CheckpointStore::load(const std::string& reader, uint64_t epoch) const {
  auto known = epochs(reader);
  if (!known) return std::move(known).error();
  if (std::find(known->begin(), known->end(), epoch) == known->end()) return std::optional<StoredCheckpoint>();
  const auto text = load_checked(files_, path(reader, epoch), kFirstLine);
  if (!text && text.code() != Code::reject) return text.error();
  auto record = text && *text ? decoded(**text) : std::nullopt;
  if (record && record->epoch == epoch) return record;
  return fatal(path(reader, epoch) + " is damaged, or was written by another version: it says where " + reader +
               " goes on; remove " + folder(reader) + " to start it from the beginning");
}

Result<std::optional<StoredCheckpoint>> CheckpointStore::load_last(const std::string& reader) const {
  auto known = epochs(reader);
  if (!known) return std::move(known).error();
  if (known->empty()) return std::optional<StoredCheckpoint>();
  return load(reader, known->back());
}

void CheckpointStore::confirm(const std::string& reader, uint64_t epoch) const {
  auto file = files_.open(folder(reader) + kConfirmed, LEVADA_WRITE);
  if (file) (void)file->write(epoch_name(epoch));
}

Result<std::optional<StoredCheckpoint>> CheckpointStore::load_confirmed(const std::string& reader) const {
  if (!files_.exists(folder(reader) + kConfirmed)) return std::optional<StoredCheckpoint>();
  auto text = files_.read_whole(folder(reader) + kConfirmed);
  if (!text) return std::move(text).error();
  uint64_t epoch = 0;
  if (!read_number<uint64_t>(*text, epoch)) return std::optional<StoredCheckpoint>();
  return load(reader, epoch);
}

Result<std::map<std::string, std::set<std::string>>> CheckpointStore::confirmed_streams() const {
  std::map<std::string, std::set<std::string>> streams;
  auto all = readers();
  if (!all) return std::move(all).error();
  for (const auto& reader : *all) {
    auto checkpoint = load_confirmed(reader);
    if (!checkpoint) return std::move(checkpoint).error();
    if (!*checkpoint) continue;
    for (const auto& position : (*checkpoint)->positions) streams[reader].insert(position.stream);
  }
  return streams;
}

Result<std::vector<std::string>> CheckpointStore::readers() const {
  std::vector<std::string> all;
  if (!files_.exists(folder_)) return all;
  auto entries = files_.list(folder_);
  if (!entries) return std::move(entries).error();
  for (const auto& entry : *entries)
    if (entry.is_folder) all.push_back(entry.name);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace levada::agent
