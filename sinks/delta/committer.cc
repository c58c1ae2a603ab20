#include "committer.h"

#include <cstdio>
#include <optional>

#include "action_json.h"

namespace levada::delta {
namespace {

constexpr int kAttempts = 1000;
constexpr const char* kEngine = "levada/0.1.0";

}  // namespace

Result<Rival> rival_of(const ForeignCommit& commit) {
  Rival rival{.version = commit.version};
  LEVADA_TRY(read_actions(commit.content, commit_path(commit.version), kState | kRemoves | kCommitInfo,
                          [&](Action& action) -> Done {
                            if (auto* info = std::get_if<CommitInfo>(&action)) rival.id = info->id;
                            if (auto* protocol = std::get_if<Protocol>(&action)) rival.protocol = *protocol;
                            if (auto* metadata = std::get_if<Metadata>(&action)) rival.metadata = *metadata;
                            if (auto* transaction = std::get_if<Transaction>(&action))
                              rival.transactions.push_back(*transaction);
                            if (auto* remove = std::get_if<RemoveFile>(&action))
                              rival.removed.push_back(key_of(remove->path, remove->deletion_vector));
                            return {};
                          }));
  rival.changed_table = rival.protocol || rival.metadata;
  return rival;
}

std::string new_uuid(Host host) {
  const auto first = host.random(), second = host.random();
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(first >> 32),
                static_cast<unsigned>(first >> 16) & 0xffff, static_cast<unsigned>(first) & 0xfff,
                (static_cast<unsigned>(second >> 48) & 0x3fff) | 0x8000,
                static_cast<unsigned long long>(second & 0xffffffffffff));
  return text;
}

std::string Committer::content_of(const Change& change, const std::string& id) const {
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(host_.now()).count();
  std::string content;
  append_line(content, CommitInfo{now_ms, change.operation, change.parameters, change.metrics, kEngine, id,
                                  change.is_blind_append});
  if (change.protocol) append_line(content, *change.protocol);
  if (change.metadata) append_line(content, *change.metadata);
  if (change.transaction) append_line(content, *change.transaction);
  for (const auto& remove : change.removes) append_line(content, remove);
  for (const auto& add : change.adds) append_line(content, add);
  return content;
}

Result<int64_t> Committer::commit(Snapshot& snapshot, const Change& change, const Judge& judge) {
  outcome_unknown_ = false;
  const auto id = new_uuid(host_);
  const auto content = content_of(change, id);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto place = snapshot.version + 1;
    auto put = log_.store().put_if_absent(commit_path(place), content);
    if (put && *put) {
      LEVADA_TRY(log_.advance(snapshot, content));
      return place;
    }
    // Ours may be there though the call failed, or said that there was one already.
    outcome_unknown_ = true;
    std::optional<int64_t> ours;
    const auto updated = log_.update(snapshot, [&](const ForeignCommit& commit) -> Done {
      auto rival = rival_of(commit);
      if (!rival) return std::move(rival).error();
      if (rival->id == id) ours = commit.version;
      outcome_unknown_ = false;
      // What comes behind ours stands in nobody's way.
      return ours ? Done() : judge(*rival);
    });
    if (ours) return *ours;
    if (!updated) return updated.error();
    if (!put) return std::move(put).error();
  }
  return retry("others were quicker " + std::to_string(kAttempts) + " times");
}

}  // namespace levada::delta
