// Apart from the other tests: only a program that is linked with a plugin has its entry.
#include "levada/testkit/conformance.h"

namespace levada::testkit {

Subject subject(const char* component, std::string options) {
  Subject made;
  made.plugin = levada_plugin_1();
  made.component = component_of(*made.plugin, component);
  made.options = std::move(options);
  return made;
}

}  // namespace levada::testkit
