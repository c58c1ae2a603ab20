/* An interceptor that writes a column of text in capitals. By PLANTED_... it has one fault, as
 * authors make them. */
#include <levada/c/plugin.h>

typedef struct settings {
  const levada_memory* memory;
  char* column;
} settings;

static void destroy(void* self) {
  settings* me = self;
  free(me->column);
  free(me);
}

static levada_code create(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  settings* made = calloc(1, sizeof *made);
  if (!made) return levada_no_memory(error);
  made->memory = levada_memory_of(host);
  made->column = levada_copy(values[0].text);
  *self = made;
  return LEVADA_OK;
}

static void add_capitals(levada_texts* texts, levada_bytes text) {
  char* capitals = levada_copy(text);
  size_t at;
  if (!capitals) return;
  for (at = 0; at < text.size; ++at)
    if (capitals[at] >= 'a' && capitals[at] <= 'z') capitals[at] = (char)(capitals[at] - 'a' + 'A');
  levada_texts_add(texts, capitals, text.size);
  free(capitals);
}

static levada_code intercept(void* self, levada_batch* batch, levada_batch* rejected, levada_error* error) {
  const settings* me = self;
  levada_column column = levada_find_column(batch, me->column);
  levada_texts capitals;
  int64_t row;
  int is_bytes;
  (void)rejected;
#ifdef PLANTED_OFFSET
  if (column.schema) column.first = column.array->offset;
#endif
#ifdef PLANTED_LEAK
  *(volatile char*)malloc(24) = 0;
#endif
  if (!column.schema) return LEVADA_OK;
  is_bytes = strcmp(column.schema->format, "vz") == 0;
  if (!is_bytes && strcmp(column.schema->format, "vu") != 0 && !column.schema->dictionary) return LEVADA_OK;
  levada_texts_start(&capitals, me->memory);
  for (row = 0; row < batch->rows.length; ++row) {
    levada_bytes text = {"", 0};
#ifdef PLANTED_BEHIND_NULL
    (void)levada_text_at(column.schema->format, column.array, column.first + row, &text);
    add_capitals(&capitals, text);
#else
    if (levada_text(&column, row, &text) == LEVADA_TEXT_PRESENT) add_capitals(&capitals, text);
#ifdef PLANTED_NULL
    else levada_texts_add(&capitals, "", 0);
#else
    else levada_texts_add(&capitals, NULL, 0);
#endif
#endif
  }
  return levada_set_texts(batch, me->column, is_bytes ? "vz" : "vu", &capitals, error);
}

static const levada_option options[] = {{"column", LEVADA_STRING, LEVADA_REQUIRED, NULL, NULL, "The column."}};
static const levada_interceptor_functions functions = {.size = sizeof functions, .intercept = intercept};
static const levada_component component = {.size = sizeof component,
                                           .kind = LEVADA_INTERCEPTOR,
                                           .name = "planted",
                                           .summary = "Writes a column in capitals.",
                                           .options = options,
                                           .option_count = 1,
                                           .functions = &functions,
                                           .create = create,
                                           .destroy = destroy};
static const levada_component* const components[] = {&component};
static const levada_plugin plugin = {sizeof plugin, LEVADA_ABI_MINOR, "planted", "1.0.0", "MIT", components, 1};

const levada_plugin* levada_plugin_1(void) { return &plugin; }

#ifdef PLANTED_SYMBOL
__attribute__((visibility("default"))) int planted_helper(void);
int planted_helper(void) { return 1; }
#endif
