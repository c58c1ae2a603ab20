/* Arrays that plain C makes: their buffers lie in the host's memory, and what they have in common
 * with the batch that they were made of is counted, so that each is released at its own time. */
#ifndef LEVADA_C_MEMORY_H
#define LEVADA_C_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "levada/plugin.h"

/* The host's memory for rows; null where it has none, and then malloc's is used. It is valid for
 * longer than the instance. */
static inline const levada_memory* levada_memory_of(const levada_host* host) {
  return (const levada_memory*)host->service(host, LEVADA_MEMORY);
}

/* A piece of memory for rows. */
typedef struct levada_block {
  void* data; /* Null: there is none. */
  size_t capacity;
} levada_block;

/* At least so many bytes, and 64 more behind them that may be read. `data` is null where there is
 * no more memory. */
static inline levada_block levada_block_new(const levada_memory* memory, size_t bytes) {
  levada_block block = {NULL, bytes ? bytes : 1};
  if (memory) block.data = memory->allocate(memory->context, block.capacity, &block.capacity);
  else block.data = malloc(block.capacity + 64);
  return block;
}
static inline void levada_block_free(const levada_memory* memory, levada_block block) {
  if (!block.data) return;
  if (memory) memory->release(memory->context, block.data, block.capacity);
  else free(block.data);
}
/* Makes room for at least so many bytes, and keeps the first `used`. 0: there is no more memory. */
static inline int levada_block_grow(const levada_memory* memory, levada_block* block, size_t bytes, size_t used) {
  levada_block larger;
  if (block->data && bytes <= block->capacity) return 1;
  larger = levada_block_new(memory, bytes < 2 * block->capacity ? 2 * block->capacity : bytes);
  if (!larger.data) return 0;
  if (used) memcpy(larger.data, block->data, used);
  levada_block_free(memory, *block);
  *block = larger;
  return 1;
}

/* A batch that others share: the last one to let go of it releases it. */
typedef struct levada_origin {
  struct ArrowArray rows;
  struct ArrowSchema schema;
  long holders;
} levada_origin;

/* Takes over what of the two is not null; the caller's structs stay as they are until the caller
 * clears their `release`. Null: there is no more memory. */
static inline levada_origin* levada_origin_new(const struct ArrowArray* rows, const struct ArrowSchema* schema) {
  levada_origin* origin = (levada_origin*)calloc(1, sizeof(levada_origin));
  if (!origin) return NULL;
  if (rows) origin->rows = *rows;
  if (schema) origin->schema = *schema;
  origin->holders = 1;
  return origin;
}
static inline levada_origin* levada_origin_hold(levada_origin* origin) {
  if (origin) __atomic_add_fetch(&origin->holders, 1, __ATOMIC_RELAXED);
  return origin;
}
static inline void levada_origin_let_go(levada_origin* origin) {
  if (!origin || __atomic_sub_fetch(&origin->holders, 1, __ATOMIC_ACQ_REL) > 0) return;
  if (origin->rows.release) origin->rows.release(&origin->rows);
  if (origin->schema.release) origin->schema.release(&origin->schema);
  free(origin);
}

/* What an array that is made here holds. */
typedef struct levada_array_node {
  levada_origin* origin; /* Of the buffers that are not its own; or null. */
  const levada_memory* memory;
  const void** buffers;
  levada_block owned[4];
  int owned_count;
  struct ArrowArray* below; /* The children, and behind them the dictionary. */
  struct ArrowArray** children;
  int64_t below_count;
} levada_array_node;

static inline void levada_release_array(struct ArrowArray* array) {
  levada_array_node* node = (levada_array_node*)array->private_data;
  int64_t at;
  for (at = 0; at < node->below_count; ++at)
    if (node->below[at].release) node->below[at].release(&node->below[at]);
  for (at = 0; at < node->owned_count; ++at) levada_block_free(node->memory, node->owned[at]);
  levada_origin_let_go(node->origin);
  free(node->below);
  free(node->children);
  free(node->buffers);
  free(node);
  array->release = NULL;
}

/* An array whose buffers and children are still empty. 0: there is no more memory. */
static inline int levada_array_new(struct ArrowArray* array, const levada_memory* memory, levada_origin* origin,
                                   int64_t buffers, int64_t children, int has_dictionary) {
  levada_array_node* node = (levada_array_node*)calloc(1, sizeof(levada_array_node));
  const int64_t below = children + (has_dictionary ? 1 : 0);
  int64_t at;
  memset(array, 0, sizeof *array);
  if (!node) return 0;
  node->memory = memory;
  node->buffers = (const void**)calloc((size_t)buffers + 1, sizeof(void*));
  node->below = (struct ArrowArray*)calloc((size_t)below + 1, sizeof(struct ArrowArray));
  node->children = (struct ArrowArray**)calloc((size_t)children + 1, sizeof(struct ArrowArray*));
  if (!node->buffers || !node->below || !node->children) {
    free(node->buffers);
    free(node->below);
    free(node->children);
    free(node);
    return 0;
  }
  node->origin = levada_origin_hold(origin);
  node->below_count = below;
  for (at = 0; at < children; ++at) node->children[at] = &node->below[at];
  array->n_buffers = buffers;
  array->buffers = node->buffers;
  array->n_children = children;
  array->children = children ? node->children : NULL;
  array->dictionary = has_dictionary ? &node->below[children] : NULL;
  array->release = levada_release_array;
  array->private_data = node;
  return 1;
}

