/* Some rows of an array, in plain C99: of any layout of Arrow, nested ones too. */
#ifndef LEVADA_C_TAKE_H
#define LEVADA_C_TAKE_H

#include "levada/c/column.h"
#include "levada/c/memory.h"

/* Bytes of a value of fixed width; 0 where the format is none of those. */
static inline int64_t levada_width_of(const char* format) {
  const char* comma;
  switch (format[0]) {
    case 'c':
    case 'C': return 1;
    case 's':
    case 'S':
    case 'e': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    case 'l':
    case 'L':
    case 'g': return 8;
    case 'w': return format[1] == ':' ? strtoll(format + 2, NULL, 10) : 0;
    case 'd': /* "d:19,10" or "d:19,10,256" */
      comma = strchr(format, ',');
      comma = comma ? strchr(comma + 1, ',') : NULL;
      return comma ? strtoll(comma + 1, NULL, 10) / 8 : 16;
    case 't':
      if (strlen(format) < 3) return 0;
      if (format[1] == 'd') return format[2] == 'D' ? 4 : 8;
      if (format[1] == 't') return format[2] == 's' || format[2] == 'm' ? 4 : 8;
      if (format[1] == 'i') return format[2] == 'M' ? 4 : format[2] == 'D' ? 8 : 16;
      return 8;
    default: return 0;
  }
}

/* Makes arrays of some rows of others. */
typedef struct levada_take {
  levada_origin* origin; /* Which holds what rows are taken of. */
  const levada_memory* memory;
  const char* fault; /* Why it failed; null: there is no more memory. */
} levada_take;

/* The next functions fill in buffers and children of *to, which has as many of them as `from`.
 * `rows` are places in the buffers. 0: it failed. */

static inline int levada_take_bits(const void* from, const int64_t* rows, int64_t count, struct ArrowArray* to,
                                   int64_t buffer, int64_t* set) {
  const size_t bytes = (size_t)(count / 8 + 1);
  unsigned char* bits = (unsigned char*)levada_array_block(to, buffer, bytes);
  int64_t at;
  *set = 0;
  if (!bits) return 0;
  memset(bits, 0, bytes);
  for (at = 0; at < count; ++at) {
    const int bit = levada_bit(from, rows[at]);
    bits[at / 8] = (unsigned char)(bits[at / 8] | bit << (at % 8));
    *set += bit;
  }
  return 1;
}

static inline int levada_take_fixed(const void* from, int64_t width, const int64_t* rows, int64_t count,
                                    struct ArrowArray* to, int64_t buffer) {
  char* values = (char*)levada_array_block(to, buffer, (size_t)(count * width));
  int64_t at;
  if (!values) return 0;
  for (at = 0; at < count; ++at) memcpy(values + at * width, (const char*)from + rows[at] * width, (size_t)width);
  return 1;
}

static inline int64_t levada_offset_at(const void* offsets, int wide, int64_t at) {
  return wide ? ((const int64_t*)offsets)[at] : ((const int32_t*)offsets)[at];
}
static inline void levada_put_offset(void* offsets, int wide, int64_t at, int64_t offset) {
  if (wide) ((int64_t*)offsets)[at] = offset;
  else ((int32_t*)offsets)[at] = (int32_t)offset;
}
static inline int levada_is_taken_null(const struct ArrowArray* from, int64_t row) {
  return from->buffers[0] && !levada_bit(from->buffers[0], row);
}

/* The offsets of text or lists. The offsets never grow beyond those of `from`, as no row comes
 * twice. */
static inline void* levada_take_offsets(const struct ArrowArray* from, int wide, const int64_t* rows, int64_t count,
                                        struct ArrowArray* to, int64_t* end) {
  void* offsets = levada_array_block(to, 1, (size_t)(count + 1) * (wide ? 8u : 4u));
  int64_t at;
  *end = 0;
  if (!offsets) return NULL;
  levada_put_offset(offsets, wide, 0, 0);
  for (at = 0; at < count; ++at) {
    if (!levada_is_taken_null(from, rows[at]))
      *end +=
          levada_offset_at(from->buffers[1], wide, rows[at] + 1) - levada_offset_at(from->buffers[1], wide, rows[at]);
    levada_put_offset(offsets, wide, at + 1, *end);
  }
  return offsets;
}

