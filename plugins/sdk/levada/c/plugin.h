/* What the author of a plugin in plain C99 includes: the contract, and helpers for it that need no
 * library. */
#ifndef LEVADA_C_PLUGIN_H
#define LEVADA_C_PLUGIN_H

#include <stdarg.h>

#include "levada/c/column.h"
#include "levada/c/selection.h"
#include "levada/c/texts.h"
#include "levada/plugin.h"

/* From create: FATAL, with the option at fault and why, as printf writes it. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline levada_code
levada_wrong(levada_error* error, const char* option, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  snprintf(error->option, sizeof error->option, "%s", option);
  return LEVADA_FATAL;
}

/* A copy of a text with a zero behind it, to be freed; null: there is no more memory. */
static inline char* levada_copy(levada_bytes text) {
  char* copy = (char*)malloc(text.size + 1);
  if (!copy) return NULL;
  memcpy(copy, text.size ? text.data : "", text.size);
  copy[text.size] = '\0';
  return copy;
}

#endif /* LEVADA_C_PLUGIN_H */
