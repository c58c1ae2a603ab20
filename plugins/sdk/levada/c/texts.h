/* Columns of text, and batches of them, made in plain C99.
 *
 *   levada_texts bodies;
 *   levada_texts_start(&bodies, levada_memory_of(host));
 *   levada_texts_add(&bodies, "one", 3);
 *   if (levada_new_batch(out, 1, error) == LEVADA_OK)
 *     levada_set_texts(out, "body", "vz", &bodies, error);
 */
#ifndef LEVADA_C_TEXTS_H
#define LEVADA_C_TEXTS_H

#include "levada/c/memory.h"

/* Texts, row by row, that become a column. */
typedef struct levada_texts {
  const levada_memory* memory;
  levada_block views, bytes, validity;
  size_t used; /* Of bytes. */
  int64_t rows, nulls;
  const char* fault; /* Null: none so far. It is reported when the column is made. */
} levada_texts;

static inline void levada_texts_start(levada_texts* texts, const levada_memory* memory) {
  memset(texts, 0, sizeof *texts);
  texts->memory = memory;
}
/* Frees what became no column. */
static inline void levada_texts_free(levada_texts* texts) {
  levada_block_free(texts->memory, texts->views);
  levada_block_free(texts->memory, texts->bytes);
  levada_block_free(texts->memory, texts->validity);
  levada_texts_start(texts, texts->memory);
}

/* A row; `data` null is a null. The text is copied. */
static inline void levada_texts_add(levada_texts* texts, const char* data, size_t size) {
  const int64_t row = texts->rows++;
  const size_t bit_bytes = (size_t)(row / 8 + 1);
  unsigned char* bits;
  char view[16] = {0};
  const int32_t length = data ? (int32_t)size : 0;
  if (texts->fault) return;
  if (!levada_block_grow(texts->memory, &texts->views, 16 * (size_t)texts->rows, 16 * (size_t)row) ||
      !levada_block_grow(texts->memory, &texts->validity, bit_bytes, (size_t)((row + 7) / 8))) {
    texts->fault = "there is no more memory for rows";
    return;
  }
  bits = (unsigned char*)texts->validity.data;
  if (row % 8 == 0) bits[row / 8] = 0;
  if (data) bits[row / 8] = (unsigned char)(bits[row / 8] | 1 << (row % 8));
  else texts->nulls += 1;
  memcpy(view, &length, sizeof length);
  if (data && size <= 12) {
    memcpy(view + 4, data, size);
  } else if (data) {
    const int32_t place[2] = {0, (int32_t)texts->used};
    if (size > INT32_MAX - texts->used) {
      texts->fault = "a column of text has more than 2 GiB in it: let fewer rows into a batch";
      return;
    }
    if (!levada_block_grow(texts->memory, &texts->bytes, texts->used + size, texts->used)) {
      texts->fault = "there is no more memory for rows";
      return;
    }
    memcpy((char*)texts->bytes.data + texts->used, data, size);
    texts->used += size;
    memcpy(view + 4, data, 4);
    memcpy(view + 8, place, sizeof place);
  }
  memcpy((char*)texts->views.data + 16 * row, view, sizeof view);
}

/* Fills in an array with the texts, which it takes over. 0: there is no more memory, and nothing
 * was taken. */
static inline int levada_texts_finish(levada_texts* texts, struct ArrowArray* array) {
  /* The views, then a block with the long texts where there are such, then its size. */
  const int64_t blocks = texts->used ? 1 : 0, used = (int64_t)texts->used;
  levada_block sizes = levada_block_new(texts->memory, sizeof used);
  if (!sizes.data || !levada_block_grow(texts->memory, &texts->views, 1, 0) ||
      !levada_array_new(array, texts->memory, NULL, 3 + blocks, 0, 0)) {
    levada_block_free(texts->memory, sizes);
    return 0;
  }
  array->length = texts->rows;
  array->null_count = texts->nulls;
  memcpy(sizes.data, &used, sizeof used);
  levada_array_own(array, 2 + blocks, sizes);
  levada_array_own(array, 1, texts->views);
  if (blocks) levada_array_own(array, 2, texts->bytes);
  else levada_block_free(texts->memory, texts->bytes);
  if (texts->nulls) levada_array_own(array, 0, texts->validity);
  else levada_block_free(texts->memory, texts->validity);
  levada_texts_start(texts, texts->memory);
  return 1;
}

