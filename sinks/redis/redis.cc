// The sink's calls: writing rows, committing, starting over.
#include "redis.h"

#include <algorithm>
#include <utility>

#include "levada/kept_id.h"
#include "redis/command_text.h"
#include "redis/server_error.h"
#include "server_check.h"

namespace levada::redis_sink {

namespace {

using redis::append_command;
using redis::is_error;
using redis::meaning_of;
using redis::text_of;
using std::chrono::nanoseconds;

constexpr std::string_view kIdLine = "levada redis sink id 1";
constexpr std::string_view kEpochStream = "@epoch";

uint64_t epoch_of(const std::vector<Position>& positions) {
  for (const auto& position : positions)
    if (position.stream == kEpochStream) return position.sequence;
  return 0;
}

// The columns of the rows that are not marked, and nothing else.
Batch kept_rows(Batch batch) {
  batch.drop_marked();
  Batch kept(batch.rows());
  for (const auto& column : batch.columns()) kept.set(column);
  return kept;
}

}  // namespace

Result<std::unique_ptr<Redis>> Redis::create(Settings settings, Host host) {
  LEVADA_TRY(redis::check(settings));
  auto encoder = RowEncoder::from(settings);
  if (!encoder) return std::move(encoder).error();
  if (settings.checkpoint_key) {
    if (!settings.transactions) return wrong("checkpoint_key", "has no effect without transactions");
    if (settings.checkpoint_key->empty()) return wrong("checkpoint_key", "must not be empty");
    if (*settings.checkpoint_key == settings.key) return wrong("checkpoint_key", "is the key that rows go to");
  }
  return std::unique_ptr<Redis>(new Redis(std::move(settings), *std::move(encoder), host));
}

Done Redis::open() { return settings_.transactions && !checkpoint_key_ ? name_checkpoint() : Done(); }

Done Redis::name_checkpoint() {
  if (settings_.checkpoint_key) {
    checkpoint_key_ = std::make_unique<CheckpointKey>(*settings_.checkpoint_key, host_);
    return {};
  }
  auto id = kept_id(host_, "redis_id", kIdLine);
  if (!id) return std::move(id).error();
  checkpoint_key_ = std::make_unique<CheckpointKey>("levada:" + std::string(host_.component()) + ":" + *id, host_);
  return {};
}

void Redis::forget_commands() {
  commands_.clear();
  if (commands_.capacity() > size_t{1} << 24) commands_ = std::string();
  keys_.clear();
  last_key_.clear();
}

void Redis::forget_rows() {
  forget_commands();
  held_.clear();
  wrong_keys_.clear();
  errors_.clear();
  in_multi_ = false;
  phase_ = Phase::none;
}

// A new connection each time: what was sent on the old one is done, or fails because the checkpoint
// has changed its owner.
Result<std::vector<Position>> Redis::recover() {
  forget_rows();
  connection_.reset();
  auto opened = redis::Connection::open(settings_);
  if (!opened) return std::move(opened).error();
  LEVADA_TRY(check_server(**opened, host_));
  connection_ = *std::move(opened);
  if (!checkpoint_key_) return std::vector<Position>();
  auto positions = checkpoint_key_->claim(*connection_);
  if (!positions) return positions;
  const auto known = epoch_of(committed_), found = epoch_of(*positions);
  if (found < known)
    host_.error("the server has lost what it had confirmed: of commit " + std::to_string(known) + " it knows commit " +
                std::to_string(found) +
                "; rows since then are missing unless their source can go back; set appendonly "
                "yes and appendfsync always in the server");
  committed_ = *positions;
  return positions;
}

Done Redis::encode(Batch& batch) {
  LEVADA_TRY(encoder_.bind(batch));
  const bool notes_keys = encoder_.type_of_keys() != nullptr;
  std::string reason;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const auto before = commands_.size();
    bool taken = encoder_.append(row, commands_, reason);
    if (taken && notes_keys && encoder_.key() != last_key_) {
      const auto wrong = wrong_keys_.find(encoder_.key());
      if (wrong != wrong_keys_.end()) {
        reason =
            "the key \"" + wrong->first + "\" is a " + wrong->second + " in Redis, and no " + encoder_.type_of_keys();
        taken = false;
      } else {
        last_key_ = encoder_.key();
        if (keys_.find(encoder_.key()) == keys_.end()) keys_.emplace(encoder_.key());
      }
    }
    if (taken) continue;
    commands_.resize(before);
    batch.reject(row, reason);
  }
  values_replaced_.add(encoder_.take_replaced());
  return {};
}

Done Redis::write(Batch& batch, nanoseconds) {
  if (batch.rows() == 0) return {};
  LEVADA_TRY(encode(batch));
  held_.push_back(kept_rows(batch));
  return {};
}

Done Redis::commit(const Checkpoint& checkpoint, nanoseconds timeout, Batch& rejected) {
  const auto end = std::chrono::steady_clock::now() + std::min<nanoseconds>(timeout, std::chrono::hours(1));
  for (;;) {
    switch (phase_) {
      case Phase::none:
        if (held_.empty() && (!settings_.transactions || checkpoint.positions == committed_)) return {};
        if (settings_.transactions) start_checking();
        else start_executing(checkpoint);
        break;
      case Phase::checking: {
        LEVADA_TRY(connection_->proceed(end - std::chrono::steady_clock::now()));
        const auto right = checked();
        if (!right) return right.error();
        if (*right) {
          start_executing(checkpoint);
          break;
        }
        forget_commands();
        left_out_ = 0;
        phase_ = Phase::leaving_out;
        break;
      }
      case Phase::leaving_out: {
        const auto through = leave_out(rejected);
        if (!through) return through.error();
        if (!*through) return levada::idle();
        phase_ = Phase::none;
        break;
      }
      case Phase::executing:
        LEVADA_TRY(connection_->proceed(end - std::chrono::steady_clock::now()));
        LEVADA_TRY(executed(checkpoint));
        phase_ = Phase::executed;
        break;
      case Phase::executed:
        if (hand_over(rejected)) return levada::idle();
        forget_rows();
        return {};
    }
  }
}