/* Puts a block into the array, as its buffer of that number. */
static inline void levada_array_own(struct ArrowArray* array, int64_t buffer, levada_block block) {
  levada_array_node* node = (levada_array_node*)array->private_data;
  node->buffers[buffer] = block.data;
  node->owned[node->owned_count++] = block;
}
/* A new block as the array's buffer of that number. Null: there is no more memory. */
static inline void* levada_array_block(struct ArrowArray* array, int64_t buffer, size_t bytes) {
  levada_array_node* node = (levada_array_node*)array->private_data;
  const levada_block block = levada_block_new(node->memory, bytes);
  if (block.data) levada_array_own(array, buffer, block);
  return block.data;
}

/* An array over the same buffers, down to the last child, that may be released at its own time. 0:
 * there is no more memory, and *to is released. */
static inline int levada_share_array(const struct ArrowArray* from, levada_origin* origin, struct ArrowArray* to) {
  int64_t at;
  int made = levada_array_new(to, NULL, origin, from->n_buffers, from->n_children, from->dictionary != NULL);
  if (!made) return 0;
  to->length = from->length;
  to->null_count = from->null_count;
  to->offset = from->offset;
  for (at = 0; at < from->n_buffers; ++at) to->buffers[at] = from->buffers[at];
  for (at = 0; made && at < from->n_children; ++at)
    made = levada_share_array(from->children[at], origin, to->children[at]);
  if (made && from->dictionary) made = levada_share_array(from->dictionary, origin, to->dictionary);
  if (!made) to->release(to);
  return made;
}

/* What a schema that is made here holds. */
typedef struct levada_schema_node {
  levada_origin* origin; /* Of its texts; or null. */
  char* name;            /* Of its own; or null. */
  struct ArrowSchema* below;
  struct ArrowSchema** children;
  int64_t below_count;
} levada_schema_node;

static inline void levada_release_schema(struct ArrowSchema* schema) {
  levada_schema_node* node = (levada_schema_node*)schema->private_data;
  int64_t at;
  for (at = 0; at < node->below_count; ++at)
    if (node->below[at].release) node->below[at].release(&node->below[at]);
  levada_origin_let_go(node->origin);
  free(node->name);
  free(node->below);
  free(node->children);
  free(node);
  schema->release = NULL;
}

/* A schema of this format, which must live for ever or as long as `origin`, with children that are
 * still empty. `name` is copied. 0: there is no more memory. */
static inline int levada_schema_new(struct ArrowSchema* schema, levada_origin* origin, const char* format,
                                    const char* name, int64_t children, int has_dictionary) {
  levada_schema_node* node = (levada_schema_node*)calloc(1, sizeof(levada_schema_node));
  const int64_t below = children + (has_dictionary ? 1 : 0);
  const size_t bytes = strlen(name ? name : "") + 1;
  int64_t at;
  memset(schema, 0, sizeof *schema);
  if (!node) return 0;
  node->name = (char*)malloc(bytes);
  node->below = (struct ArrowSchema*)calloc((size_t)below + 1, sizeof(struct ArrowSchema));
  node->children = (struct ArrowSchema**)calloc((size_t)children + 1, sizeof(struct ArrowSchema*));
  if (!node->name || !node->below || !node->children) {
    free(node->name);
    free(node->below);
    free(node->children);
    free(node);
    return 0;
  }
  memcpy(node->name, name ? name : "", bytes);
  node->origin = levada_origin_hold(origin);
  node->below_count = below;
  for (at = 0; at < children; ++at) node->children[at] = &node->below[at];
  schema->format = format;
  schema->name = node->name;
  schema->n_children = children;
  schema->children = children ? node->children : NULL;
  schema->dictionary = has_dictionary ? &node->below[children] : NULL;
  schema->release = levada_release_schema;
  schema->private_data = node;
  return 1;
}

/* As levada_share_array. */
static inline int levada_share_schema(const struct ArrowSchema* from, levada_origin* origin, struct ArrowSchema* to) {
  int64_t at;
  int made = levada_schema_new(to, origin, from->format, from->name, from->n_children, from->dictionary != NULL);
  if (!made) return 0;
  to->metadata = from->metadata;
  to->flags = from->flags;
  for (at = 0; made && at < from->n_children; ++at)
    made = levada_share_schema(from->children[at], origin, to->children[at]);
  if (made && from->dictionary) made = levada_share_schema(from->dictionary, origin, to->dictionary);
  if (!made) to->release(to);
  return made;
}

/* What a call gives where there is no more memory. */
static inline levada_code levada_no_memory(levada_error* error) {
  snprintf(error->message, sizeof error->message, "there is no more memory for rows");
  return LEVADA_FATAL;
}

#endif /* LEVADA_C_MEMORY_H */
