// By renames within the store.
#include "publication.h"

#include <algorithm>
#include <utility>

namespace levada::parquet_sink {
namespace {

constexpr std::string_view kHere = "/here";

}  // namespace

Done Publication::prepare() {
  auto made = store_.put_if_absent(folder_ + std::string(kHere), {});
  return made ? Done() : Done(std::move(made).error());
}

int64_t Publication::publish(std::chrono::nanoseconds until) {
  int64_t published = 0;
  bool time_is_up = false;
  std::string failed;
  std::erase_if(left_, [&](const CompleteFile& file) {
    if (time_is_up) return false;
    auto done = publish(file);
    time_is_up = host_.monotonic() >= until;
    // What stopped it halfway is mostly over at once, and the next chance may be minutes away.
    if (!done) done = publish(file);
    if (!done) {
      failed = std::move(done).error().message;
      return false;
    }
    ++published;
    return true;
  });
  files_completed_.add(published);
  if (!failed.empty() && failed != warned_of_)
    host_.warning("a complete file keeps its name in use for now: " + failed);
  warned_of_ = std::move(failed);
  return published;
}

Done Publication::publish(const CompleteFile& file) {
  auto renamed = store_.rename(file.in_use, file.name);
  if (!renamed) return std::move(renamed).error();
  if (*renamed) return {};
  auto in_use = store_.open(file.in_use);
  if (!in_use) return std::move(in_use).error();
  auto named = store_.open(file.name);
  if (!named) return std::move(named).error();
  if (!*in_use) {
    // Done before a crash, or before a call that failed; and somebody may have taken the file away
    // since.
    if (*named) return {};
    auto here = store_.open(folder_ + std::string(kHere));
    if (!here) return std::move(here).error();
    if (*here) return {};
    return retry(store_.name() + "/" + file.in_use + ", with committed rows, is missing: is its disk mounted?");
  }
  // Half a rename of a store that copies.
  if (*named && (*named)->bytes() == (*in_use)->bytes()) return store_.remove(file.in_use);
  return retry(store_.name() + "/" + file.name + " is there already, and is another file");
}

Done Publication::remove_rest() {
  auto files = store_.list(folder_);
  if (!files) return std::move(files).error();
  for (const auto& file : *files) {
    const bool waits = std::any_of(left_.begin(), left_.end(),
                                   [&](const CompleteFile& complete) { return complete.in_use == file.path; });
    if (!waits && !file.path.ends_with(kHere)) LEVADA_TRY(store_.remove(file.path));
  }
  return {};
}

}  // namespace levada::parquet_sink
