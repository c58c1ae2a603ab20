#include "agent/status/metrics_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

namespace levada::agent {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr size_t kLabelBytes = 80;
constexpr size_t kReasonsOfComponent = 16;
constexpr double kNanoseconds = 1e9;

struct Known {
  const char *name, *help;
};

// What the agent itself counts. Those of plugins stand in their READMEs.
constexpr Known kCounters[] = {
    {"rows_read", "Rows that a source gave."},
    {"bytes_read", "Bytes of the bodies of rows that a source gave."},
    {"rows_in", "Rows that went into an interceptor."},
    {"rows_out", "Rows that came out of an interceptor."},
    {"rows_written", "Rows that a sink has committed."},
    {"rows_rejected", "Rows that a component rejected."},
    {"commits", "Commits of a sink."},
    {"calls_failed", "Calls of a source or sink that failed; most are tried again."},
    {"milliseconds_waited", "Time for which a source waited for room or memory."},
    {"rows_stored", "Rows that a file channel took."},
    {"bytes_written", "Bytes that a file channel or a sink wrote."},
    {"syncs", "Times that a file channel made rows durable."},
    {"syncs_failed", "Times that this failed."},
    {"writes_failed", "Writes of a file channel that failed."},
    {"rows_missing", "Rows that are gone: damaged on disk, or no longer there to be read."},
    {"batches_known", "Batches that came again and were in the file channel already."},
};

class Families {
 public:
  void counter(const std::string& name, const std::string& help, Labels labels, double value) {
    add(name, help, MetricType::Counter, std::move(labels)).counter.value = value;
  }
  void gauge(const std::string& name, const std::string& help, Labels labels, double value) {
    add(name, help, MetricType::Gauge, std::move(labels)).gauge.value = value;
  }
  std::string text() {
    std::vector<MetricFamily> all;
    for (auto& [name, family] : families_) all.push_back(std::move(family));
    return prometheus::TextSerializer().Serialize(all);
  }

