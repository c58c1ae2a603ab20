// The order of steps is what makes it safe: files are durable before the manifest names them, and
// go only once no manifest does.
#include "lake/stores/committed_output.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "files/sink_names.h"
#include "lake/stores/file_stores.h"

namespace levada::lake {

CommittedOutput::CommittedOutput(Host host, FileStore& store, std::string_view address, std::string_view sink)
    : host_(host),
      files_(host.files()),
      store_(store),
      local_folder_(local_folder(address)),
      manifest_(files_, host.data_dir(), sink),
      files_recovered_(host.counter("files_recovered")) {}

Done CommittedOutput::open() {
  if (is_open()) return {};
  auto last = manifest_.load();
  if (!last) return std::move(last).error();
  id_ = last->id.empty() ? files::new_sink_id(host_) : std::move(last->id);
  next_number_ = last->next_number;
  auto publication = std::make_unique<Publication>(host_, store_, in_use_folder(), [this] { return restate(); });
  // Where nothing is left to complete, a folder that cannot be made yet holds nobody up before rows
  // come.
  if (!last->files.empty()) LEVADA_TRY(lock_names());
  files_recovered_.add(static_cast<int64_t>(last->files.size()));
  for (auto& file : last->files) publication->add(std::move(file));
  positions_ = std::move(last->positions);
  publication_ = std::move(publication);
  return {};
}

// Names are its own by the id. A data_dir that was copied has the id, too: then the lock tells, in
// folders of the machine.
Done CommittedOutput::lock_names() {
  if (lock_ || local_folder_.empty()) return {};
  LEVADA_TRY(files_.make_folder(local_folder_));
  auto lock = files::lock_sink_id(files_, local_folder_, id_);
  if (!lock) return std::move(lock).error();
  lock_ = *std::move(lock);
  return files_.sync_folder(local_folder_);
}

Done CommittedOutput::prepare() {
  LEVADA_TRY(lock_names());
  if (!prepared_) LEVADA_TRY(publication_->prepare());
  prepared_ = true;
  return {};
}

Done CommittedOutput::commit(const Checkpoint& checkpoint, std::vector<CommittedFile> open,
                             std::vector<CommittedFile> complete) {
  auto files = publication_->left();
  for (const auto* more : {&complete, &open}) files.insert(files.end(), more->begin(), more->end());
  LEVADA_TRY(manifest_.replace({id_, next_number_, checkpoint.positions, std::move(files)}));
  positions_ = checkpoint.positions;
  open_ = std::move(open);
  for (auto& file : complete) publication_->add(std::move(file));
  return {};
}

void CommittedOutput::complete(const std::string& name) {
  const auto file = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open.name == name; });
  if (file == open_.end()) return;
  publication_->add(std::move(*file));
  open_.erase(file);
}

// A manifest that still has files that got their names is as good: they are found there.
void CommittedOutput::publish(std::chrono::nanoseconds until) {
  if (!publication_->left().empty() && publication_->publish(until) > 0) (void)restate();
}

Done CommittedOutput::restate() {
  auto files = publication_->left();
  files.insert(files.end(), open_.begin(), open_.end());
  return manifest_.replace({id_, next_number_, positions_, std::move(files)});
}

// A commit that failed may be on the disk all the same, for good or until a power cut. It is undone
// there before any file of it goes.
Done CommittedOutput::roll_back() {
  if (!manifest_.certain()) LEVADA_TRY(restate());
  LEVADA_TRY(publication_->remove_rest(open_));
  if (publication_->publish(std::chrono::nanoseconds::max()) > 0) return restate();
  return {};
}

Done CommittedOutput::close() {
  if (!is_open()) return {};
  for (auto& file : open_) publication_->add(std::move(file));
  open_.clear();
  auto done = roll_back();
  publication_.reset();
  // What cannot be removed is an empty file, which the next start locks again.
  if (lock_) (void)files_.remove(lock_.path());
  if (!done) return fatal("files get their names at the next start: " + done.error().message);
  return {};
}

}  // namespace levada::lake
