// Looks at topics, and makes and changes them.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "kafka/topic_plan.h"

namespace levada {

class TopicAdmin : public Client {
 public:
  // `conf`: the connection and the properties of a producer, without a transactional id. The log
  // must outlive it.
  static Result<std::unique_ptr<TopicAdmin>> start(KafkaConf conf, LogLimiter& log);
  ~TopicAdmin();

  // What is to be done for each, in their order; the brokers are asked whether they would do it.
  // RETRY: no broker answers.
  Result<std::vector<TopicChange>> plan(std::span<const WantedTopic> wanted);
  // Does it. What a broker refuses stands in the change; the others are made.
  Done apply(std::span<TopicChange> changes) { return request(changes, false); }

 private:
  using Client::Client;
  Result<std::map<std::string, TopicState>> look(std::span<const WantedTopic> wanted);
  Done read_settings(std::map<std::string, TopicState>& states);
  Done request(std::span<TopicChange> changes, bool validate_only);
  Done create(std::span<TopicChange> changes, bool validate_only);
  Done grow(std::span<TopicChange> changes, bool validate_only);
  Done alter(std::span<TopicChange> changes, bool validate_only);
  Held<rd_kafka_AdminOptions_t> options(bool validate_only) const;
};

}  // namespace levada
