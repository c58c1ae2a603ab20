/* Prints what version 1.0 of the contract fixed for ever: where each field stands, and what each
 * name is worth. Built with the frozen header and with that of today; both must print the same. */
#include <levada/plugin.h>
#include <stdio.h>

#define AT(type, field) printf(#type "." #field " %zu %zu\n", offsetof(type, field), sizeof(((type*)0)->field))
#define WORTH(name) printf(#name " %lld\n", (long long)(name))
#define TEXT(name) printf(#name " %s\n", name)
/* Of structs that never grow. */
#define WHOLE(type) printf(#type " %zu\n", sizeof(type))

static void print_data(void) {
  WHOLE(levada_error);
  AT(levada_error, message);
  AT(levada_error, option);
  WHOLE(levada_bytes);
  AT(levada_bytes, data);
  AT(levada_bytes, size);
  AT(levada_batch, size);
  AT(levada_batch, flags);
  AT(levada_batch, schema);
  AT(levada_batch, rows);
  AT(levada_batch, stream);
  AT(levada_batch, position);
  AT(levada_batch, sequence);
  WHOLE(levada_position);
  AT(levada_position, stream);
  AT(levada_position, position);
  AT(levada_position, sequence);
  AT(levada_checkpoint, size);
  AT(levada_checkpoint, positions);
  AT(levada_checkpoint, count);
  AT(levada_checkpoint, epoch);
  WHOLE(levada_option);
  AT(levada_option, name);
  AT(levada_option, type);
  AT(levada_option, flags);
  AT(levada_option, choices);
  AT(levada_option, fallback);
  AT(levada_option, summary);
  WHOLE(levada_value);
  AT(levada_value, type);
  AT(levada_value, set);
  AT(levada_value, key);
  AT(levada_value, text);
  AT(levada_value, integer);
  AT(levada_value, number);
  AT(levada_value, items);
  AT(levada_value, count);
}

static void print_host(void) {
  AT(levada_host, size);
  AT(levada_host, until_drained);
  AT(levada_host, component);
  AT(levada_host, data_dir);
  AT(levada_host, service);
  AT(levada_log, size);
  AT(levada_log, write);
  AT(levada_metrics, size);
  AT(levada_metrics, counter);
  AT(levada_clock, size);
  AT(levada_clock, context);
  AT(levada_clock, now);
  AT(levada_clock, monotonic);
  AT(levada_memory, size);
  AT(levada_memory, context);
  AT(levada_memory, allocate);
  AT(levada_memory, release);
  AT(levada_file_info, size);
  AT(levada_file_info, mode);
  AT(levada_file_info, device);
  AT(levada_file_info, inode);
  AT(levada_file_info, bytes);
  AT(levada_file_info, modified_ns);
  AT(levada_file_info, changed_ns);
  AT(levada_file_info, born_ns);
  AT(levada_files, size);
  AT(levada_files, context);
  AT(levada_files, open);
  AT(levada_files, close);
  AT(levada_files, read);
  AT(levada_files, write);
  AT(levada_files, sync);
  AT(levada_files, truncate);
  AT(levada_files, info);
  AT(levada_files, stat);
  AT(levada_files, list);
  AT(levada_files, make_folder);
  AT(levada_files, rename);
  AT(levada_files, link);
  AT(levada_files, remove);
  AT(levada_files, sync_folder);
  AT(levada_files, free_bytes);
  AT(levada_files, watch);
  AT(levada_files, wait);
}

