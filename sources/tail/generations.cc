#include "generations.h"

#define XXH_INLINE_ALL
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "glob.h"

namespace levada::tail {
namespace {

using rows::Compression;
using rows::Identity;
using rows::kHeadBytes;

uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

// Up to so many bytes; fewer at the end.
Result<std::string> read_some(rows::Decoder& decoder, size_t bytes) {
  std::string text(bytes, '\0');
  size_t used = 0;
  while (used < bytes) {
    auto got = decoder.read(text.data() + used, bytes - used);
    if (!got) return std::move(got).error();
    if (*got == 0 && !decoder.is_busy()) break;
    used += *got;
  }
  text.resize(used);
  return text;
}

// What stands before `end`, as much of it as makes a fingerprint; nothing where there is less.
Result<std::optional<uint64_t>> fingerprint_before(rows::Decoder& decoder, uint64_t end) {
  std::string last;
  for (uint64_t at = 0; at < end;) {
    auto part = read_some(decoder, static_cast<size_t>(std::min<uint64_t>(1 << 20, end - at)));
    if (!part) return std::move(part).error();
    if (part->empty()) return std::optional<uint64_t>();
    at += part->size();
    last += *part;
    if (last.size() > kHeadBytes) last.erase(0, last.size() - kHeadBytes);
  }
  return std::optional<uint64_t>(hash_of(last));
}

// Of "app.log.12.gz": 12, the larger the older; 0 for any other.
int64_t age_in_name(std::string_view path, std::string_view name) {
  const auto at = path.find_last_of('/') + 1;
  auto rest = path.substr(std::min(path.size(), at + name.size()));
  if (!rest.starts_with('.')) return 0;
  rest.remove_prefix(1);
  int64_t number = 0;
  const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  // More are a date.
  if (digits == 0 || digits > 5) return 0;
  std::from_chars(rest.data(), rest.data() + digits, number);
  return number;
}

}  // namespace

Generations::Generations(const Files& files, std::string path, const std::vector<std::string>& exclude)
    : files_(files),
      path_(std::move(path)),
      folder_(path_.substr(0, path_.find_last_of('/'))),
      name_(path_.substr(path_.find_last_of('/') + 1)),
      exclude_(exclude) {}

bool Generations::is_rotated_name(std::string_view path) const {
  if (!path.starts_with(folder_) || path.find_last_of('/') != folder_.size()) return false;
  const auto name = path.substr(folder_.size() + 1);
  if (name.size() <= name_.size()) return false;
  if (name.starts_with(name_)) return name[name_.size()] == '.' || name[name_.size()] == '-';
  // The date stands before the ending.
  const auto dot = name_.find_last_of('.');
  if (dot == std::string::npos || dot == 0) return false;
  const auto stem = std::string_view(name_).substr(0, dot), ending = std::string_view(name_).substr(dot);
  if (!name.starts_with(stem) || (name[dot] != '-' && name[dot] != '.')) return false;
  const auto rest = name.substr(dot + 1);
  const auto end = rest.find(ending);
  const auto date = rest.substr(0, end);
  return end != std::string_view::npos && !date.empty() && date.find_first_not_of("0123456789-_T") == date.npos;
}

Result<std::optional<Opened>> Generations::open(const std::string& path) const {
  auto file = files_.open(path);
  if (!file) {
    levada_file_info info{};
    if (files_.stat(path, info) == -ENOENT) return std::optional<Opened>();
    return std::move(file).error();
  }
  const auto info = file->info();
  if (!info) return info.error();
  if (!S_ISREG(info->mode)) return std::optional<Opened>();
  Opened opened{path, std::make_unique<File>(std::move(*file)), *info, {}, Compression::none};
  auto head = rows::read_head(*opened.file, *info);
  if (!head) return std::move(head).error();
  opened.head = std::move(*head);
  opened.compression = rows::compression_of(opened.head.bytes);
  if (opened.compression != Compression::none) {
    const auto decoder = rows::make_decoder(opened.compression, *opened.file, 0);
    auto content = read_some(*decoder, kHeadBytes);
    if (!content) return std::move(content).error();
    opened.head.bytes = std::move(*content);
    opened.head.identity.head = hash_of(opened.head.bytes);
    opened.head.identity.head_bytes = static_cast<uint32_t>(opened.head.bytes.size());
  }
  return std::optional<Opened>(std::move(opened));
}

Result<bool> Generations::holds(Opened& opened, const Identity& identity) const {
  if (opened.compression == Compression::none) {
    // A file that is shorter than what was read is no copy of it.
    if (opened.info.bytes < identity.end) return false;
    return rows::has_content_of(*opened.file, opened.info, opened.head, identity);
  }
  if (opened.head.bytes.size() < identity.head_bytes) return false;
  if (hash_of(std::string_view(opened.head.bytes).substr(0, identity.head_bytes)) != identity.head) return false;
  if (identity.end == 0) return true;
  const auto decoder = rows::make_decoder(opened.compression, *opened.file, 0);
  const auto tail = fingerprint_before(*decoder, identity.end);
  if (!tail) return tail.error();
  return *tail == identity.tail;
}

Result<std::vector<Generations::Candidate>> Generations::rotated() const {
  const auto entries = files_.list(folder_.empty() ? "/" : folder_);
  if (!entries) return entries.error();
  std::vector<Candidate> all;
  std::set<std::string> names;
  for (const auto& entry : *entries) names.insert(entry.name);
  for (const auto& entry : *entries) {
    Candidate each{folder_ + "/" + entry.name, {}};
    if (entry.is_folder || !is_rotated_name(each.path)) continue;
    if (std::any_of(exclude_.begin(), exclude_.end(), [&](const auto& one) { return matches(one, each.path); }))
      continue;
    // It may not be whole yet.
    const auto ending = entry.name.find_last_of('.');
    if (names.contains(entry.name.substr(0, ending)) && entry.name.substr(0, ending) != name_ &&
        entry.name.find_first_not_of("0123456789", ending + 1) != std::string::npos)
      continue;
    if (files_.stat(each.path, each.info) == 0 && S_ISREG(each.info.mode)) all.push_back(std::move(each));
  }
  std::sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) {
    if (a.info.modified_ns != b.info.modified_ns) return a.info.modified_ns < b.info.modified_ns;
    const auto of_a = age_in_name(a.path, name_), of_b = age_in_name(b.path, name_);
    return of_a != of_b ? of_a > of_b : a.path < b.path;
  });
  return all;
}

