// Puts a sink that writes files through the same steps over and over, while a test breaks the disk
// or kills the process at each call in turn. For tests with GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "levada/testkit/fake_host.h"

namespace levada::testkit {

// Does with the sink what the host does: writes two streams by turns, commits, is idle, goes back
// to what recover says after a failure, starts the sink anew after a crash. After each call it
// looks at the disk as a reader does.
class SinkFaultBench {
 public:
  using Make = std::function<Result<std::unique_ptr<Sink>>(Host)>;
  // The rows in a complete file.
  using Read = std::function<std::vector<std::string>(const std::string& content)>;
  static constexpr uint64_t kRows = 6;  // Of each stream.

  // Data folder and output lie on two file systems. What is torn off by
  // a crash depends on the seed. `column`: what the rows' column is called.
  SinkFaultBench(Make make, Read rows_of, int seed = 0, std::string column = "body")
      : make_(std::move(make)), rows_of_(std::move(rows_of)), column_(std::move(column)) {
    files().make_folders("/out");
    files().mount("/out");
    for (int at = 0; at < seed; ++at) files().crash(Lose::torn);
  }

  MemoryFiles& files() { return host_.files(); }
  // What is done about the second call that fails.
  void set_relief(std::function<void()> relief) { relief_ = std::move(relief); }

  // The n-th call from now is never made, nor any behind it, until the crash.
  void die_at(int64_t n) {
    files().crash_at(n);
    crashed_ = false;
  }
  void crash(Lose lose) {
    files().crash(lose);
    crashed_ = true;
    reached_.clear();
  }

  // Until all is committed and the sink is gone. False: it did not come to that.
  bool run() {
    auto made = make_(host_.host());
    EXPECT_TRUE(made) << made.error().message;
    sink_ = *std::move(made);
    opened_ = recovered_ = false;
    int failures = 0;
    // More than enough for a few faults.
    for (int call = 0; call < 300 && !done(); ++call) {
      const Done result = step();
      look();
      host_.clock().advance(std::chrono::seconds(1));
      if (result) continue;
      EXPECT_EQ(result.code(), Code::retry) << result.error().message;
      recovered_ = false;
      if (++failures == 2 && relief_) relief_();
    }
    // What fails here is done at the next start.
    (void)sink_->close(std::chrono::nanoseconds(0));
    sink_.reset();
    look();
    return done();
  }

  // What is wrong with the disk when all is done; empty where each row is in one complete
  // file, once, and nothing else.
  std::string fault() {
    if (files().open_handles() != 0) return "files are still open";
    return disk_fault();
  }

 private:
  using Sequences = std::map<std::string, uint64_t>;

  bool done() const {
    return recovered_ && std::all_of(std::begin(kStreams), std::end(kStreams), [&](const auto& stream) {
             const auto at = committed_.find(stream);
             return at != committed_.end() && at->second == kRows;
           });
  }

  Done step() {
    if (!opened_) {
      LEVADA_TRY(sink_->open());
      opened_ = true;
      return {};
    }
    if (!recovered_) return recover();
    constexpr std::string_view kScript = "wwcwicwci";
    switch (kScript[step_++ % kScript.size()]) {
      case 'w': return write();
      case 'c': return commit();
      default: host_.clock().advance(std::chrono::seconds(90)); return sink_->idle();
    }
  }

  Done recover() {
    const auto positions = sink_->recover();
    if (!positions) return positions.error();
    recovered_ = true;
    // All of one checkpoint, or of none.
    EXPECT_TRUE(*positions == std::vector<Position>() ||
                std::find(checkpoints_.begin(), checkpoints_.end(), *positions) != checkpoints_.end());
    Sequences named;
    for (const auto& position : *positions) named[position.stream] = position.sequence;
    for (const auto& [stream, sequence] : committed_) EXPECT_GE(named[stream], sequence) << "a commit is gone";
    committed_ = reached_ = named;
    if (crashed_) {
      EXPECT_EQ(disk_fault(), "") << "after recover";
    }
    crashed_ = false;
    return {};
  }

  Done write() {
    const auto& stream = reached_[kStreams[0]] <= reached_[kStreams[1]] ? kStreams[0] : kStreams[1];
    const auto first = reached_[stream];
    if (first == kRows) return {};
    Batch batch(2);
    const bool is_body = column_ == "body";
    batch.set(text_column(column_, {row(stream, first), row(stream, first + 1)}, is_body ? Type::bytes : Type::text));
    // Into files that are new, that other rows wait in, and that are idle.
    const auto own = stream == kStreams[0] ? "x" + std::to_string(first) : "z";
    batch.set(text_column("host", {own, "y"}));
    LEVADA_TRY(sink_->write(batch, std::chrono::nanoseconds(0)));
    reached_[stream] += 2;
    return {};
  }

  Done commit() {
    if (reached_ == committed_) return {};
    ++reached_["@epoch"];
    Checkpoint checkpoint;
    for (const auto& [stream, sequence] : reached_)
      checkpoint.positions.push_back({stream, "at\t" + std::to_string(sequence), sequence});
    checkpoints_.push_back(checkpoint.positions);
    Batch rejected;
    LEVADA_TRY(sink_->commit(checkpoint, std::chrono::seconds(1), rejected));
    committed_ = reached_;
    return {};
  }

  // A complete file never changes, and has rows of commits only. What was committed before a crash
  // is known when recover says so.
  void look() {
    for (const auto& path : files().paths()) {
      if (!path.starts_with("/out/") || path.ends_with(".tmp") || is_hidden(path)) continue;
      const auto content = files().read_file(path);
      const auto [known, fresh] = seen_.emplace(path, content);
      EXPECT_EQ(known->second, content) << path << " has changed";
      if (fresh)
        for (auto& row : rows_of_(content)) shown_.push_back(std::move(row));
    }
    if (!recovered_) return;
    for (const auto& row : shown_) EXPECT_TRUE(is_committed(row)) << row << " is shown and not committed";
  }

  std::string disk_fault() {
    std::set<std::string> missing;
    for (const auto& stream : kStreams)
      for (uint64_t number = 0; number < committed_[stream]; ++number) missing.insert(row(stream, number));
    for (const auto& path : files().paths()) {
      if (!path.starts_with("/out/")) continue;
      if (path.ends_with(".tmp")) return path + " was left over";
      if (is_hidden(path)) continue;
      for (const auto& row : rows_of_(files().read_file(path)))
        if (missing.erase(row) == 0) return row + " is there once more, or should not be there";
    }
    return missing.empty() ? "" : *missing.begin() + " is missing";
  }

  // Of the sink's own.
  static bool is_hidden(const std::string& path) { return path.find("/.") != path.npos; }
  bool is_committed(const std::string& row) {
    const auto space = row.find_last_of(' ');
    return space != row.npos && std::stoull(row.substr(space)) < committed_[row.substr(0, space)];
  }
  static std::string row(const std::string& stream, uint64_t number) { return stream + " " + std::to_string(number); }

  inline static const std::string kStreams[] = {"left", "right%\t1"};

  const Make make_;
  const Read rows_of_;
  const std::string column_;
  FakeHost host_;
  std::unique_ptr<Sink> sink_;
  std::function<void()> relief_;
  bool opened_ = false, recovered_ = false, crashed_ = false;
  size_t step_ = 0;
  Sequences reached_, committed_;
  std::vector<std::vector<Position>> checkpoints_;  // Of all commits that were tried.
  std::map<std::string, std::string> seen_;         // Complete files.
  std::vector<std::string> shown_;                  // The rows in them.
};

}  // namespace levada::testkit
