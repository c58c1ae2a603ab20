// Rows that a component turned down, kept in a durable channel of their own: with the reason, who turned them down,
// where they come from, and the row as it was.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/channels/file/file_channel.h"
#include "agent/pipeline/interceptor_chain.h"

namespace levada::agent {

class DeadLetters {
 public:
  // The columns of a letter that are not the row's; a column of the row that is called like one gets kRowPrefix.
  static constexpr const char* kReason = "reason";        // text
  static constexpr const char* kComponent = "component";  // text: "interceptors.clean"
  static constexpr const char* kOwner = "owner";          // text: the source or sink in whose chain it stands
  static constexpr const char* kStream = "stream";        // text: of the source, "clicks/bot-logs/3"
  static constexpr const char* kPosition = "position";    // text: where the stream goes on behind the row's batch
  static constexpr const char* kTime = "rejected_at";     // timestamp
  // A column of a source's rows: true where a row was too long, and only its beginning was kept.
  static constexpr const char* kCut = "cut";  // boolean
  static constexpr const char* kRowPrefix = "row_";

  // Of the channel that they are.
  static FileChannelOptions channel_options(const std::string& folder);
  // In `folder`, which is made when the first row comes.
  DeadLetters(const Services& services, std::string folder);

  // Before all that follows. What an earlier run left is made ready.
  Done open();

  // The batch that rows were in: whose chain it was in, and the rows of the stream that it was.
  struct Origin {
    std::string owner;  // "sources.clicks"
    std::string stream, position;
    uint64_t end;  // Rows of the stream before its position.
  };
  // They are kept in memory until sync; what is stored already, of a batch that comes again, is not stored twice.
  // In the order of the batches. [any thread]
  void add(const Origin& origin, const RejectedRows& rows);
  // Of which batch the rows were is not known: they are stored again if they come again. [any thread]
  void add_late(const std::string& owner, const RejectedRows& rows);
  // Makes what was added durable: before what is left of the batch is, or its position is acknowledged. [any thread]
  Done sync();
  // Up to which rows of the stream letters are stored, for each component that turned some down.
  std::vector<uint64_t> marks(const std::string& stream) const;
  // The components whose rows are stored, or were before they were replayed: "interceptors.clean".
  std::set<std::string> components() const;

  struct Count {
    std::string component, reason;  // See write_kind.
    int64_t rows;
  };
  // Since the start; the most frequent first.
  std::vector<Count> counts() const;
  int64_t rows() const;
  const std::string& folder() const { return folder_; }

 private:
  bool append_waiting();
  void keep(std::string stream, const Origin& origin, const RejectedRows& rows);

  const Services services_;
  const std::string folder_;
  FileChannel channel_;
  mutable std::mutex mutex_;  // Of what follows.
  bool opened_ = false;
  std::deque<InFlight> waiting_;                           // Not given to the channel yet.
  std::deque<std::shared_ptr<Acknowledgement>> appended_;  // Of those that the channel has, and has not synced.
  std::shared_ptr<Signal> stored_ = std::make_shared<Signal>();
  uint64_t late_ = 0;
  int64_t rows_ = 0;
  std::map<std::pair<std::string, std::string>, int64_t> counts_;  // By component and kind of reason.
};

}  // namespace levada::agent
