// A client of librdkafka: what the Kafka plugins do alike to start one,
// to connect, and when it fails.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kafka/conf.h"
#include "kafka/handles.h"
#include "kafka/log_limiter.h"
#include "kafka/topic_plan.h"
#include "levada/result.h"

namespace levada {

// An error after which librdkafka's client does nothing any more: another one must take its place.
struct FatalError {
  rd_kafka_resp_err_t code;
  std::string text;  // "_FENCED: ..."
};

// How long a broker may take to make a topic, or to describe one, before the call counts as failed.
inline constexpr std::chrono::seconds kAdminTimeout{10};

// No broker will ever make a topic of this configuration.
inline bool is_settings_fault(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_INVALID_CONFIG || error == RD_KAFKA_RESP_ERR_INVALID_PARTITIONS;
}

class Client {
 public:
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_t* handle() const { return handle_; }
  // Waits for a broker to answer. The error says so where a broker has refused the login.
  Done connect(std::chrono::nanoseconds timeout);
  std::optional<FatalError> fatal_error() const;
  // Why a broker has refused the login, if one has since the last call.
  std::optional<std::string> take_refusal() { return std::exchange(refusal_, std::nullopt); }
  // No broker could be reached when librdkafka tried last.
  bool unreachable() const { return unreachable_; }
  // Makes a topic; one that is there stays as it is.
  Done create_topic(const std::string& name, const NewTopic& how);

 protected:
  explicit Client(LogLimiter& log) : log_(&log) {}
  ~Client() = default;  // Whoever started the client destroys it: each kind has its own way.
  // `conf` has the callbacks of the derived class, whose opaque is a Client*.
  Done start(rd_kafka_type_t type, KafkaConf conf);
  void reached() { unreachable_ = false; }

  LogLimiter* log_;
  rd_kafka_t* handle_ = nullptr;

 private:
  std::optional<std::string> refusal_;
  bool unreachable_ = false;
};

}  // namespace levada
