#include "agent/status/row_filter.h"

#include <array>
#include <memory>

#include "agent/plugin_host/instance.h"
#include "agent/plugin_host/registry.h"

namespace levada::agent {
namespace {

constexpr const char* kType = "filter";
constexpr const char* kOption = "where";

}  // namespace

void try_row_filter(const std::vector<std::string>& plugin_dirs) {
  Registry registry;
  registry.scan(plugin_folders(plugin_dirs));
  registry.find(LEVADA_INTERCEPTOR, kType);
}

Result<Taps::Filter> make_row_filter(const std::string& condition, const std::vector<std::string>& plugin_dirs,
                                     const Services& services, const std::string& data_dir) {
  Registry registry;
  registry.scan(plugin_folders(plugin_dirs));
  ComponentConfig config;
  config.component = registry.find(LEVADA_INTERCEPTOR, kType);
  if (!config.component) return fatal("rows are filtered by the interceptor filter, and no plugin has one");
  config.path = "tap";
  Node table;
  auto& written = table.items.emplace_back();
  written.kind = Node::Kind::string;
  written.key = kOption;
  written.text = condition;
  Diagnostics diagnostics;
  const std::array groups = {Options(config.component->options, config.component->option_count)};
  config.values = std::move(read_options(table, config.path, groups, UnknownKeys::refuse, diagnostics).front());
  if (!diagnostics.empty()) return fatal(diagnostics.text());
  // It writes nothing, and what it counts is its own; two of them may be there at once.
  const auto counters = std::make_shared<Metrics>();
  auto own = services;
  own.data_dirs = nullptr;
  own.metrics = counters.get();
  auto created = Instance::create(config, own, data_dir, false);
  if (!created) return std::move(created).error();
  auto filter = std::make_shared<InterceptorInstance>(*std::move(created));
  LEVADA_TRY(filter->open());
  return Taps::Filter([counters, filter](const Batch& batch) -> Result<Batch> {
    CBatch rows(batch), rejected;
    LEVADA_TRY(filter->intercept(rows, rejected));
    return rows.open_rows();
  });
}

}  // namespace levada::agent