static void print_components(void) {
  AT(levada_source_functions, size);
  AT(levada_source_functions, promises);
  AT(levada_source_functions, open);
  AT(levada_source_functions, poll);
  AT(levada_source_functions, acknowledge);
  AT(levada_interceptor_functions, size);
  AT(levada_interceptor_functions, open);
  AT(levada_interceptor_functions, intercept);
  AT(levada_interceptor_functions, save);
  AT(levada_interceptor_functions, load);
  AT(levada_sink_functions, size);
  AT(levada_sink_functions, promises);
  AT(levada_sink_functions, open);
  AT(levada_sink_functions, recover);
  AT(levada_sink_functions, write);
  AT(levada_sink_functions, commit);
  AT(levada_sink_functions, idle);
  AT(levada_component, size);
  AT(levada_component, kind);
  AT(levada_component, name);
  AT(levada_component, summary);
  AT(levada_component, options);
  AT(levada_component, option_count);
  AT(levada_component, functions);
  AT(levada_component, create);
  AT(levada_component, destroy);
  AT(levada_plugin, size);
  AT(levada_plugin, abi_minor);
  AT(levada_plugin, name);
  AT(levada_plugin, version);
  AT(levada_plugin, license);
  AT(levada_plugin, components);
  AT(levada_plugin, component_count);
}

static void print_names(void) {
  WORTH(LEVADA_ABI_MAJOR);
  WORTH(LEVADA_OK);
  WORTH(LEVADA_IDLE);
  WORTH(LEVADA_END);
  WORTH(LEVADA_RETRY);
  WORTH(LEVADA_REJECT);
  WORTH(LEVADA_FATAL);
  WORTH(LEVADA_JUMP);
  WORTH(LEVADA_STRING);
  WORTH(LEVADA_BOOLEAN);
  WORTH(LEVADA_INTEGER);
  WORTH(LEVADA_NUMBER);
  WORTH(LEVADA_DURATION);
  WORTH(LEVADA_SIZE);
  WORTH(LEVADA_CHOICE);
  WORTH(LEVADA_STRINGS);
  WORTH(LEVADA_TABLE);
  WORTH(LEVADA_TREE);
  WORTH(LEVADA_REQUIRED);
  WORTH(LEVADA_SECRET);
  WORTH(LEVADA_ADVANCED);
  WORTH(LEVADA_DEBUG);
  WORTH(LEVADA_INFO);
  WORTH(LEVADA_WARNING);
  WORTH(LEVADA_ERROR);
  WORTH(LEVADA_READ);
  WORTH(LEVADA_WRITE);
  WORTH(LEVADA_APPEND);
  WORTH(LEVADA_CREATE);
  WORTH(LEVADA_SOURCE);
  WORTH(LEVADA_INTERCEPTOR);
  WORTH(LEVADA_SINK);
  WORTH(LEVADA_REPLAYS);
  WORTH(LEVADA_KEEPS_CHECKPOINT);
  WORTH(LEVADA_BATCH_SIZE_MIN);
  WORTH(LEVADA_CHECKPOINT_SIZE_MIN);
  WORTH(LEVADA_HOST_SIZE_MIN);
  WORTH(LEVADA_LOG_SIZE_MIN);
  WORTH(LEVADA_METRICS_SIZE_MIN);
  WORTH(LEVADA_CLOCK_SIZE_MIN);
  WORTH(LEVADA_MEMORY_SIZE_MIN);
  WORTH(LEVADA_FILE_INFO_SIZE_MIN);
  WORTH(LEVADA_FILES_SIZE_MIN);
  WORTH(LEVADA_SOURCE_FUNCTIONS_SIZE_MIN);
  WORTH(LEVADA_INTERCEPTOR_FUNCTIONS_SIZE_MIN);
  WORTH(LEVADA_SINK_FUNCTIONS_SIZE_MIN);
  WORTH(LEVADA_COMPONENT_SIZE_MIN);
  WORTH(LEVADA_PLUGIN_SIZE_MIN);
  TEXT(LEVADA_LOG);
  TEXT(LEVADA_METRICS);
  TEXT(LEVADA_CLOCK);
  TEXT(LEVADA_MEMORY);
  TEXT(LEVADA_FILES);
  TEXT(LEVADA_ENTRY_PREFIX);
}

int main(void) {
  print_data();
  print_host();
  print_components();
  print_names();
  return 0;
}
