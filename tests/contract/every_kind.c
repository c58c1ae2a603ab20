/* A component of each kind in plain C11. It is built with the frozen header of version 1.0, and
 * with one that has more at the end of every struct, as a later version will: both must work with
 * the agent of today. */
#include <levada/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 3

/* The later header has fields that no agent fills in, and offers services with more in them. */
static levada_code check_host(const levada_host* host, levada_error* error) {
  const levada_files* files = host->service(host, LEVADA_FILES);
  const levada_clock* clock = host->service(host, LEVADA_CLOCK);
  int sound = host->size >= LEVADA_HOST_SIZE_MIN && files && files->size >= LEVADA_FILES_SIZE_MIN && clock &&
              clock->size >= LEVADA_CLOCK_SIZE_MIN;
#ifdef LEVADA_LATER
  sound = sound && !LEVADA_HAS(levada_host, host, later) && !LEVADA_HAS(levada_files, files, later);
#endif
  if (sound) return LEVADA_OK;
  snprintf(error->message, sizeof error->message, "the host is not what it says");
  return LEVADA_FATAL;
}

/* ---- The source: three batches of three rows, "row 0" and so on ------------------------------ */

struct numbers {
  int64_t next;
  char position[32];
};

/* A column that was taken out of its batch outlives it: the last of the two frees the rows. */
struct rows {
  int holders;
  struct ArrowArray body;
  struct ArrowArray* children[1];
  const void* struct_buffers[1];
  const void* buffers[3];
  struct {
    int32_t length;
    char text[12];
  } views[ROWS];
  int64_t sizes[1];
};
struct names {
  struct ArrowSchema body;
  struct ArrowSchema* children[1];
};

static void let_go(struct rows* rows) {
  if (--rows->holders == 0) free(rows);
}
static void release_body(struct ArrowArray* array) {
  array->release = NULL;
  let_go(array->private_data);
}
static void release_name(struct ArrowSchema* schema) { schema->release = NULL; }
static void release_rows(struct ArrowArray* array) {
  struct rows* rows = array->private_data;
  if (rows->body.release) rows->body.release(&rows->body);
  array->release = NULL;
  let_go(rows);
}
static void release_names(struct ArrowSchema* schema) {
  struct names* names = schema->private_data;
  if (names->body.release) names->body.release(&names->body);
  schema->release = NULL;
  free(names);
}

static levada_code create_numbers(const levada_host* host, const levada_value* values, void** self,
                                  levada_error* error) {
  (void)values;
  if (check_host(host, error) != LEVADA_OK) return LEVADA_FATAL;
  *self = calloc(1, sizeof(struct numbers));
  return *self ? LEVADA_OK : LEVADA_FATAL;
}
static uint32_t replays(void* self) {
  (void)self;
  return LEVADA_REPLAYS;
}
static levada_code open_numbers(void* self, const levada_position* positions, size_t count, levada_error* error) {
  struct numbers* me = self;
  (void)error;
  me->next = count ? strtoll(positions[0].position.data, NULL, 10) : 0;
  return LEVADA_OK;
}
static levada_code poll_numbers(void* self, int64_t timeout_ns, levada_batch* out, levada_error* error) {
  struct numbers* me = self;
  struct rows* rows = calloc(1, sizeof *rows);
  struct names* names = calloc(1, sizeof *names);
  (void)timeout_ns, (void)error;
  if (!rows || !names || me->next == 3 * ROWS) {
    free(rows);
    free(names);
    return LEVADA_END;
  }
  for (int row = 0; row < ROWS; ++row)
    rows->views[row].length = snprintf(rows->views[row].text, sizeof rows->views[row].text, "row %d", (int)me->next++);
  rows->buffers[1] = rows->views;
  rows->buffers[2] = rows->sizes;
  rows->body.length = ROWS;
  rows->body.n_buffers = 3;
  rows->body.buffers = rows->buffers;
  rows->body.release = release_body;
  rows->body.private_data = rows;
  rows->holders = 2;
  rows->children[0] = &rows->body;
  names->body.format = "vz";
  names->body.name = "body";
  names->body.release = release_name;
  names->children[0] = &names->body;

  out->flags = 0;
  memset(&out->rows, 0, sizeof out->rows);
  out->rows.length = ROWS;
  out->rows.n_buffers = 1;
  out->rows.buffers = rows->struct_buffers;
  out->rows.n_children = 1;
  out->rows.children = rows->children;
  out->rows.release = release_rows;
  out->rows.private_data = rows;
  memset(&out->schema, 0, sizeof out->schema);
  out->schema.format = "+s";
  out->schema.name = "";
  out->schema.n_children = 1;
  out->schema.children = names->children;
  out->schema.release = release_names;
  out->schema.private_data = names;
  snprintf(me->position, sizeof me->position, "%lld", (long long)me->next);
  out->stream.data = "";
  out->stream.size = 0;
  out->position.data = me->position;
  out->position.size = strlen(me->position);
  return LEVADA_OK;
}
static levada_code acknowledge_numbers(void* self, levada_bytes stream, levada_bytes position, levada_error* error) {
  (void)self, (void)stream, (void)position, (void)error;
  return LEVADA_OK;
}

