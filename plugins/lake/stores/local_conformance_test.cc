// The store in a local folder, on a disk in memory.
#include <map>

#include "lake/stores/local_store.h"
#include "lake/stores/store_conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

// A disk for each place.
testkit::FakeHost& host_of(const std::string& place) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<testkit::FakeHost>> hosts;
  const std::lock_guard lock(mutex);
  auto& host = hosts[place];
  if (!host) host = std::make_unique<testkit::FakeHost>();
  return *host;
}

INSTANTIATE_TEST_SUITE_P(Local, StoreConformance,
                         testing::Values(StoreSubject{"local",
                                                      [](const std::string& place) -> std::unique_ptr<FileStore> {
                                                        return std::make_unique<LocalStore>("/lake",
                                                                                            host_of(place).host());
                                                      }}),
                         [](const auto&) { return "store"; });

}  // namespace
}  // namespace levada::lake
