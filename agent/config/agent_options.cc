// The options that belong to the agent. Parsing, messages, help, reference and
// samples come from these tables.
#include "agent/config/agent_options.h"

#include <algorithm>
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
     "Folder of the channel for rows that components reject; if empty, dead_letters in data_dir."},
    {"status_listen", LEVADA_STRING, 0, nullptr, "\"\"",
     "Address and port of the status page and the metrics, as \"127.0.0.1:9464\"; if empty, only the socket "
     "agent.sock in data_dir has them."},
    {"status_token", LEVADA_STRING, LEVADA_SECRET, nullptr, nullptr,
     "Who asks at status_listen must show it as a Bearer token; required where that is reached from other machines."},
    {"status_log", LEVADA_STRING, 0, nullptr, "\"\"",
     "File to which each run adds how it began and how it ended, as \"/var/log/levada/fetch_status.log\"."},
});

constexpr const char* kReloadable[] = {"stop_timeout", "plugin_dirs", "log_level"};

constexpr auto kSource = std::to_array<levada_option>({
    {"type", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr,
     "Which source it is, by the name that its plugin gives it."},
    {"interceptors", LEVADA_STRINGS, 0, nullptr, "[]", "The interceptors that its rows pass, in this order."},
    {"channels", LEVADA_STRINGS, LEVADA_REQUIRED, nullptr, nullptr, "The channels that it writes to."},
    {"workers", LEVADA_INTEGER, 0, nullptr, "1", "Threads that run the interceptors; the order of the rows is kept."},
    {"on_reject", LEVADA_CHOICE, 0, "dead_letters|drop|block", "\"dead_letters\"",
     "What becomes of rows that the source itself rejects; with \"block\" it reads no further."},
    {"selector", LEVADA_TREE, LEVADA_ADVANCED, nullptr, nullptr,
     "Which of the channels a row goes to, as a table; all of them if there is none."},
});

constexpr auto kInterceptor = std::to_array<levada_option>({
    {"type", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr,
     "Which interceptor it is, by the name that its plugin gives it."},
    {"on_reject", LEVADA_CHOICE, 0, "dead_letters|drop|block", "\"dead_letters\"",
     "What becomes of rows that it rejects; with \"block\" nothing goes on until it takes them."},
});

constexpr auto kChannel = std::to_array<levada_option>({
    {"type", LEVADA_CHOICE, LEVADA_REQUIRED, "memory|file", nullptr,
     "Where the channel keeps rows: in memory, from where a crash takes them and sources read them again, or on disk."},
    {"capacity_bytes", LEVADA_SIZE, 0, nullptr, nullptr,
     "Most bytes that it holds; sources wait when they are used up. If not set, 32MiB in memory, 128MiB there where a "
     "sink's interceptors have states; on disk no limit."},
    {"path", LEVADA_STRING, 0, nullptr, nullptr, "Folder of a file channel; if not set, channels/NAME in data_dir."},
    {"sync", LEVADA_CHOICE, 0, "commit|interval|none", "\"commit\"",
     "When a file channel makes rows safe against a power cut: before their source hears that they are stored, "
     "at intervals, or when the system does."},
    {"sync_interval", LEVADA_DURATION, LEVADA_ADVANCED, nullptr, "\"1s\"", "The interval for `sync = \"interval\"`."},
    {"low_water_bytes", LEVADA_SIZE, 0, nullptr, "\"256MiB\"",
     "Free space of the disk below which a file channel takes no rows; sinks go on, and so do sources once there is "
     "more."},
    {"segment_bytes", LEVADA_SIZE, LEVADA_ADVANCED, nullptr, "\"64MiB\"",
     "Size of a file channel's files; one is removed when all sinks are through with it."},
    {"compression", LEVADA_CHOICE, 0, "none|zstd", "\"none\"", "How a file channel compresses rows."},
    {"encryption_key", LEVADA_STRING, LEVADA_SECRET, nullptr, nullptr,
     "Encrypts a file channel with AES-256-GCM: 64 hexadecimal digits, as \"${file:/etc/levada/key}\"."},
    {"old_encryption_keys", LEVADA_STRINGS, LEVADA_SECRET | LEVADA_ADVANCED, nullptr, "[]",
     "Keys that older files of the channel are encrypted with."},
});

