// A checked file: the epoch, a line for each position, one for each state and for each of its
// changes with its size, an empty line, the bytes of these. Where a state is there by its changes
// only, which may be none, the file's name says so.
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
constexpr std::string_view kChanges = ".changes";
constexpr const char* kConfirmed = "/confirmed";

// As many digits for each number: one written over another leaves nothing of it.
std::string epoch_name(uint64_t epoch) {
  char name[24];
  std::snprintf(name, sizeof name, "%020llu", static_cast<unsigned long long>(epoch));
  return name;
}

template <class Each>
void for_each_part(const StoredCheckpoint& record, Each each) {
  for (const auto& [name, state] : record.states) {
    if (state.whole) each(name, "state", *state.whole);
    else if (state.changes.empty()) each(name, "changes", std::string_view());
    for (const auto& changes : state.changes) each(name, "changes", changes);
  }
}

// All but the states, which stand behind it.
std::string encoded_head(const StoredCheckpoint& record) {
  std::string text = "epoch\t" + std::to_string(record.epoch) + "\n";
  for (const auto& position : record.positions) {
    text += "position\t";
    append_position(text, position);
    text += '\n';
  }
  for_each_part(record, [&](const std::string& name, const char* kind, std::string_view part) {
    text += kind + ('\t' + std::to_string(part.size())) + '\t';
    append_escaped(text, name);
    text += '\n';
  });
  return text + '\n';
}

// As save_checked does it, with no copy of the states, which may be large.
Done save_parts(const Files& files, const std::string& path, const StoredCheckpoint& record) {
  const std::string head = std::string(kFirstLine) + '\n' + encoded_head(record);
  std::vector<levada_bytes> parts = {{head.data(), head.size()}};
  for_each_part(record, [&](const std::string&, const char*, std::string_view part) {
    parts.push_back({part.data(), part.size()});
  });
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

// What save_parts has written, without the line's ends around it; nothing where it is damaged.
std::optional<std::string_view> content_of(std::string_view text) {
  constexpr size_t kEnd = std::string_view("end\t00000000\n").size();
  if (text.size() < kFirstLine.size() + 1 + kEnd || !text.starts_with(kFirstLine)) return std::nullopt;
  const auto rest = text.substr(0, text.size() - kEnd);
  if (text.substr(rest.size()) != "end\t" + checksum(rest) + '\n') return std::nullopt;
  return rest.substr(kFirstLine.size() + 1);
}

std::optional<StoredCheckpoint> decoded(std::string_view text) {
  StoredCheckpoint record;
  struct Part {
    std::string name;
    size_t bytes;
    bool is_whole;
  };
  std::vector<Part> parts_found;
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
      if ((kind != "state" && kind != "changes") || parts.size() != 2 || !read_number(parts[0], bytes))
        return std::nullopt;
      parts_found.push_back({unescaped(parts[1]), bytes, kind == "state"});
    }
  }
  for (const auto& [name, bytes, is_whole] : parts_found) {
    if (bytes > text.size()) return std::nullopt;
    auto& state = record.states[name];
    if (is_whole) state.whole = text.substr(0, bytes);
    else if (bytes > 0) state.changes.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return record;
}

}  // namespace

std::string CheckpointStore::path(const std::string& reader, const Saved& saved) const {
  auto path = folder(reader) + "/" + epoch_name(saved.epoch);
  if (!saved.is_whole) path += kChanges;
  return path;
}

Done CheckpointStore::save(const std::string& reader, const StoredCheckpoint& record) const {
  if (record.epoch <= 1 || !files_.exists(folder(reader))) {
    LEVADA_TRY(files_.make_folder(folder(reader)));
    LEVADA_TRY(files_.sync_folder(folder_));
  }
  const bool is_whole = std::all_of(record.states.begin(), record.states.end(),
                                    [](auto& state) { return state.second.whole.has_value(); });
  LEVADA_TRY(save_parts(files_, path(reader, {record.epoch, is_whole}), record));
  // What is left over is in nobody's way.
  if (record.epoch >= kKept) remove_before(reader, record.epoch + 1 - kKept);
  return {};
}