 private:
  ClientMetric& add(const std::string& name, const std::string& help, MetricType type, Labels labels) {
    auto& family = families_[name];
    family.name = name;
    family.help = help;
    family.type = type;
    auto& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }
  std::map<std::string, MetricFamily> families_;
};

// The name of a counter, which a plugin is free to choose, as Prometheus takes it.
std::string plain(const std::string& name) {
  std::string text = name.substr(0, kLabelBytes);
  for (auto& c : text)
    if (!std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80) c = '_';
  return text;
}

std::string help_of(const std::string& counter) {
  for (const auto& known : kCounters)
    if (counter == known.name) return known.help;
  std::string text = plain(counter);
  std::replace(text.begin(), text.end(), '_', ' ');
  return "What its plugin counts as " + text + ".";
}

// Nothing where the configuration has it no more.
std::optional<Labels> labels_of(const TopologyView& view, const std::string& path) {
  if (path == "dead_letters") return Labels{{"kind", "channel"}, {"component", path}, {"type", "file"}};
  const auto* component = view.find(path);
  if (!component) return std::nullopt;
  return Labels{{"kind", name_of(component->kind)}, {"component", component->name}, {"type", component->type}};
}

void add_counters(Families& to, const Watched& watched, const TopologyView& view) {
  for (const auto& [component, name, value] : watched.metrics.counters()) {
    auto labels = labels_of(view, component);
    if (!labels) continue;
    constexpr std::string_view kMilliseconds = "milliseconds_";
    if (const auto colon = name.find(':'); colon != name.npos) {
      // Of one of several things that a component counts: the kind, and which one.
      const auto kind = name.substr(0, colon);
      labels->push_back({"name", name.substr(colon + 1, kLabelBytes)});
      to.counter("levada_" + plain(kind) + "_total", help_of(kind), *std::move(labels), static_cast<double>(value));
    } else if (name.starts_with(kMilliseconds))
      to.counter("levada_" + plain(name.substr(kMilliseconds.size())) + "_seconds_total", help_of(name),
                 *std::move(labels), static_cast<double>(value) / 1000);
    else to.counter("levada_" + plain(name) + "_total", help_of(name), *std::move(labels), static_cast<double>(value));
  }
}

void add_gauges(Families& to, const Watched& watched, const TopologyView& view) {
  const auto now = watched.monotonic().count();
  for (const auto& [component, name, value] : watched.metrics.gauges()) {
    auto labels = labels_of(view, component);
    if (!labels) continue;
    const auto number = static_cast<double>(value);
    const auto age = value > 0 ? static_cast<double>(std::max<int64_t>(now - value, 0)) / kNanoseconds : 0;
    if (name == "rows_waiting") {
      to.gauge("levada_channel_rows", "Rows in a channel that its slowest reader has not committed.", *labels, number);
    } else if (name == "bytes_waiting") {
      to.gauge("levada_channel_bytes", "Bytes that a channel holds; of a file channel, in its files.", *labels, number);
    } else if (name == "capacity_bytes") {
      to.gauge("levada_channel_capacity_bytes", "Bytes at which a channel takes no more; 0: no limit.", *labels,
               number);
    } else if (name == "oldest_unacknowledged_since") {
      to.gauge("levada_oldest_unacknowledged_seconds",
               "Age of the oldest rows of a source that are not stored downstream; 0: there are none.", *labels, age);
    } else if (name == "failing_since") {
      to.gauge("levada_up", "Whether a source or sink works: 1, or 0 before it is open and while its calls fail.",
               *labels, value == 0 ? 1 : 0);
    }
  }
}

void add_backlogs(Families& to, const Watched& watched, const TopologyView& view) {
  for (const auto& component : view.components) {
    const auto items = watched.backlogs.of(component.path);
    if (items.empty()) continue;
    double left = 0, files = 0;
    for (const auto& item : items) {
      left += static_cast<double>(std::max<int64_t>(item.total - item.done, 0));
      files += static_cast<double>(item.count);
    }
    const auto labels = *labels_of(view, component.path);
    if (items.front().unit == LEVADA_BACKLOG_BYTES) {
      to.gauge("levada_lag_bytes", "Bytes of files that a source has not read yet.", labels, left);
      to.gauge("levada_lag_files", "Files that a source reads or that wait to be read.", labels, files);
    } else {
      to.gauge("levada_lag_rows", "Rows that a source has not read yet: of a partition, up to its end.", labels, left);
    }
  }
}

void add_reasons(Families& to, const Watched& watched, const TopologyView& view) {
  std::map<std::string, std::map<std::string, int64_t>> counts;
  for (const auto& [component, reason, rows] : watched.letters.reasons()) {
    auto& of_component = counts[component];
    auto label = reason_label(reason);
    if (!of_component.contains(label) && of_component.size() >= kReasonsOfComponent) label = "other reasons";
    of_component[label] += rows;
  }
  for (const auto& [component, reasons] : counts) {
    const auto labels = labels_of(view, component);
    if (!labels) continue;
    for (const auto& [reason, rows] : reasons) {
      auto with_reason = *labels;
      with_reason.push_back({"reason", reason});
      to.counter("levada_dead_letters_total", "Rejected rows that were kept, by the beginning of the reason.",
                 std::move(with_reason), static_cast<double>(rows));
    }
  }
}

void add_process(Families& to, const Watched& watched, const TopologyView& view, const ProcessUsage& usage) {
  to.gauge("levada_build_info", "1; the labels say what runs.",
           {{"version", watched.version},
            {"abi", std::to_string(LEVADA_ABI_MAJOR) + "." + std::to_string(LEVADA_ABI_MINOR)}},
           1);
  to.gauge("levada_memory_bytes", "Memory for rows that is in use.", {}, static_cast<double>(watched.memory.in_use()));
  to.gauge("levada_memory_limit_bytes", "[agent] memory_bytes: at that, sources wait.", {},
           static_cast<double>(view.memory_bytes));
  to.counter("process_cpu_seconds_total", "User and system time of the process.", {}, usage.cpu_seconds);
  to.gauge("process_resident_memory_bytes", "Resident memory of the process.", {},
           static_cast<double>(usage.resident_bytes));
  to.gauge("process_virtual_memory_bytes", "Virtual memory of the process.", {},
           static_cast<double>(usage.virtual_bytes));
  to.gauge("process_threads", "Threads of the process.", {}, static_cast<double>(usage.threads));
  to.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.", {}, usage.start_seconds);
  to.gauge("process_open_fds", "Open file descriptors.", {}, static_cast<double>(usage.open_files));
  to.gauge("process_max_fds", "Most file descriptors that may be open.", {}, static_cast<double>(usage.open_files_max));
}

}  // namespace

std::string reason_label(std::string_view reason) {
  std::string text(reason.substr(0, 4 * kLabelBytes));
  constexpr const char* kQuotes = "'\"`";
  // What stands in quotes may hold such quotes, too: all up to the last one goes.
  if (const auto first = text.find_first_of(kQuotes); first != text.npos) {
    const auto last = text.rfind(text[first]);
    const auto behind = text.find_first_of(kQuotes, last + 1);
    text = text.substr(0, first) + (last > first ? "'_'" + text.substr(last + 1, behind - last - 1) : "");
  }
  std::string label;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f || label.size() == kLabelBytes)
      break;
    label += c >= '0' && c <= '9' ? '#' : c;
  }
  while (!label.empty() && (label.back() == ' ' || label.back() == ':' || label.back() == ',')) label.pop_back();
  return label.empty() ? "other reasons" : label;
}

std::string metrics_text(const Watched& watched, const TopologyView& view, const ProcessUsage& usage) {
  Families families;
  add_counters(families, watched, view);
  add_gauges(families, watched, view);
  add_backlogs(families, watched, view);
  add_reasons(families, watched, view);
  add_process(families, watched, view, usage);
  return families.text();
}

}  // namespace levada::agent
