// A connection to a Redis server. Requests proceed for as long as their caller has time.
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "levada/sdk.h"
#include "settings.h"

namespace levada::redis_sink {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

inline std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }
inline bool is_error(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }

class Connection {
 public:
  // What is wrong with the settings.
  static Done check(const RedisSettings& settings);
  // Connects, says who it is, chooses the database, and looks whether it is a server that the sink
  // can write to. Takes no longer than the timeout that is set.
  static Result<std::unique_ptr<Connection>> open(const RedisSettings& settings, Host host);

  // Begins to send commands, which must stay until all their replies are there; `on_reply` gets
  // each of them.
  void start(std::string_view commands, size_t replies, std::function<void(Reply)> on_reply);
  // Sends and receives. IDLE: the time is up, call it again. RETRY: the connection is of no use any
  // more.
  Done proceed(std::chrono::nanoseconds timeout);
  // For requests that are small: all replies. An error of the server among them is the outcome, as
  // meaning_of it.
  Result<std::vector<Reply>> ask(std::string_view commands, size_t replies);

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  using Context = std::unique_ptr<redisContext, Free>;
  using Clock = std::chrono::steady_clock;

  Connection(Context context, std::chrono::nanoseconds timeout) : context_(std::move(context)), timeout_(timeout) {}
  static Done encrypt(redisContext& context, const RedisSettings& settings);
  Done introduce(const RedisSettings& settings);
  Done look_at_server(Host host);
  Done send_more();
  Done receive_more();
  // Takes the replies that have arrived; whether one did.
  Result<bool> take_replies();
  Error lost(std::string why) const;

  Context context_;
  const std::chrono::nanoseconds timeout_;
  std::string_view left_;  // Of the commands, what is not yet in the context's buffer.
  bool sends_ = false;     // There is something in that buffer.
  size_t replies_left_ = 0;
  std::function<void(Reply)> on_reply_;
  Clock::time_point heard_;  // When something went forth or back last.
};

}  // namespace levada::redis_sink