// Rotated files get other names, and are compressed, while they are looked at.
template <class Find>
Result<std::optional<Opened>> repeated(Find&& find) {
  constexpr int kTries = 5;
  for (int tries = 1;; ++tries) {
    auto found = find();
    if (found || found.code() != Code::idle) return found;
    if (tries == kTries) return retry("files are rotated all the time");
  }
}

Result<std::optional<Opened>> Generations::find(const Identity& identity) const {
  return repeated([&] { return find_once(identity); });
}

Result<std::optional<Opened>> Generations::next(const Identity& identity, const levada_file_info& info) const {
  return repeated([&] { return next_once(identity, info); });
}

Result<std::optional<Opened>> Generations::find_once(const Identity& identity) const {
  auto candidates = rotated();
  if (!candidates) return std::move(candidates).error();
  // Most files have their name yet; of the others the youngest are the likeliest.
  candidates->push_back({path_, {}});
  std::reverse(candidates->begin(), candidates->end());
  std::optional<Opened> copy;
  bool is_vanished = false;
  for (const auto& candidate : *candidates) {
    auto opened = open(candidate.path);
    if (!opened) return opened;
    is_vanished = is_vanished || (!*opened && candidate.path != path_);
    if (!*opened) continue;
    const bool is_it = (*opened)->info.inode == identity.inode && !rows::born_apart(identity, (*opened)->info);
    // Nothing was read of it: there is nothing that a copy could be known by.
    if (!is_it && identity.head_bytes == 0 && identity.end == 0) continue;
    if (copy && !is_it) continue;
    const auto same = holds(**opened, identity);
    if (!same) return same.error();
    if (*same && is_it) return opened;
    if (*same) copy = std::move(**opened);
  }
  if (!copy && is_vanished) return idle();
  return copy;
}

Result<std::optional<Opened>> Generations::next_once(const Identity& identity, const levada_file_info& info) const {
  const auto is_it = [&](const levada_file_info& other) {
    return identity.inode != 0 && other.inode == info.inode && other.device == info.device;
  };
  auto current = open(path_);
  if (!current) return current;
  // It has the name yet: nothing came after it.
  if (*current && is_it((*current)->info)) return std::optional<Opened>();
  auto candidates = rotated();
  if (!candidates) return std::move(candidates).error();
  auto candidate =
      std::find_if(candidates->begin(), candidates->end(), [&](const Candidate& each) { return is_it(each.info); });
  if (candidate != candidates->end()) ++candidate;
  else
    candidate = std::find_if(candidates->begin(), candidates->end(), [&](const Candidate& each) {
      return each.info.modified_ns > info.modified_ns ||
             (identity.inode != 0 && each.info.modified_ns == info.modified_ns);
    });
  for (; candidate != candidates->end(); ++candidate) {
    auto opened = open(candidate->path);
    if (!opened) return opened;
    if (!*opened) return idle();
    if ((*opened)->info.inode != candidate->info.inode) return idle();
    // A copy of it, made while it was read.
    const auto copy = identity.head_bytes > 0 || identity.end > 0 ? holds(**opened, identity) : Result<bool>(false);
    if (!copy) return copy.error();
    if (!*copy) return opened;
  }
  // An empty file may be copied and truncated before anything of it is read: it is none yet.
  if (*current && (*current)->info.bytes == 0) return std::optional<Opened>();
  return current;
}

}  // namespace levada::tail
