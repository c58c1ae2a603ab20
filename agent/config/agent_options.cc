// The options that belong to the agent. Parsing, messages, help, reference and samples come from these tables.
#include "agent/config/agent_options.h"

#include <array>

namespace levada::agent {

namespace {

constexpr auto kAgent = std::to_array<levada_option>({
    {"data_dir", LEVADA_STRING, 0, nullptr, "\"/var/lib/levada\"",
     "Folder for what the agent keeps: positions, dead letters, the files of components."},
    {"memory_bytes", LEVADA_SIZE, 0, nullptr, "\"256MiB\"",
     "Most bytes of rows that the whole process holds at a time; sources wait when they are used up."},
    {"stop_timeout", LEVADA_DURATION, 0, nullptr, "\"30s\"",
     "How long the agent drains after it was told to stop; what is left then is read again at the next start."},
    {"plugin_dirs", LEVADA_STRINGS, 0, nullptr, "[]",
     "Folders to load plugins from, besides the one that belongs to the program."},
    {"log_level", LEVADA_CHOICE, 0, "debug|info|warning|error", "\"info\"",
     "The least important lines that are logged."},
    {"dead_letters", LEVADA_STRING, 0, nullptr, "\"\"",
     "Folder for the rows that components turn down; if empty, dead_letters in data_dir."},
});

constexpr auto kSource = std::to_array<levada_option>({
    {"type", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr,
     "Which source it is, by the name that its plugin gives it."},
    {"interceptors", LEVADA_STRINGS, 0, nullptr, "[]", "The interceptors that its rows pass, in this order."},
    {"channels", LEVADA_STRINGS, LEVADA_REQUIRED, nullptr, nullptr, "The channels that it writes to."},
    {"workers", LEVADA_INTEGER, 0, nullptr, "1", "Threads that run the interceptors; the order of the rows is kept."},
    {"selector", LEVADA_TREE, LEVADA_ADVANCED, nullptr, nullptr,
     "Which of the channels a row goes to, as a table; all of them if there is none."},
});

constexpr auto kInterceptor = std::to_array<levada_option>({
    {"type", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr,
     "Which interceptor it is, by the name that its plugin gives it."},
    {"on_reject", LEVADA_CHOICE, 0, "dead_letters|drop", "\"dead_letters\"",
     "What becomes of rows that it turns down; both are counted."},
});

constexpr auto kChannel = std::to_array<levada_option>({
    {"type", LEVADA_CHOICE, LEVADA_REQUIRED, "memory", nullptr, "Where the channel keeps rows."},
    {"capacity_bytes", LEVADA_SIZE, 0, nullptr, "\"32MiB\"",
     "Most bytes of rows that it holds; sources wait when they are used up."},
});

// What a sink has that reads a channel, and a sink group instead of its sinks.
constexpr auto kReader = std::to_array<levada_option>({
    {"interceptors", LEVADA_STRINGS, 0, nullptr, "[]",
     "The interceptors that rows pass on their way to it, in this order."},
    {"workers", LEVADA_INTEGER, 0, nullptr, "1", "Threads that run the interceptors; the order of the rows is kept."},
    {"commit_rows", LEVADA_INTEGER, 0, nullptr, "0", "Commits after so many rows; 0 is no limit."},
    {"commit_bytes", LEVADA_SIZE, 0, nullptr, "\"16MiB\"", "Commits after so many bytes."},
    {"commit_interval", LEVADA_DURATION, 0, nullptr, "\"1s\"", "Commits what was written at least this often."},
    {"retry_initial", LEVADA_DURATION, LEVADA_ADVANCED, nullptr, "\"100ms\"",
     "Wait before the first repetition of what failed for a while; it doubles each time."},
    {"retry_max", LEVADA_DURATION, LEVADA_ADVANCED, nullptr, "\"30s\"", "The longest wait between two repetitions."},
});

template <size_t first, size_t second>
constexpr auto joined(const std::array<levada_option, first>& a, const std::array<levada_option, second>& b) {
  std::array<levada_option, first + second> all{};
  for (size_t i = 0; i < first; ++i) all[i] = a[i];
  for (size_t i = 0; i < second; ++i) all[first + i] = b[i];
  return all;
}

constexpr auto kSink = joined(std::to_array<levada_option>({
                                  {"type", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr,
                                   "Which sink it is, by the name that its plugin gives it."},
                                  {"channel", LEVADA_STRING, 0, nullptr, nullptr,
                                   "The channel that it reads; required unless the sink is in a sink group."},
                                  {"on_reject", LEVADA_CHOICE, 0, "dead_letters|drop", "\"dead_letters\"",
                                   "What becomes of rows that can never be written; both are counted."},
                              }),
                              kReader);

constexpr auto kSinkGroup =
    joined(std::to_array<levada_option>({
               {"type", LEVADA_CHOICE, LEVADA_REQUIRED, "failover|load_balance", nullptr,
                "Whether the first sink that works gets all rows, or each batch goes to the next one."},
               {"sinks", LEVADA_STRINGS, LEVADA_REQUIRED, nullptr, nullptr,
                "The sinks of the group, the preferred one first."},
               {"channel", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr, "The channel that the group reads."},
               {"penalty", LEVADA_DURATION, 0, nullptr, "\"30s\"",
                "How long a sink that failed is left alone before it is tried again."},
           }),
           kReader);

constexpr auto kSelector = std::to_array<levada_option>({
    {"type", LEVADA_CHOICE, 0, "replicate|multiplex|load_balance", "\"replicate\"",
     "Whether a row goes to all channels, to those that its value in a column names, or each batch to the next one."},
    {"column", LEVADA_STRING, 0, nullptr, nullptr, "The column whose value multiplex goes by."},
    {"mapping", LEVADA_TREE, 0, nullptr, nullptr, "The channels for each value: `mapping = { click = [\"clicks\"] }`."},
    {"default", LEVADA_STRINGS, 0, nullptr, nullptr, "The channels for rows whose value is not in the mapping."},
});

}  // namespace

Options reader_options() { return kReader; }

Options agent_options(TableKind kind) {
  switch (kind) {
    case TableKind::agent:
      return kAgent;
    case TableKind::source:
      return kSource;
    case TableKind::interceptor:
      return kInterceptor;
    case TableKind::channel:
      return kChannel;
    case TableKind::sink:
      return kSink;
    case TableKind::sink_group:
      return kSinkGroup;
    case TableKind::selector:
      return kSelector;
  }
  return {};
}

std::string_view table_name(TableKind kind) {
  switch (kind) {
    case TableKind::agent:
      return "agent";
    case TableKind::source:
      return "sources";
    case TableKind::interceptor:
      return "interceptors";
    case TableKind::channel:
      return "channels";
    case TableKind::sink:
      return "sinks";
    case TableKind::sink_group:
      return "sink_groups";
    case TableKind::selector:
      return "selector";
  }
  return {};
}

std::string_view noun(TableKind kind) {
  switch (kind) {
    case TableKind::agent:
      return "agent";
    case TableKind::source:
      return "source";
    case TableKind::interceptor:
      return "interceptor";
    case TableKind::channel:
      return "channel";
    case TableKind::sink:
      return "sink";
    case TableKind::sink_group:
      return "sink group";
    case TableKind::selector:
      return "selector";
  }
  return {};
}

TableKind table_kind(uint32_t component_kind) {
  switch (component_kind) {
    case LEVADA_SOURCE:
      return TableKind::source;
    case LEVADA_INTERCEPTOR:
      return TableKind::interceptor;
    default:
      return TableKind::sink;
  }
}

}  // namespace levada::agent
