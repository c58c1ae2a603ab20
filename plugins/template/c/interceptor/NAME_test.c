/* What @NAME@ makes of batches, through the contract; each check that fails is printed. */
#include <levada/c/plugin.h>

static int failures = 0;
#define EXPECT(condition)                                            \
  do {                                                               \
    if (!(condition)) {                                              \
      printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      failures += 1;                                                 \
    }                                                                \
  } while (0)

/* A host that offers nothing. */
static const void* no_service(const levada_host* host, const char* id) {
  (void)host, (void)id;
  return NULL;
}

static levada_bytes bytes_of(const char* text) {
  levada_bytes bytes;
  bytes.data = text;
  bytes.size = strlen(text);
  return bytes;
}

static levada_code create(const char* column, const char* text, void** self, levada_error* error) {
  static const levada_host host = {.size = sizeof host, .service = no_service};
  const levada_value values[] = {{.type = LEVADA_STRING, .set = 1, .text = bytes_of(column)},
                                 {.type = LEVADA_STRING, .set = 1, .text = bytes_of(text)}};
  return levada_plugin_1()->components[0]->create(&host, values, self, error);
}

/* What becomes of a batch of three rows with the bodies "one", null and "two". */
static void intercept(const char* column, const char* text, levada_batch* batch, levada_batch* rejected) {
  const levada_component* component = levada_plugin_1()->components[0];
  const levada_interceptor_functions* functions = component->functions;
  levada_error error = {"", ""};
  levada_texts bodies;
  void* self = NULL;
  memset(batch, 0, sizeof *batch);
  memset(rejected, 0, sizeof *rejected);
  batch->size = rejected->size = sizeof *batch;
  levada_texts_start(&bodies, NULL);
  levada_texts_add(&bodies, "one", 3);
  levada_texts_add(&bodies, NULL, 0);
  levada_texts_add(&bodies, "two", 3);
  EXPECT(levada_new_batch(batch, 3, &error) == LEVADA_OK);
  EXPECT(levada_set_texts(batch, "body", "vz", &bodies, &error) == LEVADA_OK);
  EXPECT(create(column, text, &self, &error) == LEVADA_OK);
  EXPECT(functions->intercept(self, batch, rejected, &error) == LEVADA_OK);
  component->destroy(self);
}

static void keeps_the_rows_that_have_the_text(void) {
  levada_batch batch, rejected;
  levada_column body;
  levada_bytes text;
  intercept("body", "w", &batch, &rejected);
  EXPECT(batch.rows.length == 1);
  body = levada_find_column(&batch, "body");
  EXPECT(levada_text(&body, 0, &text) == LEVADA_TEXT_PRESENT && levada_bytes_equal(text, "two"));
  EXPECT(rejected.rows.release == NULL);
  levada_release_batch(&batch);
}

static void rejects_rows_without_the_column(void) {
  levada_batch batch, rejected;
  levada_column reason;
  levada_bytes text;
  intercept("ip", "w", &batch, &rejected);
  EXPECT(batch.rows.length == 0 && rejected.rows.length == 3);
  reason = levada_find_column(&rejected, "reason");
  EXPECT(levada_text(&reason, 2, &text) == LEVADA_TEXT_PRESENT &&
         levada_bytes_equal(text, "there is no column to look into"));
  levada_release_batch(&batch);
  levada_release_batch(&rejected);
}

static void refuses_to_look_for_nothing(void) {
  levada_error error = {"", ""};
  void* self = NULL;
  EXPECT(create("body", "", &self, &error) == LEVADA_FATAL);
  EXPECT(strcmp(error.option, "text") == 0);
}

int main(void) {
  keeps_the_rows_that_have_the_text();
  rejects_rows_without_the_column();
  refuses_to_look_for_nothing();
  return failures != 0;
}