// Epochs before that, but for those that it is made of.
void CheckpointStore::remove_before(const std::string& reader, uint64_t first_kept) const {
  const auto all = saved(reader);
  if (!all) return;
  uint64_t base = 0;
  for (const auto& each : *all)
    if (each.is_whole && each.epoch <= first_kept) base = each.epoch;
  for (const auto& each : *all)
    if (each.epoch < base) (void)files_.remove(path(reader, each));
}

Result<std::vector<CheckpointStore::Saved>> CheckpointStore::saved(const std::string& reader) const {
  std::vector<Saved> all;
  levada_file_info info{};
  const auto found = files_.stat(folder(reader), info);
  if (found == -ENOENT) return all;
  if (found < 0) return file_error("stat", folder(reader), found);
  auto entries = files_.list(folder(reader));
  if (!entries) return std::move(entries).error();
  for (const auto& entry : *entries) {
    std::string_view name = entry.name;
    const bool is_whole = !name.ends_with(kChanges);
    if (!is_whole) name.remove_suffix(kChanges.size());
    if (uint64_t epoch = 0; read_number<uint64_t>(name, epoch)) all.push_back({epoch, is_whole});
  }
  std::sort(all.begin(), all.end(),
            [](auto& a, auto& b) { return std::pair(a.epoch, !a.is_whole) < std::pair(b.epoch, !b.is_whole); });
  return all;
}

Result<StoredCheckpoint> CheckpointStore::read(const std::string& reader, const Saved& saved) const {
  const auto text = files_.read_whole(path(reader, saved));
  if (!text) return text.error();
  const auto content = content_of(*text);
  auto record = content ? decoded(*content) : std::nullopt;
  if (record && record->epoch == saved.epoch) return *std::move(record);
  return fatal(path(reader, saved) + " is damaged, or was written by another version: it says where " + reader +
               " goes on; remove " + folder(reader) + " to start it from the beginning");
}

Result<std::optional<StoredCheckpoint>> CheckpointStore::load_alone(const std::string& reader, uint64_t epoch) const {
  auto known = saved(reader);
  if (!known) return std::move(known).error();
  for (const auto& each : *known) {
    if (each.epoch != epoch) continue;
    auto record = read(reader, each);
    if (!record) return std::move(record).error();
    return std::optional(*std::move(record));
  }
  return std::optional<StoredCheckpoint>();
}

Result<std::optional<StoredCheckpoint>> CheckpointStore::load(const std::string& reader, uint64_t epoch) const {
  auto record = load_alone(reader, epoch);
  if (!record || !*record) return record;
  auto& states = (*record)->states;
  const auto is_partial = [](const auto& state) { return !state.second.whole; };
  for (uint64_t before = epoch; std::any_of(states.begin(), states.end(), is_partial);) {
    auto earlier = load_alone(reader, --before);
    if (!earlier) return std::move(earlier).error();
    for (auto& [name, state] : states) {
      if (state.whole) continue;
      const auto found = *earlier ? (*earlier)->states.find(name) : states.end();
      if (!*earlier || found == (*earlier)->states.end())
        return fatal("the state of " + name + " for commit " + std::to_string(before) +
                     " is missing, which that of commit " + std::to_string(epoch) + " has changes of: put " +
                     folder(reader) + " back as it was, or remove it to start " + reader + " from the beginning");
      state.whole = std::move(found->second.whole);
      std::move(state.changes.begin(), state.changes.end(), std::back_inserter(found->second.changes));
      state.changes = std::move(found->second.changes);
    }
  }
  return record;
}

Result<std::optional<StoredCheckpoint>> CheckpointStore::load_last(const std::string& reader) const {
  auto known = saved(reader);
  if (!known) return std::move(known).error();
  if (known->empty()) return std::optional<StoredCheckpoint>();
  return load(reader, known->back().epoch);
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
  return load_alone(reader, epoch);
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
