// Settings that contradict each other, and names that are not known.
#include "configuration.h"

#include <gtest/gtest.h>

#include <string>

#include "kafka.h"
#include "kafka/table.h"
#include "levada/testkit/fake_host.h"

namespace levada::kafka_sink {
namespace {

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationTest() {
    settings_.brokers = {"127.0.0.1:1"};
    settings_.topic = "logs";
  }
  // "option: what is wrong with it".
  std::string fault() {
    auto sink = Kafka::create(settings_, host_.host());
    return sink ? "none" : sink.error().option + ": " + sink.error().message;
  }
  std::string fault_of(const std::string& name, const std::string& value) {
    Table table;
    table.add(name, value);
    settings_.librdkafka = table.tree();
    return fault();
  }

  testkit::FakeHost host_;
  KafkaSettings settings_;
};

TEST_F(ConfigurationTest, the_least_that_a_user_must_set_is_enough) { EXPECT_EQ(fault(), "none"); }

TEST_F(ConfigurationTest, properties_of_librdkafka_are_passed_on) {
  EXPECT_EQ(fault_of("message.max.bytes", "2000000"), "none");
  EXPECT_EQ(fault_of("mesage.max.bytes", "5"),
            "librdkafka.mesage.max.bytes: No such configuration property: \"mesage.max.bytes\"");
  EXPECT_EQ(
      fault_of("message.max.bytes", "5"),
      "librdkafka.message.max.bytes: Configuration property \"message.max.bytes\" value 5 is outside allowed range "
      "1000..1000000000\n");
}

TEST_F(ConfigurationTest, what_has_an_option_of_its_own_is_set_there) {
  EXPECT_EQ(fault_of("linger.ms", "1"), "librdkafka.linger.ms: cannot be set here: use linger of the sink");
  EXPECT_EQ(fault_of("transactional.id", "x"),
            "librdkafka.transactional.id: cannot be set here: use transactional_id of the sink");
}

TEST_F(ConfigurationTest, settings_that_exclude_each_other_are_found_before_anything_starts) {
  EXPECT_EQ(fault_of("max.in.flight", "100"),
            "librdkafka: `max.in.flight` must be set <= 5 when `enable.idempotence` is true");
  settings_.librdkafka = Tree();
  settings_.acks = KafkaSettings::Acks::leader;
  EXPECT_EQ(fault(), "acks: an idempotent producer needs acks = \"all\"; set idempotent = false for less");
  settings_.idempotent = false;
  EXPECT_EQ(fault(), "none");
}

TEST_F(ConfigurationTest, options_without_effect_are_refused) {
  settings_.password = "secret";
  EXPECT_EQ(fault(), "password: has no effect without sasl_mechanism, such as \"SCRAM-SHA-512\"");
  settings_.password.reset();
  settings_.ca_file = "/etc/ca.pem";
  EXPECT_EQ(fault(), "ca_file: has no effect without tls = true");
  settings_.ca_file.reset();
  settings_.partitions = 3;
  EXPECT_EQ(fault(), "partitions: has no effect without create_topics = true or topics");
}

TEST_F(ConfigurationTest, files_of_certificates_must_be_there) {
  settings_.tls = true;
  settings_.ca_file = "/does/not/exist.pem";
  EXPECT_EQ(fault().substr(0, 12), "librdkafka: ") << fault();
}

TEST_F(ConfigurationTest, a_login_is_accepted) {
  settings_.tls = true;
  settings_.sasl_mechanism = "SCRAM-SHA-512";
  settings_.username = "me";
  settings_.password = "secret";
  EXPECT_EQ(fault(), "none");
}

TEST_F(ConfigurationTest, topics_and_keys_must_be_patterns) {
  settings_.topic = "no good";
  EXPECT_EQ(fault(), "topic: the name \"no good\" has characters other than a-z, A-Z, 0-9, \".\", \"_\" and \"-\"");
  settings_.topic = "logs-{host";
  EXPECT_EQ(fault(), "topic: \"{\" at position 6 of \"logs-{host\" is not closed; write \"{{\" for a brace");
  settings_.topic = "logs";
  settings_.key = "{}";
  EXPECT_EQ(fault(), "key: \"{\" at position 1 of \"{}\" names no column");
}

}  // namespace
}  // namespace levada::kafka_sink
