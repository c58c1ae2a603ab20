// A connection to a Redis server. Requests proceed for as long as their caller has time.
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"
#include "redis/server.h"
#include "redis/socket.h"

namespace levada::redis {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

inline std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }
inline bool is_error(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }

class Connection {
 public:
  using OnReply = std::function<void(Reply)>;
  // The number of the reply, that of the element where the error stands in an array, and what it
  // says.
  using OnError = std::function<void(size_t reply, std::optional<size_t> element, std::string_view error)>;

  // Connects, says who it is, and chooses the database. Takes no longer than the timeout that is
  // set.
  static Result<std::unique_ptr<Connection>> open(const Server& server);

  // Begins to send commands, which must stay until all their replies are there; `on_reply` gets
  // each of them.
  void start(std::string_view commands, size_t replies, OnReply on_reply);
  // The same where nothing but errors is looked at: no object is made for a reply.
  void start_for_errors(std::string_view commands, size_t replies, OnError on_error);
  // Sends and receives. IDLE: the time is up, call it again. RETRY: the connection is of no use any
  // more.
  Done proceed(std::chrono::nanoseconds timeout);
  // For requests that are small: all replies. An error of the server among them is the outcome, as
  // meaning_of it.
  Result<std::vector<Reply>> ask(std::string_view commands, size_t replies);
  // Of the reply that came last: REDIS_REPLY_ARRAY, ...
  int last_type() const { return outcomes_.type; }

 private:
  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  using Clock = std::chrono::steady_clock;
  // What is noted of replies that are not read in full.
  struct Outcomes {
    OnError on_error;
    size_t number = 0;  // Of the reply that is being read.
    int type = 0;
  };

  Connection(std::unique_ptr<Socket> socket, std::chrono::nanoseconds timeout);
  static redisReplyObjectFunctions& only_errors();
  static void* note(const redisReadTask* task, std::string_view error);
  Done introduce(const Server& server);
  void begin(std::string_view commands, size_t replies);
  // Gives whether any bytes went.
  Result<bool> send_more();
  // Takes the replies that have come; gives whether any bytes came.
  Result<bool> receive_more();
  Done take_replies();
  Error lost(const std::string& why) const;

  const std::unique_ptr<Socket> socket_;
  const std::unique_ptr<redisReader, Free> reader_;
  redisReplyObjectFunctions* const objects_;  // That make an object of each reply.
  const std::chrono::nanoseconds timeout_;
  std::string_view left_;  // Of the commands, what is not sent yet.
  size_t replies_left_ = 0;
  OnReply on_reply_;
  Outcomes outcomes_;
  Clock::time_point heard_;  // When something went forth or back last.
};

}  // namespace levada::redis
