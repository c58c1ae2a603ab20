/* The values of a component's options from the text that a user would write: for programs other
 * than the agent that create instances by themselves. Plain C11; the functions are those of the
 * library levada_values.
 *
 *   levada_values* values; levada_code code = levada_values_from_toml(component, "columns = { a =
 *   \"x\" }", 21, &values, &error); if (code == LEVADA_OK) code = component->create(host,
 *   levada_values_data(values), &self, &error); levada_values_free(values); create keeps nothing of
 *   it
 * */
#ifndef LEVADA_VALUES_H
#define LEVADA_VALUES_H

#include "levada/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LEVADA_VALUES_API __attribute__((visibility("default")))
#else
#define LEVADA_VALUES_API
#endif

typedef struct levada_values levada_values;

/* A table of TOML, `name = value` line by line, or an object of JSON, {"name": value}. Options that
 * are left out have their defaults. FATAL with a message of one line for each fault, each with its
 * place, "2:9: ...", where an option is unknown or missing, or a value is not of its type; *values
 * is null then. The component has to outlive the values. [any] */
LEVADA_VALUES_API levada_code levada_values_from_toml(const levada_component* component, const char* text, size_t size,
                                                      levada_values** values, levada_error* error);
LEVADA_VALUES_API levada_code levada_values_from_json(const levada_component* component, const char* text, size_t size,
                                                      levada_values** values, levada_error* error);
/* One value for each option, in order, as create takes them. */
LEVADA_VALUES_API const levada_value* levada_values_data(const levada_values* values);
LEVADA_VALUES_API void levada_values_free(levada_values* values);

#ifdef __cplusplus
}
#endif
#endif /* LEVADA_VALUES_H */
