#include "checkpoint_key.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "redis/command_text.h"
#include "redis/server_error.h"

namespace levada::redis_sink {

namespace {

using redis::append_command;
using redis::append_text;
using redis::begin_command;
using redis::is_error;
using redis::meaning_of;
using redis::text_of;

constexpr std::string_view kOwner = "owner";
// Before the name of a stream.
constexpr std::string_view kStream = "stream:";

std::optional<uint64_t> number_in(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Error CheckpointKey::damaged(const std::string& what) const {
  return fatal("the key \"" + name_ + "\" is no checkpoint of this sink: " + what +
               "; give the sink another checkpoint_key, or remove the key where its rows may come again");
}

Error CheckpointKey::taken_over() const {
  return fatal("another agent has taken over the key \"" + name_ +
               "\": of two agents with one checkpoint_key the one that started last goes on");
}

// The owner is the number of the claim, and a random number, with a space between them; a stream is
// the number of rows and the position.
Result<CheckpointKey::Found> CheckpointKey::parse(const redisReply& reply) const {
  Found found;
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements % 2 != 0) return damaged("it is no hash");
  for (size_t at = 0; at < reply.elements; at += 2) {
    const auto field = text_of(*reply.element[at]), value = text_of(*reply.element[at + 1]);
    const auto space = std::min(value.find(' '), value.size());
    const auto number = number_in(value.substr(0, space));
    if (!number || space == value.size()) return damaged("the field \"" + std::string(field) + "\" has no number");
    if (field == kOwner) {
      found.generation = *number;
      found.owner = value;
    } else if (field.starts_with(kStream)) {
      found.positions.push_back(
          {std::string(field.substr(kStream.size())), std::string(value.substr(space + 1)), *number});
    } else {
      return damaged("it has the field \"" + std::string(field) + "\"");
    }
  }
  std::sort(found.positions.begin(), found.positions.end(),
            [](const Position& a, const Position& b) { return a.stream < b.stream; });
  return found;
}

Result<std::vector<Position>> CheckpointKey::claim(redis::Connection& connection) {
  std::string commands;
  append_command({"WATCH", name_}, commands);
  append_command({"HGETALL", name_}, commands);
  auto replies = connection.ask(commands, 2);
  if (!replies) return replies.code() == Code::reject ? damaged(replies.error().message) : std::move(replies).error();
  auto found = parse(*(*replies)[1]);
  if (!found) return std::move(found).error();
  // A server that has lost what was done last may say an older number.
  if (generation_ > 0 && found->owner != owner_ && found->generation > generation_) return taken_over();

  const uint64_t generation = std::max(generation_, found->generation) + 1;
  char random[20];
  std::snprintf(random, sizeof random, " %016llx", static_cast<unsigned long long>(host_.random()));
  const auto owner = std::to_string(generation) + random;
  commands.clear();
  append_command({"MULTI"}, commands);
  append_command({"HSET", name_, kOwner, owner}, commands);
  append_command({"EXEC"}, commands);
  replies = connection.ask(commands, 3);
  if (!replies) return replies.code() == Code::reject ? fatal(replies.error().message) : std::move(replies).error();
  const auto& done = *(*replies)[2];
  if (done.type == REDIS_REPLY_NIL) return retry("another agent took the key \"" + name_ + "\" in this moment");
  if (done.type != REDIS_REPLY_ARRAY || done.elements != 1) return retry("EXEC was answered with something else");
  if (is_error(*done.element[0])) return meaning_of(text_of(*done.element[0]));
  generation_ = generation;
  owner_ = owner;
  return std::move(found->positions);
}

void CheckpointKey::append_watch(std::string& to) const {
  append_command({"WATCH", name_}, to);
  append_command({"HGET", name_, kOwner}, to);
}

Done CheckpointKey::check_owner(const redisReply& reply) const {
  if (reply.type == REDIS_REPLY_STRING && text_of(reply) == owner_) return {};
  // recover tells an agent that came later from a server that has lost the key.
  return retry("the key \"" + name_ + "\" is no longer what this sink has made of it");
}

size_t CheckpointKey::append_checkpoint(const Checkpoint& checkpoint, std::string& to) const {
  // Streams that are gone are gone from here, too.
  append_command({"DEL", name_}, to);
  begin_command(4 + 2 * checkpoint.positions.size(), to);
  append_text("HSET", to);
  append_text(name_, to);
  append_text(kOwner, to);
  append_text(owner_, to);
  std::string field, value;
  for (const auto& position : checkpoint.positions) {
    field.assign(kStream).append(position.stream);
    value = std::to_string(position.sequence);
    value.append(" ").append(position.position);
    append_text(field, to);
    append_text(value, to);
  }
  return 2;
}

}  // namespace levada::redis_sink
