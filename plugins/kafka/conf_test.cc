// What users set, as librdkafka takes it.
#include "kafka/conf.h"

#include <gtest/gtest.h>

#include "kafka/table.h"

namespace levada {
namespace {

std::string fault(const Done& done) { return done ? "none" : done.error().option + ": " + done.error().message; }

std::string fault_of(const KafkaConnection& connection) { return fault(KafkaConf().set_connection(connection)); }

KafkaConnection somewhere() {
  KafkaConnection connection;
  connection.brokers = {"127.0.0.1:1", "127.0.0.1:2"};
  return connection;
}

std::string property(const KafkaConf& conf, const char* name) {
  char value[512] = "";
  size_t size = sizeof value;
  rd_kafka_conf_get(conf.get(), name, value, &size);
  return value;
}

TEST(KafkaConf, brokers_are_enough) {
  KafkaConf conf;
  ASSERT_TRUE(conf.set_connection(somewhere()));
  EXPECT_EQ(property(conf, "bootstrap.servers"), "127.0.0.1:1,127.0.0.1:2");
  EXPECT_EQ(property(conf, "security.protocol"), "plaintext");
  EXPECT_EQ(fault(conf.try_out(RD_KAFKA_CONSUMER)), "none");
  EXPECT_EQ(property(conf, "bootstrap.servers"), "127.0.0.1:1,127.0.0.1:2");
  EXPECT_EQ(fault_of({}), "brokers: names no broker; write [\"host:9092\"]");
}

TEST(KafkaConf, a_login_over_tls_is_passed_on) {
  auto connection = somewhere();
  connection.tls = true;
  connection.sasl_mechanism = "SCRAM-SHA-512";
  connection.username = "me";
  connection.password = "secret";
  KafkaConf conf;
  ASSERT_TRUE(conf.set_connection(connection));
  EXPECT_EQ(property(conf, "security.protocol"), "sasl_ssl");
  EXPECT_EQ(property(conf, "sasl.mechanism"), "SCRAM-SHA-512");
  EXPECT_EQ(property(conf, "sasl.username"), "me");
}

TEST(KafkaConf, options_without_effect_are_refused) {
  auto connection = somewhere();
  connection.password = "secret";
  EXPECT_EQ(fault_of(connection), "password: has no effect without sasl_mechanism, such as \"SCRAM-SHA-512\"");
  connection.password.reset();
  connection.ca_file = "/etc/ca.pem";
  EXPECT_EQ(fault_of(connection), "ca_file: has no effect without tls = true");
}

TEST(KafkaConf, properties_have_one_place_each) {
  const auto fault_of_property = [](const std::string& name) {
    constexpr OwnedProperty owned[] = {{"linger.ms", "linger"}, {"transactional.id", ""}};
    Table table;
    table.add(name, std::string("1"));
    return fault(KafkaConf().set_properties(table.tree(), "sink", owned));
  };
  EXPECT_EQ(fault_of_property("retry.backoff.ms"), "none");
  EXPECT_EQ(fault_of_property("linger.ms"), "librdkafka.linger.ms: cannot be set here: use linger of the sink");
  EXPECT_EQ(fault_of_property("sasl.username"),
            "librdkafka.sasl.username: cannot be set here: use username of the sink");
  EXPECT_EQ(fault_of_property("transactional.id"),
            "librdkafka.transactional.id: cannot be set: the sink depends on it");
  EXPECT_EQ(fault_of_property("no.such"), "librdkafka.no.such: No such configuration property: \"no.such\"");
}

TEST(KafkaConf, a_dotted_name_need_not_be_quoted) {
  Table max, message, table;
  max.add("bytes", 2000000);
  message.add("max", max);
  table.add("message", message);
  table.add("client.id", std::string("me"));
  EXPECT_EQ(flatten(table.tree()), (Properties{{"message.max.bytes", "2000000"}, {"client.id", "me"}}));
}

TEST(CheckVersion, a_librdkafka_that_cannot_log_in_or_abort_is_refused) {
  EXPECT_EQ(check_version(0x020000ff, "2.0.2").code(), Code::fatal);
  EXPECT_EQ(check_version(0x020600ff, "2.6.0").code(), Code::fatal);
  EXPECT_TRUE(check_version(0x020601ff, "2.6.1"));
  EXPECT_TRUE(check_version(rd_kafka_version(), rd_kafka_version_str()));
}

}  // namespace
}  // namespace levada