static inline int levada_take_text(const struct ArrowArray* from, int wide, const int64_t* rows, int64_t count,
                                   struct ArrowArray* to) {
  int64_t end, at;
  const void* offsets = levada_take_offsets(from, wide, rows, count, to, &end);
  char* text = offsets ? (char*)levada_array_block(to, 2, (size_t)end) : NULL;
  if (!text) return 0;
  for (at = 0; at < count; ++at) {
    const int64_t begin = levada_offset_at(offsets, wide, at), size = levada_offset_at(offsets, wide, at + 1) - begin;
    if (size > 0)
      memcpy(text + begin, (const char*)from->buffers[2] + levada_offset_at(from->buffers[1], wide, rows[at]),
             (size_t)size);
  }
  return 1;
}

static inline int levada_take_array(levada_take* take, const struct ArrowSchema* schema, const struct ArrowArray* from,
                                    const int64_t* rows, int64_t count, struct ArrowArray* to);

/* A child of which each row has `width` items, or as many as the offsets say where `width` is 0. */
static inline int levada_take_items(levada_take* take, const struct ArrowSchema* schema, const struct ArrowArray* from,
                                    int wide, int64_t width, const int64_t* rows, int64_t count, int64_t total,
                                    struct ArrowArray* to) {
  int64_t* items = (int64_t*)malloc((size_t)(total + 1) * sizeof(int64_t));
  int64_t at, item, used = 0;
  int made;
  if (!items) return 0;
  for (at = 0; at < count; ++at) {
    int64_t first = rows[at] * width, end = first + width;
    if (width == 0 && !levada_is_taken_null(from, rows[at])) {
      first = levada_offset_at(from->buffers[1], wide, rows[at]);
      end = levada_offset_at(from->buffers[1], wide, rows[at] + 1);
    }
    for (item = first; item < end; ++item) items[used++] = item;
  }
  made = levada_take_array(take, schema->children[0], from->children[0], items, used, to->children[0]);
  free(items);
  return made;
}

/* The ends of runs that are counted anew, and their values. */
static inline int levada_take_runs(levada_take* take, const struct ArrowSchema* schema, const struct ArrowArray* from,
                                   const int64_t* rows, int64_t count, struct ArrowArray* to) {
  const struct ArrowArray* ends = from->children[0];
  const char* format = schema->children[0]->format;
  const int64_t width = levada_width_of(format);
  int64_t* runs = (int64_t*)malloc((size_t)(count + 1) * sizeof(int64_t));
  int64_t at, run = 0, made = 0;
  char* to_ends;
  if (!runs || !levada_array_new(to->children[0], take->memory, NULL, 2, 0, 0)) {
    free(runs);
    return 0;
  }
  to_ends = (char*)levada_array_block(to->children[0], 1, (size_t)(count * width));
  for (at = 0; to_ends && at < count; ++at) {
    while (levada_index_at(format, ends->buffers[1], ends->offset + run) <= rows[at]) ++run;
    if (made == 0 || runs[made - 1] != run) runs[made++] = run;
    /* Little-endian: the low bytes come first. */
    {
      const int64_t end = at + 1;
      memcpy(to_ends + (made - 1) * width, &end, (size_t)width);
    }
  }
  to->children[0]->length = made;
  at = to_ends && levada_take_array(take, schema->children[1], from->children[1], runs, made, to->children[1]);
  free(runs);
  return (int)at;
}

