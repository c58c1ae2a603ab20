// The interceptor join_redis.
#include "join_redis.h"

#include <algorithm>
#include <utility>

#include "join/key_index.h"
#include "text/value_column.h"

namespace levada::join_redis {

Result<std::unique_ptr<JoinRedis>> JoinRedis::create(Settings settings, Host host) {
  LEVADA_TRY(redis::check(settings));
  auto key = Pattern::parse(settings.key);
  if (!key) return wrong("key", key.error().message);
  if (key->constant()) return wrong("key", "names no column: each row would have the same key");
  auto columns = read_declared_columns(std::exchange(settings.columns, Tree()), "columns");
  if (!columns) return std::move(columns).error();
  if (settings.join == join::Kind::left && columns->empty())
    return wrong("columns", "name what is to be added: join = \"left\" keeps all rows");
  if (settings.join == join::Kind::anti && !columns->empty())
    return wrong("columns", "has no effect: join = \"anti\" keeps the rows for which there is nothing to add");
  if (settings.value == ValueKind::text && columns->size() > 1)
    return wrong("columns", "must be one: value = \"text\" has no more");
  if (settings.ttl < std::chrono::nanoseconds(0)) return wrong("ttl", "must not be negative");
  if (settings.cache_bytes.bytes < 0) return wrong("cache_bytes", "must not be negative");
  return std::unique_ptr<JoinRedis>(new JoinRedis(std::move(settings), *std::move(key), *std::move(columns), host));
}

JoinRedis::JoinRedis(Settings settings, Pattern key, std::vector<DeclaredColumn> columns, Host host)
    : settings_(std::move(settings)),
      host_(host),
      key_(std::move(key)),
      columns_(std::move(columns)),
      reader_(settings_.value, columns_),
      cache_(settings_.ttl, static_cast<size_t>(settings_.cache_bytes.bytes)),
      joiner_(settings_, host),
      looked_up_(host.counter("keys_looked_up")),
      cached_(host.counter("keys_cached")) {}

Done JoinRedis::connect() {
  if (connection_) return {};
  auto opened = redis::Connection::open(settings_);
  if (!opened) return std::move(opened).error();
  connection_ = *std::move(opened);
  return {};
}

Done JoinRedis::intercept(Batch& batch) {
  find_keys(batch);
  LEVADA_TRY(look_up());
  int64_t rows = 0;
  const auto columns = make_columns(batch, rows);
  joiner_.join(batch, columns, rows, found_);
  return {};
}

void JoinRedis::find_keys(const Batch& batch) {
  bound_.bind(key_, batch);
  asked_.clear();
  found_.resize(static_cast<size_t>(batch.rows()));
  join::KeyIndex index;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    auto& found = found_[static_cast<size_t>(row)];
    text_.clear();
    if (bound_.append(row, text_)) {
      found = -1;
      continue;
    }
    const auto next = static_cast<int64_t>(asked_.size());
    found = index.add(text_, next);
    if (found >= 0) continue;
    found = next;
    asked_.push_back({text_, nullptr});
  }
}

Done JoinRedis::look_up() {
  const auto now = host_.monotonic();
  std::vector<Asked*> unknown;
  for (auto& asked : asked_) {
    asked.value = cache_.find(asked.key, now);
    if (!asked.value) unknown.push_back(&asked);
  }
  if (!unknown.empty()) LEVADA_TRY(ask(unknown));
  looked_up_.add(static_cast<int64_t>(unknown.size()));
  cached_.add(static_cast<int64_t>(asked_.size() - unknown.size()));
  // When they were asked for, as what was said may be no longer true behind that.
  for (const auto* asked : unknown) cache_.put(asked->key, asked->value, now);
  return {};
}

Done JoinRedis::ask(const std::vector<Asked*>& unknown) {
  LEVADA_TRY(connect());
  commands_.clear();
  for (const auto* asked : unknown) reader_.append_command(asked->key, commands_);
  Done failed;
  size_t next = 0;
  connection_->start(commands_, unknown.size(), [&](redis::Reply reply) {
    auto value = reader_.read(*reply);
    if (value) unknown[next++]->value = *std::move(value);
    else if (failed) failed = std::move(value).error();
  });
  Done done = levada::idle();
  while (done.code() == Code::idle) done = connection_->proceed(settings_.timeout);
  if (done) done = std::move(failed);
  // What is still to come on it would be taken for something else.
  if (!done) connection_.reset();
  return done;
}

std::string JoinRedis::add(const Value& value, std::vector<ValueColumn>& to) const {
  std::string fault = value.fault;
  for (size_t at = 0; at < to.size(); ++at) {
    const auto* field = at < value.fields.size() && value.fields[at] ? &*value.fields[at] : nullptr;
    if (field && fault.empty()) {
      if (to[at].append(*field)) continue;
      fault =
          "\"" + columns_[at].name + "\" is no " + std::string(name_of(columns_[at].type)) + ": " + join::shown(*field);
    } else if (columns_[at].required && fault.empty()) {
      fault = "\"" + columns_[at].name + "\" is required and has no value";
    }
    to[at].append_null();
  }
  return fault;
}

std::vector<Column> JoinRedis::make_columns(Batch& batch, int64_t& rows) {
  std::vector<ValueColumn> values;
  for (const auto& column : columns_) values.emplace_back(column, static_cast<int64_t>(asked_.size()));
  std::vector<int64_t> rows_of_keys;
  std::vector<std::string> faults;
  for (const auto& asked : asked_) {
    rows_of_keys.push_back(asked.value->is_there ? rows++ : -1);
    faults.push_back(asked.value->is_there ? add(*asked.value, values) : std::string());
  }
  for (size_t row = 0; row < found_.size(); ++row) {
    if (found_[row] < 0) {
      if (joiner_.rejects_unmatched()) batch.reject(static_cast<int64_t>(row), "a column of its key has no value");
      continue;
    }
    const auto number = static_cast<size_t>(found_[row]);
    if (!faults[number].empty())
      batch.reject(static_cast<int64_t>(row),
                   "the key \"" + join::shown(asked_[number].key) + "\" of Redis: " + faults[number]);
    found_[row] = rows_of_keys[number];
    if (found_[row] < 0 && joiner_.rejects_unmatched())
      batch.reject(static_cast<int64_t>(row), "Redis has no key \"" + join::shown(asked_[number].key) + "\"");
  }
  std::replace(found_.begin(), found_.end(), int64_t{-1}, rows);
  std::vector<Column> columns;
  for (size_t at = 0; at < columns_.size(); ++at) {
    values[at].append_null();
    columns.push_back(std::move(values[at]).finish(columns_[at].name));
  }
  return columns;
}

}  // namespace levada::join_redis

LEVADA_PLUGIN("join_redis", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::join_redis::JoinRedis>("join_redis",
                                                                 "Joins rows with what Redis has under their keys."))
