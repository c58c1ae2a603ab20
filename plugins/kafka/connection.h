// How a component reaches the brokers: the settings that all Kafka
// plugins share, with their options.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "levada/shared_options.h"

namespace levada {

// The base of a component's settings.
struct KafkaConnection {
  std::vector<std::string> brokers;
  bool tls = false;
  std::optional<std::string> ca_file;
  std::optional<std::string> certificate_file;
  std::optional<std::string> key_file;
  std::optional<std::string> sasl_mechanism;
  std::optional<std::string> username;
  std::optional<std::string> password;
  Tree librdkafka;
};

inline constexpr std::array kConnectionOptions = {
    required<&KafkaConnection::brokers>(
        "brokers", "Some brokers of the cluster, as host:port; the others are found through them."),
    optional<&KafkaConnection::tls>("tls", "false", "Encrypt the connections."),
    optional<&KafkaConnection::ca_file>("ca_file", nullptr,
                                        "PEM file with the authorities whose brokers are trusted; else the system's."),
    optional<&KafkaConnection::certificate_file>("certificate_file", nullptr,
                                                 "PEM file with the certificate that is shown to brokers."),
    optional<&KafkaConnection::key_file>("key_file", nullptr, "PEM file with the key of certificate_file."),
    optional<&KafkaConnection::sasl_mechanism>("sasl_mechanism", nullptr,
                                               "How to log in: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER."),
    optional<&KafkaConnection::username>("username", nullptr, "The user to log in as."),
    optional<&KafkaConnection::password>("password", nullptr, "The user's password.").secret(),
    optional<&KafkaConnection::librdkafka>("librdkafka", nullptr, "Any other setting of librdkafka, by its name there.")
        .advanced(),
};

// A component's own options between "brokers" and the rest of the shared ones.
template <class Settings, size_t own>
constexpr auto with_connection(const std::array<Option<Settings>, own>& options) {
  return join_options(inherited<Settings, kConnectionOptions, 0, 1>(), options,
                      inherited<Settings, kConnectionOptions, 1>());
}

}  // namespace levada
