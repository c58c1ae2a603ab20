/* An interceptor of an outsider in plain C11: lets the first rows pass and drops the rest. */
#include <levada/plugin.h>
#include <stdio.h>
#include <stdlib.h>

struct first_rows {
  int64_t left;
};

static levada_code create(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  (void)host;
  if (values[0].integer < 0) {
    snprintf(error->message, sizeof error->message, "must be 0 or more, not %lld", (long long)values[0].integer);
    snprintf(error->option, sizeof error->option, "rows");
    return LEVADA_FATAL;
  }
  struct first_rows* made = malloc(sizeof *made);
  if (!made) return LEVADA_FATAL;
  made->left = values[0].integer;
  *self = made;
  return LEVADA_OK;
}

static levada_code intercept(void* self, levada_batch* batch, levada_batch* rejected, levada_error* error) {
  struct first_rows* me = self;
  (void)rejected, (void)error;
  if (batch->rows.length > me->left) batch->rows.length = me->left;
  me->left -= batch->rows.length;
  return LEVADA_OK;
}

static const levada_interceptor_functions functions = {.size = sizeof functions, .intercept = intercept};
static const levada_option options[] = {{"rows", LEVADA_INTEGER, LEVADA_REQUIRED, NULL, NULL, "How many rows pass."}};
static const levada_component component = {.size = sizeof component,
                                           .kind = LEVADA_INTERCEPTOR,
                                           .name = "first_rows",
                                           .summary = "Lets the first rows pass.",
                                           .options = options,
                                           .option_count = 1,
                                           .functions = &functions,
                                           .create = create,
                                           .destroy = free};
static const levada_component* const components[] = {&component};
static const levada_plugin plugin = {sizeof plugin, LEVADA_ABI_MINOR, "first_rows", "1.0.0", "MIT", components, 1};

const levada_plugin* levada_plugin_1(void) { return &plugin; }
