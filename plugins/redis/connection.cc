#include "redis/connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "redis/command_text.h"
#include "redis/server_error.h"

namespace levada::redis {

namespace {

using std::chrono::nanoseconds;

// So much is given to the socket at a time, and taken from it.
constexpr size_t kSentAtOnce = size_t{1} << 18;
constexpr size_t kReceivedAtOnce = size_t{1} << 14;

}  // namespace

Connection::Connection(std::unique_ptr<Socket> socket, nanoseconds timeout)
    : socket_(std::move(socket)), reader_(redisReaderCreate()), objects_(reader_->fn), timeout_(timeout) {
  reader_->privdata = &outcomes_;
}

Result<std::unique_ptr<Connection>> Connection::open(const Server& server) {
  auto socket = Socket::open(server);
  if (!socket) return std::move(socket).error();
  std::unique_ptr<Connection> connection(new Connection(*std::move(socket), server.timeout));
  LEVADA_TRY(connection->introduce(server));
  return connection;
}

Done Connection::introduce(const Server& server) {
  std::string commands;
  size_t count = 0;
  if (server.password && (server.user || !server.password->empty())) {
    if (server.user) append_command({"AUTH", *server.user, *server.password}, commands);
    else append_command({"AUTH", *server.password}, commands);
    ++count;
  }
  if (server.database != 0) {
    append_command({"SELECT", std::to_string(server.database)}, commands);
    ++count;
  }
  if (count == 0) append_command({"PING"}, commands), ++count;
  if (const auto replies = ask(commands, count); !replies) {
    // Whatever the server does not take here, it will not take later.
    return replies.code() == Code::reject ? fatal(replies.error().message) : replies.error();
  }
  return {};
}

// Stands for each value; what is not null is taken for an object.
void* Connection::note(const redisReadTask* task, std::string_view error) {
  static char value;
  auto& outcomes = *static_cast<Outcomes*>(task->privdata);
  const auto* parent = task->parent;
  if (!parent) outcomes.type = task->type;
  if (task->type != REDIS_REPLY_ERROR) return &value;
  if (!parent) outcomes.on_error(outcomes.number, std::nullopt, error);
  else if (!parent->parent) outcomes.on_error(outcomes.number, static_cast<size_t>(task->idx), error);
  return &value;
}

redisReplyObjectFunctions& Connection::only_errors() {
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions made{};
    made.createString = [](const redisReadTask* task, char* text, size_t size) { return note(task, {text, size}); };
    made.createArray = [](const redisReadTask* task, auto) { return note(task, {}); };
    made.createInteger = [](const redisReadTask* task, long long) { return note(task, {}); };
    made.createNil = [](const redisReadTask* task) { return note(task, {}); };
    made.freeObject = [](void*) {};
    return made;
  }();
  return functions;
}

void Connection::begin(std::string_view commands, size_t replies) {
  left_ = commands;
  replies_left_ = replies;
  heard_ = Clock::now();
}

void Connection::start(std::string_view commands, size_t replies, OnReply on_reply) {
  begin(commands, replies);
  reader_->fn = objects_;
  on_reply_ = std::move(on_reply);
}

void Connection::start_for_errors(std::string_view commands, size_t replies, OnError on_error) {
  begin(commands, replies);
  reader_->fn = &only_errors();
  on_reply_ = nullptr;
  outcomes_ = {std::move(on_error)};
}

Error Connection::lost(const std::string& why) const { return retry("the connection to Redis is lost: " + why); }

Result<bool> Connection::send_more() {
  if (left_.empty()) return false;
  const auto written = socket_->write(left_.substr(0, kSentAtOnce));
  if (!written) return lost(written.error().message);
  left_.remove_prefix(*written);
  return *written > 0;
}

// Until there is nothing: an encrypted socket may hold bytes that poll knows nothing of.
Result<bool> Connection::receive_more() {
  std::array<char, kReceivedAtOnce> bytes;
  for (bool any = false;; any = true) {
    const auto got = socket_->read(bytes.data(), bytes.size());
    if (!got) return lost(got.error().message);
    if (*got == 0) return any;
    if (redisReaderFeed(reader_.get(), bytes.data(), *got) != REDIS_OK) return lost(reader_->errstr);
    LEVADA_TRY(take_replies());
  }
}

Done Connection::take_replies() {
  while (replies_left_ > 0) {
    void* taken = nullptr;
    if (redisReaderGetReply(reader_.get(), &taken) != REDIS_OK) return lost(reader_->errstr);
    if (!taken) return {};
    --replies_left_;
    ++outcomes_.number;
    if (on_reply_) on_reply_(Reply(static_cast<redisReply*>(taken)));
  }
  return {};
}

Done Connection::proceed(nanoseconds timeout) {
  const auto end = Clock::now() + std::min<nanoseconds>(timeout, std::chrono::hours(1));
  for (;;) {
    const auto sent = send_more();
    if (!sent) return sent.error();
    if (left_.empty() && replies_left_ == 0) return {};
    const auto received = receive_more();
    if (!received) return received.error();
    if (left_.empty() && replies_left_ == 0) return {};
    const auto now = Clock::now();
    if (*sent || *received) heard_ = now;
    if (now - heard_ > timeout_) return lost("no answer within the timeout");
    if (now >= end) return levada::idle();
    LEVADA_TRY(socket_->wait(!left_.empty(), std::min<nanoseconds>(end - now, timeout_)));
  }
}

Result<std::vector<Reply>> Connection::ask(std::string_view commands, size_t replies) {
  std::vector<Reply> all;
  start(commands, replies, [&](Reply reply) { all.push_back(std::move(reply)); });
  const auto end = Clock::now() + timeout_;
  for (;;) {
    auto done = proceed(end - Clock::now());
    if (done) break;
    if (done.code() != Code::idle) return std::move(done).error();
    if (Clock::now() >= end) return lost("no answer within the timeout");
  }
  for (const auto& reply : all)
    if (is_error(*reply)) return meaning_of(text_of(*reply));
  return all;
}

}  // namespace levada::redis