/* ---- The interceptor: lets the first rows of all pass; a state says how many did ------------- */

struct first {
  int64_t left;
};

static levada_code create_first(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  if (check_host(host, error) != LEVADA_OK) return LEVADA_FATAL;
  struct first* made = malloc(sizeof *made);
  if (!made) return LEVADA_FATAL;
  made->left = values[0].integer;
  *self = made;
  return LEVADA_OK;
}
static levada_code intercept_first(void* self, levada_batch* batch, levada_batch* rejected, levada_error* error) {
  struct first* me = self;
  (void)rejected, (void)error;
  if (batch->rows.length > me->left) batch->rows.length = me->left;
  me->left -= batch->rows.length;
  return LEVADA_OK;
}

/* ---- The sink: appends bodies to a file in its folder ---------------------------------------- */

struct lines {
  const levada_files* files;
  int64_t handle;
  char folder[400], path[512];
};

static levada_code create_lines(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  (void)values;
  if (check_host(host, error) != LEVADA_OK) return LEVADA_FATAL;
  struct lines* made = calloc(1, sizeof *made);
  if (!made) return LEVADA_FATAL;
  made->files = host->service(host, LEVADA_FILES);
  made->handle = -1;
  snprintf(made->folder, sizeof made->folder, "%.*s", (int)host->data_dir.size, host->data_dir.data);
  snprintf(made->path, sizeof made->path, "%s/lines", made->folder);
  *self = made;
  return LEVADA_OK;
}
static void destroy_lines(void* self) {
  struct lines* me = self;
  if (me->handle >= 0) me->files->close(me->files->context, me->handle);
  free(me);
}
static uint32_t promises_nothing(void* self) {
  (void)self;
  return 0;
}
static levada_code disk_failed(int64_t result, levada_error* error) {
  snprintf(error->message, sizeof error->message, "the disk gave %d", (int)result);
  return LEVADA_RETRY;
}
static levada_code open_lines(void* self, levada_error* error) {
  struct lines* me = self;
  levada_file_info info;
  memset(&info, 0, sizeof info);
  info.size = sizeof info;
  int64_t result = me->files->make_folder(me->files->context, me->folder);
  if (result >= 0) result = me->handle = me->files->open(me->files->context, me->path, LEVADA_APPEND);
  if (result >= 0) result = me->files->info(me->files->context, me->handle, &info);
  if (result >= 0 && info.size != sizeof info) result = -1000;
#ifdef LEVADA_LATER
  for (size_t at = 0; result >= 0 && at < sizeof info.later / sizeof info.later[0]; ++at)
    if (info.later[at]) result = -1001;
#endif
  return result < 0 ? disk_failed(result, error) : LEVADA_OK;
}
static levada_code recover_lines(void* self, void (*position)(void* to, const levada_position*), void* to,
                                 levada_error* error) {
  (void)self, (void)position, (void)to, (void)error;
  return LEVADA_OK;
}
static levada_code write_lines(void* self, int64_t timeout_ns, levada_batch* batch, levada_batch* rejected,
                               levada_error* error) {
  struct lines* me = self;
  (void)timeout_ns, (void)rejected;
  const struct ArrowArray* body = batch->rows.children[0];
  const struct {
    int32_t length;
    char text[12];
  }* views = body->buffers[1];
  for (int64_t row = 0; row < batch->rows.length; ++row) {
    const int64_t at = batch->rows.offset + body->offset + row;
    const levada_bytes parts[2] = {{views[at].text, (size_t)views[at].length}, {"\n", 1}};
    const int64_t result = me->files->write(me->files->context, me->handle, parts, 2);
    if (result < 0) return disk_failed(result, error);
  }
  return LEVADA_OK;
}
static levada_code commit_lines(void* self, int64_t timeout_ns, const levada_checkpoint* checkpoint,
                                levada_batch* rejected, levada_error* error) {
  struct lines* me = self;
  (void)timeout_ns, (void)rejected;
  if (checkpoint->size < LEVADA_CHECKPOINT_SIZE_MIN) return disk_failed(-1002, error);
  const int64_t result = me->files->sync(me->files->context, me->handle);
  return result < 0 ? disk_failed(result, error) : LEVADA_OK;
}