constexpr const char* kFileChannelOnly[] = {"path",          "sync",        "sync_interval",  "low_water_bytes",
                                            "segment_bytes", "compression", "encryption_key", "old_encryption_keys"};

// What a sink has that reads a channel, and a sink group instead of its sinks.
constexpr auto kReader = std::to_array<levada_option>({
    {"interceptors", LEVADA_STRINGS, 0, nullptr, "[]",
     "The interceptors that rows pass on their way to it, in this order."},
    {"workers", LEVADA_INTEGER, 0, nullptr, "1", "Threads that run the interceptors; the order of the rows is kept."},
    {"commit_rows", LEVADA_INTEGER, 0, nullptr, "0", "Commits after so many rows; 0 is no limit."},
    {"commit_bytes", LEVADA_SIZE, 0, nullptr, "\"16MiB\"", "Commits after so many bytes."},
    {"commit_interval", LEVADA_DURATION, 0, nullptr, "\"1s\"", "Commits what was written at least this often."},
    {"commit_idle", LEVADA_DURATION, 0, nullptr, "\"0s\"",
     "Commits when no row has come for so long; 0 is no limit. For sinks whose commits are seldom."},
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

constexpr auto kSink =
    joined(std::to_array<levada_option>({
               {"type", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr,
                "Which sink it is, by the name that its plugin gives it."},
               {"channel", LEVADA_STRING, 0, nullptr, nullptr,
                "The channel that it reads; required unless the sink is in a sink group."},
               {"on_reject", LEVADA_CHOICE, 0, "dead_letters|drop|block", "\"dead_letters\"",
                "What becomes of rows that can never be written; with \"block\" it waits with them."},
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

bool is_reloadable(std::string_view option) {
  return std::find(std::begin(kReloadable), std::end(kReloadable), option) != std::end(kReloadable);
}

bool is_for_file_channels(std::string_view option) {
  return std::find(std::begin(kFileChannelOnly), std::end(kFileChannelOnly), option) != std::end(kFileChannelOnly);
}

Options agent_options(TableKind kind) {
  switch (kind) {
    case TableKind::agent: return kAgent;
    case TableKind::source: return kSource;
    case TableKind::interceptor: return kInterceptor;
    case TableKind::channel: return kChannel;
    case TableKind::sink: return kSink;
    case TableKind::sink_group: return kSinkGroup;
    case TableKind::selector: return kSelector;
  }
  return {};
}

std::string_view table_name(TableKind kind) {
  switch (kind) {
    case TableKind::agent: return "agent";
    case TableKind::source: return "sources";
    case TableKind::interceptor: return "interceptors";
    case TableKind::channel: return "channels";
    case TableKind::sink: return "sinks";
    case TableKind::sink_group: return "sink_groups";
    case TableKind::selector: return "selector";
  }
  return {};
}

std::string_view noun(TableKind kind) {
  switch (kind) {
    case TableKind::agent: return "agent";
    case TableKind::source: return "source";
    case TableKind::interceptor: return "interceptor";
    case TableKind::channel: return "channel";
    case TableKind::sink: return "sink";
    case TableKind::sink_group: return "sink group";
    case TableKind::selector: return "selector";
  }
  return {};
}

TableKind table_kind(uint32_t component_kind) {
  switch (component_kind) {
    case LEVADA_SOURCE: return TableKind::source;
    case LEVADA_INTERCEPTOR: return TableKind::interceptor;
    default: return TableKind::sink;
  }
}

}  // namespace levada::agent
