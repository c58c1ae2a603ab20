/* Reads the columns of a batch in plain C99, row by row, whatever offsets, nulls and layouts of
 * text there are. Rows have the numbers that they have in the batch, 0 to rows.length - 1.
 *
 *   const levada_column ip = levada_find_column(batch, "ip");
 *   for (int64_t row = 0; row < batch->rows.length; ++row) {
 *     levada_bytes text;
 *     switch (levada_text(&ip, row, &text)) { ... }
 *   }
 */
#ifndef LEVADA_C_COLUMN_H
#define LEVADA_C_COLUMN_H

#include <string.h>

#include "levada/plugin.h"

/* A column of a batch: valid as long as the batch is, and not changed. */
typedef struct levada_column {
  const struct ArrowSchema* schema; /* Null where the batch has no such column. */
  const struct ArrowArray* array;
  int64_t first; /* Where the batch's first row stands in the array's buffers: all offsets together. */
} levada_column;

static inline levada_column levada_find_column(const levada_batch* batch, const char* name) {
  levada_column column = {NULL, NULL, 0};
  int64_t at;
  for (at = 0; at < batch->schema.n_children; ++at) {
    if (strcmp(batch->schema.children[at]->name, name) != 0) continue;
    column.schema = batch->schema.children[at];
    column.array = batch->rows.children[at];
    column.first = batch->rows.offset + column.array->offset;
    break;
  }
  return column;
}

static inline int levada_bit(const void* bits, int64_t at) {
  return (((const unsigned char*)bits)[at / 8] >> (at % 8)) & 1;
}

/* Whether arrays of this format begin with a bitmap of nulls. */
static inline int levada_has_validity(const char* format) {
  return strcmp(format, "n") != 0 && strcmp(format, "+r") != 0 && strncmp(format, "+u", 2) != 0;
}

/* 1: the row has no value. Of a column that is there. */
static inline int levada_is_null(const levada_column* column, int64_t row) {
  if (!levada_has_validity(column->schema->format)) return strcmp(column->schema->format, "n") == 0;
  return column->array->buffers[0] && !levada_bit(column->array->buffers[0], column->first + row);
}

/* What levada_text found. */
typedef enum levada_text_state {
  LEVADA_TEXT_PRESENT = 0,
  LEVADA_TEXT_NULL = 1,    /* The row has no value. */
  LEVADA_TEXT_MISSING = 2, /* The batch has no such column. */
  LEVADA_TEXT_OTHER = 3    /* The row has a value, and it is no text: a number, a time, a list. */
} levada_text_state;

/* The element at a place of the buffers of a "vu" or "vz" array. */
static inline levada_bytes levada_view_at(const struct ArrowArray* array, int64_t at) {
  const char* view = (const char*)array->buffers[1] + 16 * at;
  levada_bytes text;
  int32_t size, place[2];
  memcpy(&size, view, sizeof size);
  memcpy(place, view + 8, sizeof place);
  text.size = (size_t)size;
  text.data = size <= 12 ? view + 4 : (const char*)array->buffers[2 + place[0]] + place[1];
  return text;
}

/* The element at a place of the buffers of an array of text or bytes; 0 where the format is
 * neither. */
static inline int levada_text_at(const char* format, const struct ArrowArray* array, int64_t at, levada_bytes* text) {
  if (strcmp(format, "vu") == 0 || strcmp(format, "vz") == 0) {
    *text = levada_view_at(array, at);
  } else if (strcmp(format, "u") == 0 || strcmp(format, "z") == 0) {
    const int32_t* offsets = (const int32_t*)array->buffers[1] + at;
    text->data = (const char*)array->buffers[2] + offsets[0];
    text->size = (size_t)(offsets[1] - offsets[0]);
  } else if (strcmp(format, "U") == 0 || strcmp(format, "Z") == 0) {
    const int64_t* offsets = (const int64_t*)array->buffers[1] + at;
    text->data = (const char*)array->buffers[2] + offsets[0];
    text->size = (size_t)(offsets[1] - offsets[0]);
  } else {
    return 0;
  }
  return 1;
}

/* The index at a place of the buffers of a dictionary; -1 where the format is none of an index. */
static inline int64_t levada_index_at(const char* format, const void* indices, int64_t at) {
  switch (format[0]) {
    case 'c': return ((const int8_t*)indices)[at];
    case 'C': return ((const uint8_t*)indices)[at];
    case 's': return ((const int16_t*)indices)[at];
    case 'S': return ((const uint16_t*)indices)[at];
    case 'i': return ((const int32_t*)indices)[at];
    case 'I': return ((const uint32_t*)indices)[at];
    case 'l':
    case 'L': return ((const int64_t*)indices)[at];
    default: return -1;
  }
}

/* The text of a row of a column of text, bytes, or a dictionary of text. `text` is empty where it
 * is not LEVADA_TEXT_PRESENT, and lies in the batch where it is. */
static inline levada_text_state levada_text(const levada_column* column, int64_t row, levada_bytes* text) {
  text->data = "";
  text->size = 0;
  if (!column->schema) return LEVADA_TEXT_MISSING;
  if (levada_is_null(column, row)) return LEVADA_TEXT_NULL;
  if (column->schema->dictionary) {
    const levada_column words = {column->schema->dictionary, column->array->dictionary,
                                 column->array->dictionary->offset};
    const int64_t index = levada_index_at(column->schema->format, column->array->buffers[1], column->first + row);
    if (index < 0) return LEVADA_TEXT_OTHER;
    if (levada_is_null(&words, index)) return LEVADA_TEXT_NULL;
    return levada_text_at(words.schema->format, words.array, words.first + index, text) ? LEVADA_TEXT_PRESENT
                                                                                        : LEVADA_TEXT_OTHER;
  }
  return levada_text_at(column->schema->format, column->array, column->first + row, text) ? LEVADA_TEXT_PRESENT
                                                                                          : LEVADA_TEXT_OTHER;
}

/* Whether the text of a row is this one. */
static inline int levada_bytes_equal(levada_bytes text, const char* other) {
  const size_t size = strlen(other);
  return text.size == size && memcmp(text.data, other, size) == 0;
}

#endif /* LEVADA_C_COLUMN_H */
