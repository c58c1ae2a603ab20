/* @NAME@: keeps the rows in which a column has a text. */
#include <levada/c/plugin.h>

/* An instance. */
typedef struct settings {
  const levada_memory* memory; /* Of its host; or null. */
  char* column;
  char* text;
} settings;

static void destroy(void* self) {
  settings* me = self;
  free(me->column);
  free(me->text);
  free(me);
}

/* Checks the values, which come in the order of the options, and touches nothing outside: `levada
 * check` calls it. */
static levada_code create(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  settings* made;
  if (values[1].text.size == 0) return levada_wrong(error, "text", "must not be empty");
  made = calloc(1, sizeof *made);
  if (!made) return levada_no_memory(error);
  made->memory = levada_memory_of(host);
  made->column = levada_copy(values[0].text);
  made->text = levada_copy(values[1].text);
  if (!made->column || !made->text) {
    destroy(made);
    return levada_no_memory(error);
  }
  *self = made;
  return LEVADA_OK;
}

static int contains(levada_bytes text, const char* part) {
  const size_t size = strlen(part);
  size_t at;
  for (at = 0; at + size <= text.size; ++at)
    if (memcmp(text.data + at, part, size) == 0) return 1;
  return 0;
}

static levada_code intercept(void* self, levada_batch* batch, levada_batch* rejected, levada_error* error) {
  const settings* me = self;
  const levada_column column = levada_find_column(batch, me->column);
  levada_selection selection;
  int64_t row;
  levada_selection_start(&selection, batch->rows.length);
  for (row = 0; row < batch->rows.length; ++row) {
    levada_bytes text;
    switch (levada_text(&column, row, &text)) {
      case LEVADA_TEXT_PRESENT:
        if (!contains(text, me->text)) levada_drop(&selection, row);
        break;
      case LEVADA_TEXT_NULL: levada_drop(&selection, row); break;
      case LEVADA_TEXT_MISSING: levada_reject(&selection, row, "there is no column to look into"); break;
      case LEVADA_TEXT_OTHER: levada_reject(&selection, row, "the column to look into is no text"); break;
    }
  }
  return levada_apply(&selection, me->memory, batch, rejected, error);
}

static const levada_option options[] = {
    {"column", LEVADA_STRING, 0, NULL, "\"body\"", "The column that it looks into."},
    {"text", LEVADA_STRING, LEVADA_REQUIRED, NULL, NULL, "Rows without this text are dropped."}};
static const levada_interceptor_functions functions = {.size = sizeof functions, .intercept = intercept};
static const levada_component component = {.size = sizeof component,
                                           .kind = LEVADA_INTERCEPTOR,
                                           .name = "@NAME@",
                                           .summary = "Keeps the rows in which a column has a text.",
                                           .options = options,
                                           .option_count = sizeof options / sizeof options[0],
                                           .functions = &functions,
                                           .create = create,
                                           .destroy = destroy};
static const levada_component* const components[] = {&component};
static const levada_plugin plugin = {sizeof plugin, LEVADA_ABI_MINOR, "@NAME@", "0.1.0", "Apache-2.0", components, 1};

const levada_plugin* levada_plugin_1(void) { return &plugin; }
