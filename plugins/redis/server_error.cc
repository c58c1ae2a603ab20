#include "redis/server_error.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace levada::redis {

namespace {

template <size_t count>
bool is_one_of(std::string_view word, const std::string_view (&words)[count]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

template <size_t count>
bool begins_with_one_of(std::string_view text, const std::string_view (&beginnings)[count]) {
  return std::any_of(std::begin(beginnings), std::end(beginnings),
                     [&](std::string_view beginning) { return text.starts_with(beginning); });
}

// It is full, starts, has become a replica, or waits for something.
constexpr std::string_view kPassing[] = {"OOM",       "READONLY",   "LOADING",    "BUSY",     "MISCONF",
                                         "UNBLOCKED", "NOREPLICAS", "MASTERDOWN", "TRYAGAIN", "EXECABORT"};
constexpr std::string_view kOfCluster[] = {"MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN"};
constexpr std::string_view kOfAccess[] = {"NOAUTH", "WRONGPASS", "NOPERM"};
// Before Redis 6 these had no word of their own.
constexpr std::string_view kOfAccessInWords[] = {"ERR invalid password", "ERR Client sent AUTH", "ERR AUTH",
                                                 "ERR operation not permitted"};
constexpr std::string_view kOfConfiguration[] = {"ERR DB index is out of range", "ERR invalid DB index",
                                                 "ERR unknown command", "ERR wrong number of arguments",
                                                 "ERR SELECT is not allowed"};

}  // namespace

Error meaning_of(std::string_view server_error) {
  const auto word = server_error.substr(0, server_error.find(' '));
  std::string said = "Redis says: " + std::string(server_error);
  if (is_one_of(word, kOfCluster))
    return fatal(said + "; this is a Redis Cluster, which is not supported: name a Redis without cluster mode");
  if (is_one_of(word, kOfAccess) || begins_with_one_of(server_error, kOfAccessInWords))
    return fatal(said + "; see to user and password, and to what the user may do");
  if (begins_with_one_of(server_error, kOfConfiguration)) return fatal(std::move(said));
  if (is_one_of(word, kPassing) || server_error.starts_with("ERR max number of clients")) return retry(std::move(said));
  return reject(std::move(said));
}

}  // namespace levada::redis
