// By renames within the store. Of several parts one file is made first: by the store in one step,
// or by a copy, which the manifest names before the parts go.
#include "lake/stores/publication.h"

#include <algorithm>
#include <set>
#include <utility>

#include "files/sink_names.h"
#include "levada/buffer.h"

namespace levada::lake {
namespace {

constexpr std::string_view kHere = "/here";
constexpr size_t kCopiedAtOnce = 1 << 20;
constexpr int kNamesTried = 100;

uint64_t bytes_of(const std::vector<FilePart>& parts) {
  uint64_t bytes = 0;
  for (const auto& part : parts) bytes += part.bytes;
  return bytes;
}

}  // namespace

Done Publication::prepare() {
  auto made = store_.put_if_absent(folder_ + std::string(kHere), {});
  return made ? Done() : Done(std::move(made).error());
}

int64_t Publication::publish(std::chrono::nanoseconds until) {
  int64_t published = 0;
  bool time_is_up = false;
  std::string failed;
  // Not erased one by one: `restate` looks at all that is left.
  std::vector<bool> named(left_.size());
  for (size_t at = 0; at < left_.size() && !time_is_up; ++at) {
    auto done = publish(left_[at]);
    time_is_up = host_.monotonic() >= until;
    // What stopped it halfway is mostly over at once, and the next chance may be minutes away.
    if (!done) done = publish(left_[at]);
    if (!done) failed = std::move(done).error().message;
    named[at] = static_cast<bool>(done);
    published += named[at];
  }
  size_t at = 0;
  std::erase_if(left_, [&](const CommittedFile&) { return named[at++]; });
  files_completed_.add(published);
  if (!failed.empty() && failed != warned_of_)
    host_.warning("a complete file keeps its name in use for now: " + failed);
  warned_of_ = std::move(failed);
  return published;
}

Done Publication::publish(CommittedFile& file) {
  const auto& first = file.parts.front();
  auto opened = store_.open(first.path);
  if (!opened) return std::move(opened).error();
  if (!*opened) return check_named(file);
  if (file.parts.size() > 1) LEVADA_TRY(join(file));
  else if ((*opened)->bytes() != first.bytes)
    return retry(store_.name() + "/" + first.path + " has " + std::to_string((*opened)->bytes()) + " bytes, and " +
                 std::to_string(first.bytes) + " were committed");
  return rename(file);
}

// It was renamed before a crash, or by a call that failed; and somebody may have taken the file
// away since.
Done Publication::check_named(const CommittedFile& file) {
  const auto missing = [&](const FilePart& part) {
    return retry(store_.name() + "/" + part.path + ", with committed rows, is missing: is its disk mounted?");
  };
  if (file.parts.size() > 1) {
    auto last = store_.open(file.parts.back().path);
    if (!last) return std::move(last).error();
    if (*last) return missing(file.parts.front());
  }
  for (const auto& path : {file.name, folder_ + std::string(kHere)}) {
    auto found = store_.open(path);
    if (!found) return std::move(found).error();
    if (*found) return {};
  }
  return missing(file.parts.front());
}

Done Publication::join(CommittedFile& file) {
  std::vector<StoredFile> parts;
  for (const auto& part : file.parts) parts.push_back({part.path, part.bytes});
  auto joined = store_.concatenate(parts);
  if (!joined) return std::move(joined).error();
  if (!*joined) return copy(file);
  file.parts = {{file.parts.front().path, bytes_of(file.parts)}};
  return {};
}

Done Publication::copy(CommittedFile& file) {
  // A manifest that could not be replaced may name the copy before: it stays as it is.
  const std::string path = file.parts.front().path + "-whole-" + std::to_string(copies_++);
  auto whole = store_.create(path);
  if (!whole) return std::move(whole).error();
  const Buffer buffer(kCopiedAtOnce);
  for (const auto& part : file.parts) {
    auto from = store_.open(part.path);
    if (!from) return std::move(from).error();
    if (!*from || (*from)->bytes() != part.bytes)
      return retry(store_.name() + "/" + part.path + " is missing or has other bytes than were committed");
    for (uint64_t at = 0; at < part.bytes;) {
      auto got = (*from)->read(buffer.data(), kCopiedAtOnce, at);
      if (!got) return std::move(got).error();
      if (*got == 0) return retry("read " + store_.name() + "/" + part.path + ": it ends too early");
      LEVADA_TRY((*whole)->write({buffer.data(), *got}));
      at += *got;
    }
  }
  LEVADA_TRY((*whole)->finish());
  const auto parts = std::exchange(file.parts, {{path, bytes_of(file.parts)}});
  if (auto restated = restate_(); !restated) {
    file.parts = parts;
    return restated;
  }
  // One that stays is removed at the next start.
  for (const auto& part : parts) (void)store_.remove(part.path);
  return {};
}

Done Publication::rename(const CommittedFile& file) {
  const auto& from = file.parts.front().path;
  for (int number = 0; number < kNamesTried; ++number) {
    auto renamed = store_.rename(from, files::numbered_name(file.name, number));
    if (!renamed) return std::move(renamed).error();
    if (*renamed) return {};
    auto in_use = store_.open(from);
    if (!in_use) return std::move(in_use).error();
    if (!*in_use) return check_named(file);
  }
  return retry(store_.name() + "/" + file.name + " is there already, and all names like it");
}

Done Publication::remove_rest(const std::vector<CommittedFile>& open) {
  std::set<std::string> kept = {folder_ + std::string(kHere)};
  for (const auto* files : {&open, &std::as_const(left_)})
    for (const auto& file : *files)
      for (const auto& part : file.parts) kept.insert(part.path);
  auto files = store_.list(folder_);
  if (!files) return std::move(files).error();
  for (const auto& file : *files)
    if (!kept.contains(file.path)) LEVADA_TRY(store_.remove(file.path));
  return {};
}

}  // namespace levada::lake
