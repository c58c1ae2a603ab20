#include "redis/fake_redis.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace levada::redis {

namespace {

constexpr const char* kOk = "+OK\r\n";
constexpr const char* kNil = "$-1\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }
std::string number(int64_t value) { return ":" + std::to_string(value) + "\r\n"; }
std::string array(size_t size) { return "*" + std::to_string(size) + "\r\n"; }

}  // namespace

FakeRedis::FakeRedis() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 || ::pipe(wake_) != 0)
    throw std::runtime_error("the fake Redis cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FakeRedis::~FakeRedis() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  (void)!::write(wake_[1], "x", 1);
  thread_.join();
  for (const auto& client : clients_) ::close(client.socket);
  for (const int each : {listener_, wake_[0], wake_[1]}) ::close(each);
}

void FakeRedis::serve() {
  for (;;) {
    std::vector<pollfd> events = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    {
      const std::lock_guard lock(mutex_);
      for (const auto& client : clients_)
        events.push_back({client.socket, static_cast<short>(client.output.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    }
    ::poll(events.data(), events.size(), -1);
    const std::lock_guard lock(mutex_);
    if (stop_) return;
    if (events[0].revents) {
      char byte;
      (void)!::read(wake_[0], &byte, 1);
    }
    if (events[1].revents)
      if (const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); socket >= 0) {
        clients_.push_back({});
        clients_.back().socket = socket;
      }
    for (auto& client : clients_) read(client);
    for (auto at = clients_.begin(); at != clients_.end();) {
      if (!at->output.empty()) {
        const auto sent = ::send(at->socket, at->output.data(), at->output.size(), MSG_NOSIGNAL);
        if (sent > 0) at->output.erase(0, static_cast<size_t>(sent));
      }
      if (at->ended) {
        ::close(at->socket);
        at = clients_.erase(at);
      } else {
        ++at;
      }
    }
  }
}

void FakeRedis::read(Client& client) {
  char part[65536];
  for (;;) {
    const auto got = ::recv(client.socket, part, sizeof part, 0);
    if (got == 0) client.ended = true;
    if (got <= 0) break;
    client.input.append(part, static_cast<size_t>(got));
  }
  while (!client.ended && !client.silent) {
    const auto command = take_command(client.input);
    if (!command) return;
    handle(client, *command);
  }
}

std::optional<FakeRedis::Texts> FakeRedis::take_command(std::string& input) {
  size_t at = 0;
  const auto take_size = [&](char kind) -> std::optional<size_t> {
    const auto end = input.find("\r\n", at);
    if (end == std::string::npos) return std::nullopt;
    if (input[at] != kind) throw std::runtime_error("no command: " + input.substr(at, 40));
    const auto size = std::stoul(input.substr(at + 1, end - at - 1));
    at = end + 2;
    return size;
  };
  const auto count = take_size('*');
  if (!count) return std::nullopt;
  Texts texts;
  for (size_t number = 0; number < *count; ++number) {
    const auto size = take_size('$');
    if (!size || input.size() < at + *size + 2) return std::nullopt;
    texts.push_back(input.substr(at, *size));
    at += *size + 2;
  }
  input.erase(0, at);
  return texts;
}

void FakeRedis::handle(Client& client, const Texts& command) {
  ++commands_;
  const bool fails = fault_at_ > 0 && --fault_at_ == 0;
  if (fails && fault_ != Fault::after) {
    client.silent = fault_ == Fault::silent;
    client.ended = !client.silent;
    return;
  }
  const auto said = answer(client, command);
  if (!fails) client.output += said;
  else client.ended = true;
}

std::string FakeRedis::answer(Client& client, const Texts& command) {
  const auto& name = command[0];
  if (const auto error = errors_.find(name); error != errors_.end()) {
    client.aborted = client.aborted || client.in_multi;
    const auto said = "-" + error->second + "\r\n";
    errors_.erase(error);
    return said;
  }
  if (name == "AUTH") {
    introduction_ = command;
    if (password_.empty() && command.size() == 2)
      return "-ERR AUTH <password> called without any password configured for the default user.\r\n";
    client.authenticated = command.back() == password_;
    return client.authenticated ? kOk : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  }
  if (!password_.empty() && !client.authenticated) return "-NOAUTH Authentication required.\r\n";
  if (name == "SELECT") {
    introduction_.insert(introduction_.end(), command.begin(), command.end());
    return kOk;
  }
  if (name == "MULTI") {
    client.in_multi = true;
    client.aborted = false;
    client.queue.clear();
    return kOk;
  }
  if (name == "EXEC") return execute(client);
  if (name == "DISCARD") {
    client.in_multi = false;
    client.watched.clear();
    return kOk;
  }
  if (client.in_multi) {
    client.queue.push_back(command);
    return "+QUEUED\r\n";
  }
  if (name == "WATCH") {
    client.watched[command[1]] = changes_[command[1]];
    return kOk;
  }
  return apply(command);
}

std::string FakeRedis::execute(Client& client) {
  client.in_multi = false;
  bool dirty = false;
  for (const auto& [key, changes] : std::exchange(client.watched, {})) dirty = dirty || changes_[key] != changes;
  if (client.aborted) return "-EXECABORT Transaction discarded because of previous errors.\r\n";
  if (dirty) return "*-1\r\n";
  before_last_ = values_;
  transactions_.push_back(client.queue);
  std::string said = array(client.queue.size());
  for (const auto& command : client.queue) said += apply(command);
  return said;
}

FakeRedis::Value* FakeRedis::value_of(const std::string& key, const std::string& type) {
  auto& value = values_[key];
  if (value.type.empty()) value.type = type;
  if (value.type != type) return nullptr;
  changed(key);
  return &value;
}

std::string FakeRedis::apply(const Texts& command) {
  const auto& name = command[0];
  if (name == "PING") return "+PONG\r\n";
  if (name == "INFO") return bulk(info_);
  const auto& key = command.at(1);
  const auto known = values_.find(key);
  if (name == "PUBLISH") {
    published_.push_back(key + ": " + command.at(2));
    return number(1);
  }
  if (name == "TYPE") return "+" + (known == values_.end() ? "none" : known->second.type) + "\r\n";
  if (name == "EXISTS") return number(known == values_.end() ? 0 : 1);
  if (name == "GET") {
    if (known == values_.end()) return kNil;
    return known->second.type == "string" ? bulk(known->second.text) : kWrongType;
  }
  if (name == "HMGET") {
    if (known != values_.end() && known->second.type != "hash") return kWrongType;
    std::string said = array(command.size() - 2);
    for (size_t at = 2; at < command.size(); ++at) {
      const bool is_there = known != values_.end() && known->second.hash.contains(command[at]);
      said += is_there ? bulk(known->second.hash.at(command[at])) : kNil;
    }
    return said;
  }
  if (name == "DEL") {
    changed(key);
    return number(static_cast<int64_t>(values_.erase(key)));
  }
  if (name == "PEXPIRE") {
    if (known == values_.end()) return number(0);
    known->second.expires = command.at(2);
    return number(1);
  }
  if (name == "SET") {
    Value value{.type = "string", .text = command.at(2)};
    if (command.size() > 4) value.expires = command.at(4);
    values_[key] = std::move(value);
    changed(key);
    return kOk;
  }
  if (name == "HGET" || name == "HGETALL") {
    if (known != values_.end() && known->second.type != "hash") return kWrongType;
    if (name == "HGET") {
      if (known == values_.end()) return kNil;
      const auto field = known->second.hash.find(command.at(2));
      return field == known->second.hash.end() ? kNil : bulk(field->second);
    }
    if (known == values_.end()) return array(0);
    std::string said = array(2 * known->second.hash.size());
    for (const auto& [field, text] : known->second.hash) said += bulk(field) + bulk(text);
    return said;
  }
  const std::string type = name == "HSET" ? "hash" : name == "SADD" ? "set" : name == "RPUSH" ? "list" : "stream";
  Value* value = value_of(key, type);
  if (!value) return kWrongType;
  if (name == "HSET") {
    for (size_t at = 2; at + 1 < command.size(); at += 2) value->hash[command[at]] = command[at + 1];
    return number(1);
  }
  if (name == "SADD") {
    value->set.insert(command.at(2));
    return number(1);
  }
  if (name == "RPUSH" || name == "XADD") {
    value->entries.emplace_back(command.begin() + 2, command.end());
    return name == "XADD" ? bulk("1-" + std::to_string(value->entries.size())) : number(1);
  }
  return "-ERR unknown command '" + name + "'\r\n";
}

std::map<std::string, FakeRedis::Value> FakeRedis::values() const {
  const std::lock_guard lock(mutex_);
  return values_;
}

FakeRedis::Value FakeRedis::value(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto known = values_.find(key);
  return known == values_.end() ? Value() : known->second;
}

FakeRedis::Texts FakeRedis::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

std::vector<std::vector<FakeRedis::Texts>> FakeRedis::transactions() const {
  const std::lock_guard lock(mutex_);
  return transactions_;
}

int64_t FakeRedis::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

FakeRedis::Texts FakeRedis::introduction() const {
  const std::lock_guard lock(mutex_);
  return introduction_;
}

void FakeRedis::set(const std::string& key, Value value) {
  const std::lock_guard lock(mutex_);
  values_[key] = std::move(value);
  changed(key);
}

void FakeRedis::remove(const std::string& key) {
  const std::lock_guard lock(mutex_);
  values_.erase(key);
  changed(key);
}

void FakeRedis::lose_last_transaction() {
  const std::lock_guard lock(mutex_);
  values_ = before_last_;
  for (auto& client : clients_) ::shutdown(client.socket, SHUT_RDWR);
}

void FakeRedis::require_password(std::string password) {
  const std::lock_guard lock(mutex_);
  password_ = std::move(password);
}

void FakeRedis::set_info(std::string info) {
  const std::lock_guard lock(mutex_);
  info_ = std::move(info);
}

void FakeRedis::fail_at(int64_t n, Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_at_ = n;
  fault_ = fault;
}

void FakeRedis::answer_once(const std::string& command, const std::string& error) {
  const std::lock_guard lock(mutex_);
  errors_[command] = error;
}

}  // namespace levada::redis
