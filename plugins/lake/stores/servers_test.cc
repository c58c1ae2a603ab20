// Stores of HDFS and S3 against real servers. Run below tests/services/with hdfs s3.
#include <cstdlib>

#include "lake/stores/s3_store.h"
#include "lake/stores/store_conformance.h"
#include "lake/stores/store_test_host.h"
#include "lake/stores/webhdfs_store.h"

namespace levada::lake {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (!value) {
    std::fprintf(stderr, "%s is not set: run this below tests/services/with hdfs s3\n", name);
    std::abort();
  }
  return value;
}

// One for all tests: stores outlive none of them.
const StoreTestHost& test_host() {
  static const StoreTestHost host;
  return host;
}

// Of this run of the program: a server that serves several runs has a place for each.
const std::string& run() {
  static const std::string name = "run" + std::to_string(test_host().host().random() % 1'000'000'000);
  return name;
}

WebHdfsSettings hdfs_settings(const std::string& place) {
  WebHdfsSettings settings;
  settings.name_nodes = {variable("HDFS_WEB")};
  settings.root = "/" + run() + "/" + place;
  // As it is where HDFS demands Kerberos, with the ticket of whoever runs this.
  settings.http.negotiate = std::getenv("HDFS_KERBEROS") != nullptr;
  if (!settings.http.negotiate) settings.user = "alice";
  return settings;
}

S3Settings s3_settings(const std::string& place) {
  S3Settings settings;
  settings.endpoint = variable("S3_ENDPOINT");
  settings.bucket = variable("S3_BUCKET");
  settings.region = variable("S3_REGION");
  settings.credentials = {variable("S3_ACCESS_KEY"), variable("S3_SECRET_KEY"), {}};
  settings.root = run() + "/" + place;
  settings.listed_at_once = 50;
  return settings;
}

template <class Store, class Settings>
std::unique_ptr<FileStore> opened(Settings settings) {
  auto store = Store::make(test_host().host(), std::move(settings));
  return store ? *std::move(store) : nullptr;
}

INSTANTIATE_TEST_SUITE_P(Hdfs, StoreConformance,
                         testing::Values(StoreSubject{
                             "hdfs",
                             [](const std::string& place) { return opened<WebHdfsStore>(hdfs_settings(place)); }}),
                         [](const auto&) { return "store"; });
INSTANTIATE_TEST_SUITE_P(S3, StoreConformance,
                         testing::Values(StoreSubject{
                             "s3", [](const std::string& place) { return opened<S3Store>(s3_settings(place)); },
                             false}),
                         [](const auto&) { return "store"; });

}  // namespace
}  // namespace levada::lake
