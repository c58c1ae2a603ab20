// What a reader of a channel has been given and what became of it, since it was set up: kept with
// its commits, so that it is as true as they are. `levada audit` shows it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/flow/account.h"

namespace levada::agent {

class AuditTotals {
 public:
  static constexpr size_t kFiles = 1000;  // Of a stream that are told apart; earlier ones are summed up.
  static constexpr std::string_view kEarlierFiles = "(earlier files)";

  // Of the rows that were read, those of a file ("" where rows come from none).
  struct Entry {
    std::string file;
    int64_t read = 0, delivered = 0;
    std::vector<AuditCount> counts;
    // What no line of the account explains: 0, or rows were lost (above 0) or doubled.
    int64_t difference() const;
  };
  struct Stream {
    uint64_t first = 0, end = 0;       // Rows of the stream that it is about.
    int64_t missing = 0, doubled = 0;  // Of them, those that never came, and those that came again.
    int64_t restarts = 0;              // Times that nothing was known of the stream, and it was numbered from 0 again.
    std::vector<Entry> entries;        // In the order in which files came.
  };

  // A batch was written: so many of its rows.
  void add(const Account& account, int64_t delivered);
  // Rows were written that an interceptor had held. Of which stream and file they are is not known:
  // they count for the one that was added last.
  void add_held(int64_t delivered, const std::vector<AuditCount>& counts);
  // Rows that were counted as delivered turned out not to be.
  void take_back(int64_t rows, const std::vector<AuditCount>& counts);
  const std::map<std::string, Stream>& streams() const { return streams_; }

  std::string encoded() const;
  static std::optional<AuditTotals> decode(std::string_view text);

 private:
  std::map<std::string, Stream> streams_;
  std::string last_;  // The stream of the last account.
};

}  // namespace levada::agent
