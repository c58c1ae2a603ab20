// A host for tests that talk to real servers: the time is the machine's, when the test begins, and
// nobody can guess its numbers.
#pragma once

#include <chrono>

#include "levada/testkit/fake_host.h"

namespace levada::lake {

class StoreTestHost {
 public:
  StoreTestHost() {
    fake_.clock().set(std::chrono::system_clock::now().time_since_epoch());
    fake_.take_away(LEVADA_RANDOM);
  }
  Host host() const { return fake_.host(); }

 private:
  testkit::FakeHost fake_{"sinks.test"};
};

}  // namespace levada::lake
