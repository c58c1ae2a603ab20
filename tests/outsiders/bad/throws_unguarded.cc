// An interceptor that throws right across the contract, against its third rule.
#include <levada/plugin.h>

#include <stdexcept>

namespace {

levada_code create(const levada_host*, const levada_value*, void** self, levada_error*) {
  static int instance;
  *self = &instance;
  return LEVADA_OK;
}
void destroy(void*) {}
levada_code intercept(void*, levada_batch*, levada_batch*, levada_error*) {
  throw std::runtime_error("the unguarded one has had enough");
}

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
  described.name = "throws_unguarded";
  described.summary = "Throws across the contract.";
  described.functions = &functions;
  described.create = create;
  described.destroy = destroy;
  return described;
}();
const levada_component* const components[] = {&component};
const levada_plugin plugin = {sizeof plugin, LEVADA_ABI_MINOR, "throws_unguarded", "1.0.0", "MIT", components, 1};

}  // namespace

extern "C" const levada_plugin* levada_plugin_1() { return &plugin; }
