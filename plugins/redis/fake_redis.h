// A server in the test's own process that speaks as much Redis as the plugins do, and fails when it
// is told to.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace levada::redis {

class FakeRedis {
 public:
  using Texts = std::vector<std::string>;
  struct Value {
    std::string type = {}, text = {};
    std::map<std::string, std::string> hash = {};
    std::set<std::string> set = {};
    std::vector<Texts> entries = {};  // Of a list, with one text each, or of a stream.
    std::string expires = {};         // Milliseconds, as they were set.
  };

  FakeRedis();
  ~FakeRedis();
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // What is there, at this moment.
  std::map<std::string, Value> values() const;
  Value value(const std::string& key) const;
  // The messages that were published, "channel: message".
  Texts published() const;
  // The commands of each MULTI that was executed.
  std::vector<std::vector<Texts>> transactions() const;
  // Commands that it has read.
  int64_t commands() const;
  // What the last connection said for AUTH and SELECT.
  Texts introduction() const;

  void set(const std::string& key, Value value);
  void remove(const std::string& key);
  // Ends all connections, and goes back to what was there before the last EXEC.
  void lose_last_transaction();
  void require_password(std::string password);
  void set_info(std::string info);

  enum class Fault {
    before,  // The connection ends before the command is done,
    after,   // or after it, without an answer.
    silent,  // Nothing is said any more on this connection.
  };
  // At the n-th command from now on.
  void fail_at(int64_t n, Fault fault);
  // The next command of this name is answered so.
  void answer_once(const std::string& command, const std::string& error);

 private:
  struct Client {
    int socket = -1;
    std::string input, output;
    bool authenticated = false, in_multi = false, aborted = false, silent = false, ended = false;
    std::vector<Texts> queue;
    std::map<std::string, uint64_t> watched;  // Keys, with how often they had been changed.
  };

  void serve();
  void read(Client& client);
  static std::optional<Texts> take_command(std::string& input);
  void handle(Client& client, const Texts& command);
  std::string answer(Client& client, const Texts& command);
  std::string execute(Client& client);
  std::string apply(const Texts& command);
  // Null, and the answer is WRONGTYPE, where the key has another type.
  Value* value_of(const std::string& key, const std::string& type);
  void changed(const std::string& key) { ++changes_[key]; }

  int listener_ = -1, wake_[2] = {-1, -1};
  int port_ = 0;
  mutable std::mutex mutex_;
  std::list<Client> clients_;
  std::map<std::string, Value> values_, before_last_;
  std::map<std::string, uint64_t> changes_;
  Texts published_, introduction_;
  std::vector<std::vector<Texts>> transactions_;
  std::map<std::string, std::string> errors_;
  std::string password_, info_ = "redis_version:7.0.0\r\ncluster_enabled:0\r\naof_enabled:1\r\n";
  int64_t commands_ = 0, fault_at_ = 0;
  Fault fault_ = Fault::before;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace levada::redis
