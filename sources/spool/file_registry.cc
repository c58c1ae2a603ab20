// The registry; each change of it is a line of the journal.
#include "file_registry.h"

#include <algorithm>

namespace levada::spool {

namespace {

// A journal that is mostly history is written anew past this size.
constexpr uint64_t kCompactBytes = 4 << 20;
constexpr uint64_t kUsualLineBytes = 256;

}  // namespace

Result<int64_t> FileRegistry::load(const FileId& folder) {
  folder_id_ = folder;
  journal_device_ = folder.device;
  is_foreign_ = false;
  next_ = acknowledged_ = replay_ = replay_end_ = 0;
  resume_at_.reset();
  passes_.clear();
  known_.clear();
  by_name_.clear();
  unsaved_passes_.clear();
  unsaved_.clear();
  auto lines = journal_.load();
  if (!lines) return std::move(lines).error();
  RecordParser parser;
  int64_t senseless = 0;
  for (const auto& text : *lines) {
    auto record = parser.parse(text);
    if (record) read(std::move(*record));
    else ++senseless;
  }
  if (lines->empty() || is_foreign_ || journal_device_ != folder.device)
    unsaved_ = text_of("folder", folder_, folder_id_) + "\n";
  return senseless;
}

void FileRegistry::read(Record record) {
  if (record.pass) return read_pass(std::move(*record.pass));
  if (record.acknowledged) {
    next_ = std::max(next_, *record.acknowledged);
    acknowledge(*record.acknowledged);
  }
  if (record.folder) {
    // Two paths may lead to one folder. Files of another say nothing of this one's; numbers go on.
    is_foreign_ = *record.folder != folder_ && record.id != folder_id_;
    journal_device_ = record.id.device != 0 ? record.id.device : folder_id_.device;
  }
  if (record.completed && !is_foreign_) {
    renumber(record.id);
    forget(record.id);
  }
  unsaved_.clear();
}

void FileRegistry::read_pass(Pass pass) {
  next_ = std::max(next_, pass.number + 1);
  if (is_foreign_) return;
  renumber(pass.identity);
  Known& known = remember(pass);
  known.acknowledged = pass.number < acknowledged_;
  if (!known.acknowledged) passes_[pass.number] = std::move(pass);
}

// The number of a device may change when it is mounted again.
void FileRegistry::renumber(FileId& id) const {
  if (id.device == journal_device_) id.device = folder_id_.device;
}
void FileRegistry::renumber(Identity& identity) const {
  if (identity.device == journal_device_) identity.device = folder_id_.device;
}

Known& FileRegistry::remember(const Pass& pass) {
  const auto id = id_of(pass.identity);
  Known& known = known_[id];
  if (known.last.file != pass.file) forget_name(id, known.last.file);
  by_name_[pass.file] = id;
  known = {};
  known.last = pass;
  return known;
}

bool FileRegistry::resume(const std::optional<SpoolPosition>& position) {
  uint64_t at = acknowledged_;
  const bool is_behind = position && position->pass < acknowledged_;
  if (position && !is_behind) {
    at = position->pass;
    next_ = std::max(next_, at);
    if (at > acknowledged_) acknowledge(at);
    if (position->file) {
      const auto begun = passes_.find(at);
      if (begun == passes_.end()) {
        // The journal was lost: the position alone says enough to go on.
        Pass pass;
        pass.number = at;
        pass.file = *position->file;
        pass.identity = position->identity;
        renumber(pass.identity);
        pass.from = position->place;
        remember(pass);
        passes_[at] = std::move(pass);
        next_ = std::max(next_, at + 1);
      }
      resume_at_ = position->place;
      resume_pass_ = at;
      resume_identity_ = position->identity;
      renumber(resume_identity_);
    }
  }
  replay_ = at;
  replay_end_ = next_;
  return !is_behind;
}

std::optional<Pass> FileRegistry::next_replay() const {
  const auto found = passes_.lower_bound(replay_);
  if (found == passes_.end() || found->first >= replay_end_) return std::nullopt;
  Pass pass = found->second;
  if (resume_at_ && pass.number == resume_pass_) {
    pass.from = *resume_at_;
    if (!pass.finished) pass.identity = resume_identity_;
  }
  return pass;
}

uint64_t FileRegistry::begin(Pass pass) {
  pass.number = next_++;
  remember(pass);
  unsaved_passes_.insert(pass.number);
  const auto number = pass.number;
  passes_[number] = std::move(pass);
  return number;
}

void FileRegistry::end(const Pass& pass) {
  Pass& kept = passes_.at(pass.number);
  const Place from = kept.from;
  kept = pass;
  kept.from = from;
  unsaved_passes_.insert(pass.number);
  const auto known = known_.find(id_of(pass.identity));
  if (known == known_.end() || known->second.last.number != pass.number) return;
  auto name = std::move(known->second.last.file);
  known->second.last = kept;
  known->second.last.file = std::move(name);
}

void FileRegistry::break_off(const Pass& pass, Place at) {
  const auto id = id_of(pass.identity);
  for (auto later = passes_.lower_bound(pass.number); later != passes_.end(); ++later) {
    Pass& broken = later->second;
    if (id_of(broken.identity) != id) continue;
    if (broken.number != pass.number) broken.from = at;
    broken.to = at;
    broken.finished = false;
    unsaved_passes_.insert(broken.number);
    const Known* known = find(id);
    auto name = known ? known->last.file : broken.file;
    remember(broken);
    rename(id, name);
  }
}

const Known* FileRegistry::find(const FileId& id) const {
  const auto known = known_.find(id);
  return known == known_.end() ? nullptr : &known->second;
}

const Known* FileRegistry::find(const std::string& name) const {
  const auto id = by_name_.find(name);
  return id == by_name_.end() ? nullptr : find(id->second);
}

void FileRegistry::rename(const FileId& id, const std::string& name) {
  std::string& known = known_.at(id).last.file;
  if (known == name) return;
  forget_name(id, known);
  known = name;
  by_name_[name] = id;
}

void FileRegistry::accept(const FileId& id, const levada_file_info& info, bool set_aside) {
  Pass& last = known_.at(id).last;
  last.bytes = info.bytes;
  last.modified_ns = info.modified_ns;
  last.set_aside = set_aside;
  const auto pass = passes_.find(last.number);
  if (pass == passes_.end()) {
    unsaved_ += text_of(last) + "\n";
  } else {
    pass->second = last;
    unsaved_passes_.insert(last.number);
  }
}

void FileRegistry::forget(const FileId& id) {
  const auto known = known_.find(id);
  if (known == known_.end()) return;
  const auto name = std::move(known->second.last.file);
  known_.erase(known);
  forget_name(id, name);
  unsaved_ += text_of("completed", name, id) + "\n";
}

void FileRegistry::forget_name(const FileId& id, const std::string& name) {
  const auto at = by_name_.find(name);
  if (at != by_name_.end() && at->second == id) by_name_.erase(at);
}

std::vector<FileId> FileRegistry::acknowledge(uint64_t pass) {
  std::vector<FileId> ready;
  if (pass <= acknowledged_) return ready;
  acknowledged_ = pass;
  const auto end = passes_.lower_bound(pass);
  for (auto over = passes_.begin(); over != end; ++over) {
    if (unsaved_passes_.erase(over->first)) unsaved_ += text_of(over->second) + "\n";
    const auto known = known_.find(id_of(over->second.identity));
    if (known == known_.end() || known->second.last.number != over->first) continue;
    known->second.acknowledged = true;
    if (known->second.last.finished) ready.push_back(known->first);
  }
  passes_.erase(passes_.begin(), end);
  unsaved_ += "{\"acknowledged\":" + std::to_string(pass) + "}\n";
  return ready;
}

std::vector<FileId> FileRegistry::completable() const {
  std::vector<const Known*> all;
  for (const auto& [id, known] : known_)
    if (known.acknowledged && known.last.finished) all.push_back(&known);
  std::sort(all.begin(), all.end(), [](const Known* a, const Known* b) { return a->last.file < b->last.file; });
  std::vector<FileId> ids;
  for (const auto* known : all) ids.push_back(id_of(known->last.identity));
  return ids;
}

std::string FileRegistry::compacted() const {
  std::string text =
      text_of("folder", folder_, folder_id_) + "\n{\"acknowledged\":" + std::to_string(acknowledged_) + "}\n";
  for (const auto& [id, known] : known_)
    if (known.acknowledged) text += text_of(known.last) + "\n";
  for (const auto& [number, pass] : passes_) text += text_of(pass) + "\n";
  return text;
}

Done FileRegistry::save() {
  if (unsaved_.empty() && unsaved_passes_.empty()) return {};
  if (journal_.bytes() > kCompactBytes && journal_.bytes() > 4 * kUsualLineBytes * (known_.size() + passes_.size())) {
    LEVADA_TRY(journal_.replace(compacted()));
  } else {
    std::string text = unsaved_;
    for (const auto number : unsaved_passes_)
      if (const auto pass = passes_.find(number); pass != passes_.end()) text += text_of(pass->second) + "\n";
    LEVADA_TRY(journal_.append(text));
  }
  unsaved_.clear();
  unsaved_passes_.clear();
  return {};
}

}  // namespace levada::spool
