// Where a source goes on, from what the readers of its channels say: sinks of memory channels, and durable channels. One
// that was killed before its first commit of a stream says nothing of it, and must not be taken for one that is new.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/flow/in_flight.h"
#include "levada/host.h"

namespace levada::agent {

class StreamStarts {
 public:
  struct Reader {
    std::string name;       // "sinks.out" or "channels.main"
    Positions positions;    // What it has stored, by the full names of streams.
    std::set<std::string> confirmed = {};  // Streams that it is known to have committed rows of.
  };

  static std::string path(const std::string& data_dir, const std::string& source) {
    return data_dir + "/starts/" + source;
  }
  // Kept in the file `path`.
  StreamStarts(Files files, std::string path) : files_(files), path_(std::move(path)) {}

  // FATAL where the file is damaged.
  Done load();
  // The positions of each reader, in order, with one for every stream that any of them knows, or that is in `known`:
  // - A reader that is new, or that was started anew, joins where the one furthest behind is.
  // - Any other has had nothing of the stream: it stands at its beginning, which has no position. `first_number` says
  //   which number the first row has then, for a stream that none of them knows.
  std::vector<Positions> complete(const std::vector<Reader>& readers, const std::set<std::string>& known,
                                  const std::function<uint64_t(const std::string&)>& first_number);
  // The source has said where a stream begins that nobody knew: all readers are there.
  void begin(const Position& position);
  // Durable when it returns: before the source is opened, and before rows of a stream that begins are handed on.
  Done save();

 private:
  struct Known {
    std::map<std::string, Position> starts;  // Where it began with a stream, until it has stored a position.
    std::set<std::string> stored;            // Streams of which it has been seen to have stored one.
    bool operator==(const Known&) const = default;
  };
  std::string text() const;
  bool parse(std::string_view text);

  const Files files_;
  const std::string path_;
  std::map<std::string, Known> readers_;  // By name.
  std::string saved_;
};

}  // namespace levada::agent
