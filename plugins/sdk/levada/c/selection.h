/* Drops and rejects rows of a batch, in plain C99.
 *
 *   levada_selection selection;
 *   levada_selection_start(&selection, batch->rows.length);
 *   ... levada_drop(&selection, row); levada_reject(&selection, row, "the address is missing"); ...
 *   return levada_apply(&selection, memory, batch, rejected, error);
 */
#ifndef LEVADA_C_SELECTION_H
#define LEVADA_C_SELECTION_H

#include "levada/c/take.h"
#include "levada/c/texts.h"

/* What becomes of the rows of a batch; each is kept unless something else is said. */
typedef struct levada_selection {
  int64_t rows, dropped, rejected;
  char* gone;     /* Of each row: 1: it is not kept. Null while all are. */
  char** reasons; /* Of each row: why it is rejected, or null. Null while none is. */
  int failed;     /* There was no more memory: levada_apply says so. */
} levada_selection;

/* Rows are those of the batch as it came in, by number. Ends with levada_apply or
 * levada_selection_free. */
static inline void levada_selection_start(levada_selection* selection, int64_t rows) {
  memset(selection, 0, sizeof *selection);
  selection->rows = rows;
}
static inline void levada_selection_free(levada_selection* selection) {
  int64_t row;
  for (row = 0; selection->reasons && row < selection->rows; ++row) free(selection->reasons[row]);
  free(selection->reasons);
  free(selection->gone);
  levada_selection_start(selection, 0);
}

static inline int levada_is_kept(const levada_selection* selection, int64_t row) {
  return !selection->gone || !selection->gone[row];
}
/* Marks a row that is still kept. 0: it is gone already, or there is no more memory. */
static inline int levada_mark_gone(levada_selection* selection, int64_t row) {
  if (!levada_is_kept(selection, row)) return 0;
  if (!selection->gone) selection->gone = (char*)calloc((size_t)selection->rows + 1, 1);
  if (!selection->gone) {
    selection->failed = 1;
    return 0;
  }
  selection->gone[row] = 1;
  return 1;
}
static inline void levada_drop(levada_selection* selection, int64_t row) {
  if (levada_mark_gone(selection, row)) selection->dropped += 1;
}
/* Sends the row to the dead letters, unless it is gone already. The reason, in UTF-8, is copied. */
static inline void levada_reject(levada_selection* selection, int64_t row, const char* reason) {
  const size_t bytes = strlen(reason) + 1;
  if (!levada_mark_gone(selection, row)) return;
  if (!selection->reasons) selection->reasons = (char**)calloc((size_t)selection->rows + 1, sizeof(char*));
  if (selection->reasons) selection->reasons[row] = (char*)malloc(bytes);
  if (!selection->reasons || !selection->reasons[row]) {
    selection->failed = 1;
    return;
  }
  memcpy(selection->reasons[row], reason, bytes);
  selection->rejected += 1;
}

/* Fills in a batch with rows of another, which `take->origin` holds. */
static inline int levada_take_batch(levada_take* take, const levada_batch* from, const int64_t* rows, int64_t count,
                                    struct ArrowArray* to) {
  return levada_take_array(take, &from->schema, &from->rows, rows, count, to);
}

/* The rows that were rejected, with a column "reason". */
static inline levada_code levada_take_rejected(const levada_selection* selection, levada_take* take,
                                               const levada_batch* from, int64_t* numbers, levada_batch* rejected,
                                               levada_error* error) {
  levada_texts reasons;
  levada_batch made = *from;
  int64_t row, count = 0;
  levada_texts_start(&reasons, take->memory);
  for (row = 0; row < selection->rows; ++row) {
    if (!selection->reasons[row]) continue;
    numbers[count++] = row;
    levada_texts_add(&reasons, selection->reasons[row], strlen(selection->reasons[row]));
  }
  if (!levada_take_batch(take, from, numbers, count, &made.rows)) {
    levada_texts_free(&reasons);
    return levada_no_memory(error);
  }
  if (!levada_share_schema(&from->schema, take->origin, &made.schema)) {
    made.rows.release(&made.rows);
    levada_texts_free(&reasons);
    return levada_no_memory(error);
  }
  if (levada_set_texts(&made, "reason", "vu", &reasons, error) != LEVADA_OK) {
    levada_release_batch(&made);
    return LEVADA_FATAL;
  }
  rejected->rows = made.rows;
  rejected->schema = made.schema;
  rejected->sequence = from->sequence;
  return LEVADA_OK;
}

/* Leaves in the batch the rows that are kept, and puts those that are rejected into `rejected`,
 * with their columns and a column "reason". `memory` may be null. Ends the selection. OK; or FATAL
 * with a message, and both batches are as they were. */
static inline levada_code levada_apply(levada_selection* selection, const levada_memory* memory, levada_batch* batch,
                                       levada_batch* rejected, levada_error* error) {
  levada_take take = {NULL, memory, NULL};
  levada_code code = LEVADA_OK;
  struct ArrowArray kept;
  struct ArrowSchema names;
  int64_t* numbers;
  int64_t row, count = 0;
  memset(&kept, 0, sizeof kept);
  memset(&names, 0, sizeof names);
  if (!selection->failed && selection->dropped == 0 && selection->rejected == 0) {
    levada_selection_free(selection);
    return LEVADA_OK;
  }
  numbers = (int64_t*)malloc((size_t)(selection->rows + 1) * sizeof(int64_t));
  take.origin = levada_origin_new(&batch->rows, &batch->schema);
  if (selection->failed || !numbers || !take.origin) code = levada_no_memory(error);
  for (row = 0; code == LEVADA_OK && row < selection->rows; ++row)
    if (levada_is_kept(selection, row)) numbers[count++] = row;
  if (code == LEVADA_OK && (!levada_take_batch(&take, batch, numbers, count, &kept) ||
                            !levada_share_schema(&batch->schema, take.origin, &names)))
    code = levada_no_memory(error);
  if (code == LEVADA_OK && selection->rejected > 0)
    code = levada_take_rejected(selection, &take, batch, numbers, rejected, error);
  if (code == LEVADA_OK) {
    batch->rows = kept;
    batch->schema = names;
  } else {
    if (take.fault) snprintf(error->message, sizeof error->message, "%s", take.fault);
    if (kept.release) kept.release(&kept);
    if (names.release) names.release(&names);
    /* The batch keeps what it has. */
    if (take.origin) take.origin->rows.release = NULL;
    if (take.origin) take.origin->schema.release = NULL;
  }
  levada_origin_let_go(take.origin);
  free(numbers);
  levada_selection_free(selection);
  return code;
}

#endif /* LEVADA_C_SELECTION_H */
