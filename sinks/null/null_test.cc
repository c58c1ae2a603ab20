// The null sink does what every sink must do.
#include "levada/testkit/conformance.h"

LEVADA_CONFORMANCE(null, [] {
  auto tested = levada::testkit::subject("null");
  tested.bodies = {"one", "two", "three", "four"};
  return tested;
});