/* Text, bytes, and what has children. */
static inline int levada_take_nested(levada_take* take, const struct ArrowSchema* schema, const struct ArrowArray* from,
                                     const int64_t* rows, int64_t count, struct ArrowArray* to) {
  const char* format = schema->format;
  int64_t at, total = 0, ignored;
  switch (format[0]) {
    case 'n': to->null_count = count; return 1;
    case 'b': return levada_take_bits(from->buffers[1], rows, count, to, 1, &ignored);
    case 'u':
    case 'z': return levada_take_text(from, 0, rows, count, to);
    case 'U':
    case 'Z': return levada_take_text(from, 1, rows, count, to);
    case 'v': /* The views; their text stays where it is. */
      for (at = 2; at < from->n_buffers; ++at) to->buffers[at] = from->buffers[at];
      return levada_take_fixed(from->buffers[1], 16, rows, count, to, 1);
    default: break;
  }
  if (format[0] != '+') return 0;
  switch (format[1]) {
    case 'l':
    case 'm':
    case 'L':
      return levada_take_offsets(from, format[1] == 'L', rows, count, to, &total) &&
             levada_take_items(take, schema, from, format[1] == 'L', 0, rows, count, total, to);
    case 'w':
      total = strtoll(format + 3, NULL, 10);
      return total == 0 ? levada_take_array(take, schema->children[0], from->children[0], rows, 0, to->children[0])
                        : levada_take_items(take, schema, from, 0, total, rows, count, count * total, to);
    case 'v': /* The places and sizes; the items stay where they are. */
      return levada_take_fixed(from->buffers[1], format[2] == 'L' ? 8 : 4, rows, count, to, 1) &&
             levada_take_fixed(from->buffers[2], format[2] == 'L' ? 8 : 4, rows, count, to, 2) &&
             levada_share_array(from->children[0], take->origin, to->children[0]);
    case 'r': return levada_take_runs(take, schema, from, rows, count, to);
    case 'u':
      if (!levada_take_fixed(from->buffers[0], 1, rows, count, to, 0)) return 0;
      if (format[2] == 's') break;
      /* A dense union: the values stay where they are. */
      if (!levada_take_fixed(from->buffers[1], 4, rows, count, to, 1)) return 0;
      for (at = 0; at < from->n_children; ++at)
        if (!levada_share_array(from->children[at], take->origin, to->children[at])) return 0;
      return 1;
    case 's': break;
    default: return 0;
  }
  for (at = 0; at < from->n_children; ++at)
    if (!levada_take_array(take, schema->children[at], from->children[at], rows, count, to->children[at])) return 0;
  return 1;
}

/* The rows with these numbers, counted from the array's offset, each greater than the one before.
 * 0: it failed, and *to is released. */
static inline int levada_take_array(levada_take* take, const struct ArrowSchema* schema, const struct ArrowArray* from,
                                    const int64_t* rows, int64_t count, struct ArrowArray* to) {
  const char* format = schema->format;
  const int is_fixed = format[0] == 'w' || levada_width_of(format) > 0;
  int64_t* places = (int64_t*)malloc((size_t)(count + 1) * sizeof(int64_t));
  levada_origin* shared = format[0] == 'v' ? take->origin : NULL; /* Of views, the text is not copied. */
  int64_t at, valid = count;
  int made;
  if (!places ||
      !levada_array_new(to, take->memory, shared, from->n_buffers, from->n_children, from->dictionary != NULL)) {
    free(places);
    return 0;
  }
  for (at = 0; at < count; ++at) places[at] = from->offset + rows[at];
  to->length = count;
  made = 1;
  if (levada_has_validity(format) && from->buffers[0])
    made = levada_take_bits(from->buffers[0], places, count, to, 0, &valid);
  to->null_count = count - valid;
  if (!made) {
  } else if (is_fixed) {
    made = levada_take_fixed(from->buffers[1], levada_width_of(format), places, count, to, 1) &&
           (!from->dictionary || levada_share_array(from->dictionary, take->origin, to->dictionary));
  } else if (strchr("nbuzUZv+", format[0])) {
    made = levada_take_nested(take, schema, from, places, count, to);
  } else {
    take->fault = "a column has a type that Arrow does not have";
    made = 0;
  }
  free(places);
  if (!made) to->release(to);
  return made;
}

#endif /* LEVADA_C_TAKE_H */
