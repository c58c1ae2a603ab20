/* An interceptor that does not come back while a file is there, as one with an endless loop. */
#include <levada/c/plugin.h>
#include <time.h>
#include <unistd.h>

static levada_code create(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  static int instance;
  (void)host, (void)values, (void)error;
  *self = &instance;
  return LEVADA_OK;
}
static void destroy(void* self) { (void)self; }
static levada_code intercept(void* self, levada_batch* batch, levada_batch* rejected, levada_error* error) {
  const struct timespec moment = {0, 10000000};
  (void)self, (void)batch, (void)rejected, (void)error;
  while (access("/var/lib/levada/hang", F_OK) == 0) nanosleep(&moment, NULL);
  return LEVADA_OK;
}

static const levada_interceptor_functions functions = {.size = sizeof functions, .intercept = intercept};
static const levada_component component = {.size = sizeof component,
                                           .kind = LEVADA_INTERCEPTOR,
                                           .name = "hang",
                                           .summary = "Hangs while /var/lib/levada/hang is there.",
                                           .functions = &functions,
                                           .create = create,
                                           .destroy = destroy};
static const levada_component* const components[] = {&component};
static const levada_plugin plugin = {sizeof plugin, LEVADA_ABI_MINOR, "hang", "1.0.0", "Apache-2.0", components, 1};

const levada_plugin* levada_plugin_1(void) { return &plugin; }
