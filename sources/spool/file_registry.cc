// The registry; each change of it is a line of the journal.
#include "file_registry.h"

#include <algorithm>

#include "file_name.h"

namespace levada::spool {

namespace {

// A journal that is mostly history is written anew past this size.
constexpr uint64_t kCompactBytes = 4 << 20;
constexpr uint64_t kUsualLineBytes = 256;

std::string line(std::string_view key, std::string_view name) {
  return "{\"" + std::string(key) + "\":\"" + to_text(name) + "\"}\n";
}

}  // namespace

Result<int64_t> FileRegistry::load() {
  is_foreign_ = false;
  next_ = acknowledged_ = replay_ = replay_end_ = 0;
  resume_at_.reset();
  passes_.clear();
  known_.clear();
  by_inode_.clear();
  unsaved_passes_.clear();
  unsaved_.clear();
  auto lines = journal_.load();
  if (!lines) return std::move(lines).error();
  RecordParser parser;
  int64_t senseless = 0;
  for (const auto& text : *lines) {
    auto record = parser.parse(text);
    if (record)
      read(std::move(*record));
    else
      ++senseless;
  }
  if (lines->empty() || is_foreign_) unsaved_ = line("folder", folder_);
  return senseless;
}

void FileRegistry::read(Record record) {
  if (record.pass) return read_pass(std::move(*record.pass));
  if (record.acknowledged) {
    next_ = std::max(next_, *record.acknowledged);
    acknowledge(*record.acknowledged);
  }
  // Names are relative: those of another folder say nothing. Numbers go on.
  if (record.folder) is_foreign_ = *record.folder != folder_;
  if (is_foreign_) return;
  if (record.completed) forget(*record.completed);
  if (record.moved && record.to) move(*record.moved, *record.to);
  unsaved_.clear();
}

void FileRegistry::read_pass(Pass pass) {
  next_ = std::max(next_, pass.number + 1);
  if (is_foreign_) return;
  Known& known = remember(pass);
  known.acknowledged = pass.number < acknowledged_;
  if (!known.acknowledged) passes_[pass.number] = std::move(pass);
}

Known& FileRegistry::remember(const Pass& pass) {
  Known& known = known_[pass.file];
  if (known.last.identity.inode != pass.identity.inode) {
    forget_inode(known.last);
    known = {};
  }
  by_inode_[pass.identity.inode] = pass.file;
  known.last = pass;
  known.acknowledged = false;
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
        pass.from = position->place;
        remember(pass);
        passes_[at] = std::move(pass);
        next_ = std::max(next_, at + 1);
      }
      resume_at_ = position->place;
      resume_pass_ = at;
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
  if (resume_at_ && pass.number == resume_pass_) pass.from = *resume_at_;
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
  const auto known = known_.find(pass.file);
  if (known != known_.end() && known->second.last.number == pass.number) known->second.last = kept;
}

void FileRegistry::break_off(const Pass& pass, Place at) {
  for (auto later = passes_.lower_bound(pass.number); later != passes_.end(); ++later) {
    Pass& broken = later->second;
    if (broken.file != pass.file || broken.identity.inode != pass.identity.inode) continue;
    if (broken.number != pass.number) broken.from = at;
    broken.to = at;
    broken.finished = false;
    unsaved_passes_.insert(broken.number);
    remember(broken);
  }
}

const Known* FileRegistry::find(const std::string& file) const {
  const auto known = known_.find(file);
  return known == known_.end() ? nullptr : &known->second;
}

std::string FileRegistry::name_of(const levada_file_info& info) const {
  const auto name = by_inode_.find(info.inode);
  if (name == by_inode_.end() || known_.at(name->second).last.identity.device != info.device) return {};
  return name->second;
}

void FileRegistry::move(const std::string& from, const std::string& to) {
  auto node = known_.extract(from);
  if (node.empty()) return;
  const auto inode = node.mapped().last.identity.inode;
  for (auto& [number, pass] : passes_)
    if (pass.file == from && pass.identity.inode == inode) pass.file = to;
  node.mapped().last.file = node.key() = to;
  forget(to);
  by_inode_[inode] = to;
  known_.insert(std::move(node));
  unsaved_ += "{\"moved\":\"" + to_text(from) + "\",\"to\":\"" + to_text(to) + "\"}\n";
}

void FileRegistry::accept(const std::string& file, const levada_file_info& info, bool set_aside) {
  Pass& last = known_.at(file).last;
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

void FileRegistry::forget(const std::string& file) {
  const auto known = known_.find(file);
  if (known == known_.end()) return;
  forget_inode(known->second.last);
  known_.erase(known);
  unsaved_ += line("completed", file);
}

void FileRegistry::forget_inode(const Pass& pass) {
  const auto name = by_inode_.find(pass.identity.inode);
  if (name != by_inode_.end() && name->second == pass.file) by_inode_.erase(name);
}

std::vector<std::string> FileRegistry::acknowledge(uint64_t pass) {
  std::vector<std::string> ready;
  if (pass <= acknowledged_) return ready;
  acknowledged_ = pass;
  const auto end = passes_.lower_bound(pass);
  for (auto over = passes_.begin(); over != end; ++over) {
    if (unsaved_passes_.erase(over->first)) unsaved_ += text_of(over->second) + "\n";
    const auto known = known_.find(over->second.file);
    if (known == known_.end() || known->second.last.number != over->first) continue;
    known->second.acknowledged = true;
    if (known->second.last.finished) ready.push_back(known->first);
  }
  passes_.erase(passes_.begin(), end);
  unsaved_ += "{\"acknowledged\":" + std::to_string(pass) + "}\n";
  return ready;
}

std::vector<std::string> FileRegistry::completable() const {
  std::vector<std::string> all;
  for (const auto& [file, known] : known_)
    if (known.acknowledged && known.last.finished) all.push_back(file);
  std::sort(all.begin(), all.end());
  return all;
}

std::string FileRegistry::compacted() const {
  std::string text = line("folder", folder_) + "{\"acknowledged\":" + std::to_string(acknowledged_) + "}\n";
  for (const auto& [file, known] : known_)
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
