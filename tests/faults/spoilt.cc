// An interceptor that cannot be created, in the way that its option says; in the way "agent" only
// by an agent, so that `levada check` finds nothing.
#include <levada/plugin.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace {

bool is_agent() {
  std::ifstream file("/proc/self/cmdline");
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  return std::strcmp(line.c_str() + std::strlen(line.c_str()) + 1, "run") == 0;
}

levada_code create(const levada_host*, const levada_value* values, void** self, levada_error*) {
  const std::string way(values[0].text.data, values[0].text.size);
  if (way == "crashes") std::raise(SIGSEGV);
  if (way == "exits") std::_Exit(0);
  if (way == "throws" || (way == "agent" && is_agent())) throw std::runtime_error("it cannot be created");
  static int instance;
  *self = &instance;
  return LEVADA_OK;
}
void destroy(void*) {}
levada_code intercept(void*, levada_batch*, levada_batch*, levada_error*) { return LEVADA_OK; }

const levada_option options[] = {{"way", LEVADA_STRING, 0, nullptr, "\"not\"", "How creating it fails."}};
const levada_interceptor_functions functions = [] {
  levada_interceptor_functions all{};
  all.size = sizeof all;
  all.intercept = intercept;
  return all;
}();
const levada_component component = [] {
  levada_component described{};
  described.size = sizeof described;
  described.kind = LEVADA_INTERCEPTOR;
  described.name = "spoilt";
  described.summary = "Cannot be created.";
  described.options = options;
  described.option_count = 1;
  described.functions = &functions;
  described.create = create;
  described.destroy = destroy;
  return described;
}();
const levada_component* const components[] = {&component};
const levada_plugin plugin = {sizeof plugin, LEVADA_ABI_MINOR, "spoilt", "1.0.0", "Apache-2.0", components, 1};

}  // namespace

extern "C" __attribute__((visibility("default"))) const levada_plugin* levada_plugin_1() { return &plugin; }
