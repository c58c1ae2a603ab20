// Apart from the other tests: only a program that is linked with a plugin has its entry.
#include "levada/testkit/conformance.h"

namespace levada::testkit {

Subject subject(const char* component, std::string options) {
  Subject made;
  made.component = component_of(*levada_plugin_1(), component);
  made.options = std::move(options);
  return made;
}

}  // namespace levada::testkit