/* Fills in a batch of so many rows that has no column yet, and leaves `size` alone. OK or FATAL. */
static inline levada_code levada_new_batch(levada_batch* batch, int64_t rows, levada_error* error) {
  batch->flags = 0;
  batch->stream.data = batch->position.data = "";
  batch->stream.size = batch->position.size = 0;
  batch->sequence = 0;
  if (!levada_array_new(&batch->rows, NULL, NULL, 1, 0, 0)) return levada_no_memory(error);
  batch->rows.length = rows;
  if (levada_schema_new(&batch->schema, NULL, "+s", "", 0, 0)) return LEVADA_OK;
  batch->rows.release(&batch->rows);
  return levada_no_memory(error);
}

/* Releases what is left in a batch. */
static inline void levada_release_batch(levada_batch* batch) {
  if (batch->rows.release) batch->rows.release(&batch->rows);
  if (batch->schema.release) batch->schema.release(&batch->schema);
}

/* Moves the columns of a batch into structs with room for so many. 0: there is no more memory, and
 * the batch is as it was. */
static inline int levada_move_columns(levada_batch* batch, int64_t columns, struct ArrowArray* rows,
                                      struct ArrowSchema* schema) {
  int64_t at;
  if (!levada_array_new(rows, NULL, NULL, 1, columns, 0)) return 0;
  if (!levada_schema_new(schema, NULL, "+s", batch->schema.name, columns, 0)) {
    rows->release(rows);
    return 0;
  }
  rows->length = batch->rows.length;
  for (at = 0; at < batch->rows.n_children; ++at) {
    struct ArrowArray* array = rows->children[at];
    *array = *batch->rows.children[at];
    *schema->children[at] = *batch->schema.children[at];
    batch->rows.children[at]->release = NULL;
    batch->schema.children[at]->release = NULL;
    /* A slice of the batch becomes one of its columns. */
    array->offset += batch->rows.offset;
    if (array->length != rows->length) array->null_count = array->null_count == 0 ? 0 : -1;
    array->length = rows->length;
  }
  levada_release_batch(batch);
  return 1;
}

/* Puts the texts into a batch as the column of that name, in place of one that is there. `format`
 * is "vu" for text, which has to be UTF-8, or "vz" for bytes. The texts are taken over, whatever
 * the call gives. OK; or FATAL, and the batch is as it was. */
static inline levada_code levada_set_texts(levada_batch* batch, const char* name, const char* format,
                                           levada_texts* texts, levada_error* error) {
  struct ArrowArray array, rows;
  struct ArrowSchema schema, names;
  int64_t at = 0, columns = batch->rows.n_children;
  const char* fault = texts->fault;
  if (!fault && texts->rows != batch->rows.length) fault = "a column must have as many rows as its batch";
  if (fault) {
    snprintf(error->message, sizeof error->message, "%s", fault);
    levada_texts_free(texts);
    return LEVADA_FATAL;
  }
  if (!levada_schema_new(&schema, NULL, format, name, 0, 0)) {
    levada_texts_free(texts);
    return levada_no_memory(error);
  }
  schema.flags = ARROW_FLAG_NULLABLE;
  if (!levada_texts_finish(texts, &array)) {
    schema.release(&schema);
    levada_texts_free(texts);
    return levada_no_memory(error);
  }
  while (at < columns && strcmp(batch->schema.children[at]->name, name) != 0) ++at;
  if (at == columns) ++columns;
  if (!levada_move_columns(batch, columns, &rows, &names)) {
    array.release(&array);
    schema.release(&schema);
    return levada_no_memory(error);
  }
  if (rows.children[at]->release) rows.children[at]->release(rows.children[at]);
  if (names.children[at]->release) names.children[at]->release(names.children[at]);
  *rows.children[at] = array;
  *names.children[at] = schema;
  batch->rows = rows;
  batch->schema = names;
  return LEVADA_OK;
}

#endif /* LEVADA_C_TEXTS_H */