/* ---- What there is --------------------------------------------------------------------------- */

static const levada_source_functions source_functions = {.size = sizeof source_functions,
                                                         .promises = replays,
                                                         .open = open_numbers,
                                                         .poll = poll_numbers,
                                                         .acknowledge = acknowledge_numbers};
static const levada_interceptor_functions interceptor_functions = {.size = sizeof interceptor_functions,
                                                                   .intercept = intercept_first};
static const levada_sink_functions sink_functions = {.size = sizeof sink_functions,
                                                     .promises = promises_nothing,
                                                     .open = open_lines,
                                                     .recover = recover_lines,
                                                     .write = write_lines,
                                                     .commit = commit_lines};
static const levada_option first_options[] = {
    {"rows", LEVADA_INTEGER, LEVADA_REQUIRED, NULL, NULL, "How many rows pass."}};

static const levada_component numbers = {.size = sizeof numbers,
                                         .kind = LEVADA_SOURCE,
                                         .name = NAME "_numbers",
                                         .summary = "Gives nine rows.",
                                         .functions = &source_functions,
                                         .create = create_numbers,
                                         .destroy = free};
static const levada_component first = {.size = sizeof first,
                                       .kind = LEVADA_INTERCEPTOR,
                                       .name = NAME "_first",
                                       .summary = "Lets the first rows pass.",
                                       .options = first_options,
                                       .option_count = 1,
                                       .functions = &interceptor_functions,
                                       .create = create_first,
                                       .destroy = free};
static const levada_component lines = {.size = sizeof lines,
                                       .kind = LEVADA_SINK,
                                       .name = NAME "_lines",
                                       .summary = "Appends bodies to a file.",
                                       .functions = &sink_functions,
                                       .create = create_lines,
                                       .destroy = destroy_lines};
static const levada_component* const components[] = {&numbers, &first, &lines};
static const levada_plugin plugin = {.size = sizeof plugin,
                                     .abi_minor = LEVADA_ABI_MINOR,
                                     .name = NAME,
                                     .version = "1.0.0",
                                     .license = "MIT",
                                     .components = components,
                                     .component_count = 3};

const levada_plugin* levada_plugin_1(void) { return &plugin; }