// With MULTI behind it, whose answer is waited for: where it failed, rows would be written one by
// one.
void Redis::start_checking() {
  checks_.clear();
  check_replies_.clear();
  if (in_multi_) append_command({"DISCARD"}, checks_);
  checkpoint_key_->append_watch(checks_);
  for (const auto& key : keys_) append_command({"TYPE", key}, checks_);
  append_command({"MULTI"}, checks_);
  connection_->start(checks_, (in_multi_ ? 1 : 0) + CheckpointKey::kWatchReplies + keys_.size() + 1,
                     [this](redis::Reply reply) { check_replies_.push_back(std::move(reply)); });
  phase_ = Phase::checking;
}

Result<bool> Redis::checked() {
  for (const auto& reply : check_replies_) {
    if (!is_error(*reply)) continue;
    auto error = meaning_of(text_of(*reply));
    return error.code == Code::reject ? fatal(std::move(error.message)) : std::move(error);
  }
  auto reply = check_replies_.begin() + (in_multi_ ? 1 : 0) + CheckpointKey::kWatchReplies;
  in_multi_ = true;
  LEVADA_TRY(checkpoint_key_->check_owner(**(reply - 1)));
  bool right = true;
  for (const auto& key : keys_) {
    const auto type = text_of(**reply++);
    if (type == "none" || type == encoder_.type_of_keys()) continue;
    wrong_keys_.emplace(key, type);
    right = false;
  }
  return right;
}

Result<bool> Redis::leave_out(Batch& rejected) {
  while (left_out_ < held_.size()) {
    Batch& held = held_[left_out_++];
    Batch batch = held;
    LEVADA_TRY(encode(batch));
    if (batch.rejections().empty()) continue;
    rejected = Batch::rejected(held, batch.rejections());
    held = kept_rows(std::move(batch));
    return false;
  }
  return true;
}

void Redis::start_executing(const Checkpoint& checkpoint) {
  size_t rows = 0;
  for (const auto& held : held_) rows += static_cast<size_t>(held.rows());
  replies_ = rows * encoder_.commands_per_row();
  if (encoder_.expires_keys()) {
    for (const auto& key : keys_) encoder_.append_expiry(key, commands_);
    replies_ += keys_.size();
  }
  if (settings_.transactions) {
    replies_ += checkpoint_key_->append_checkpoint(checkpoint, commands_) + 1;
    append_command({"EXEC"}, commands_);
  }
  errors_.clear();
  refused_ = Error{Code::ok, {}};
  connection_->start_for_errors(commands_, replies_,
                                [this](size_t number, std::optional<size_t> element, std::string_view said) {
                                  take_error(number, element, said);
                                });
  phase_ = Phase::executing;
}

void Redis::take_error(size_t number, std::optional<size_t> element, std::string_view said) {
  auto error = meaning_of(said);
  // Of a command that EXEC has executed.
  if (element) {
    errors_.emplace(*element, std::move(error.message));
    return;
  }
  if (error.code == Code::reject && !settings_.transactions) {
    errors_.emplace(number, std::move(error.message));
    return;
  }
  // One command that is not queued, and nothing is executed.
  if (error.code == Code::reject) error.code = Code::fatal;
  if (refused_.code == Code::ok) refused_ = std::move(error);
}

Done Redis::executed(const Checkpoint& checkpoint) {
  if (refused_.code != Code::ok) return refused_;
  if (!settings_.transactions) return {};
  // The last reply is that of EXEC.
  if (connection_->last_type() == REDIS_REPLY_NIL) return retry("the checkpoint was changed by another");
  if (connection_->last_type() != REDIS_REPLY_ARRAY) return retry("EXEC was answered with something else");
  committed_ = checkpoint.positions;
  return {};
}

bool Redis::hand_over(Batch& rejected) {
  size_t first = 0;
  for (const auto& held : held_) {
    std::vector<Rejection> rejections;
    const auto rows = static_cast<size_t>(held.rows());
    while (!errors_.empty() && errors_.begin()->first / encoder_.commands_per_row() < first + rows) {
      const auto row = static_cast<int64_t>(errors_.begin()->first / encoder_.commands_per_row() - first);
      // A row has several commands.
      if (rejections.empty() || rejections.back().row != row)
        rejections.push_back({row, std::move(errors_.begin()->second), {}});
      errors_.erase(errors_.begin());
    }
    first += rows;
    if (rejections.empty()) continue;
    rejected = Batch::rejected(held, rejections);
    return true;
  }
  // What is left has to do with no row: a key that could not be told when to expire.
  for (const auto& [number, error] : errors_) host_.warning(error);
  return false;
}

}  // namespace levada::redis_sink

LEVADA_PLUGIN("redis", "0.1.0", "Apache-2.0",
              levada::sink<levada::redis_sink::Redis>(
                  "redis", "Puts rows into Redis: hashes, keys with a time to live, sets, lists, streams, channels."))
