#include "agent/pipeline/pipeline_builder.h"

#include <algorithm>

#include "agent/channels/file/file_channel.h"
#include "agent/channels/memory_channel.h"
#include "agent/pipeline/sink_group.h"

namespace levada::agent {
namespace {

// Of sources, and of interceptors in front of a channel.
const Backoff kSourceBackoff(std::chrono::milliseconds(100), std::chrono::seconds(10));
// What a memory channel has room for by itself: more where readers may put commits off, as their
// interceptors have states.
constexpr int64_t kMemoryChannelBytes = 32 << 20;
constexpr int64_t kBytesForStates = 128 << 20;

}  // namespace

FileChannelOptions file_channel_options(const AgentConfig& agent, const ChannelConfig& config) {
  FileChannelOptions options;
  options.name = config.path;
  options.folder = config.folder.empty() ? agent.data_dir + "/channels/" + config.name : config.folder;
  options.sync = static_cast<FileChannelOptions::Sync>(config.sync);
  options.sync_interval = nanoseconds(config.sync_interval_ns);
  options.capacity_bytes = static_cast<uint64_t>(config.capacity_bytes);
  options.low_water_bytes = static_cast<uint64_t>(config.low_water_bytes);
  options.segment_bytes = static_cast<uint64_t>(config.segment_bytes);
  options.compression = static_cast<FileChannelOptions::Compression>(config.compression);
  options.encryption_key = config.encryption_key;
  options.old_encryption_keys = config.old_encryption_keys;
  return options;
}

PipelineBuilder::PipelineBuilder(const AgentConfig& agent, const Topology& topology, const Services& services,
                                 SharedStores& stores, bool until_drained, Diagnostics& diagnostics,
                                 std::shared_ptr<Signal> ended)
    : agent_(agent),
      topology_(topology),
      diagnostics_(diagnostics),
      parts_{services,         until_drained,           &stores.dead_letters, &stores.checkpoints,
             std::move(ended), std::make_unique<Stop>()} {}

std::unique_ptr<Pipeline> PipelineBuilder::build(const Flow& flow) {
  for (const auto channel : flow.channels) add_channel(channel);
  add_sinks(flow);
  for (const auto source : flow.sources) add_source(topology_.sources[source]);
  return std::make_unique<Pipeline>(std::move(parts_));
}

std::unique_ptr<Instance> PipelineBuilder::instance(const ComponentConfig& config, const std::string& place) {
  if (!config.sound()) return nullptr;
  auto made = Instance::create(config, parts_.services, agent_.data_dir, parts_.until_drained, place);
  if (made) return *std::move(made);
  levada_error error{};
  detail::report(made.error(), &error);
  config.report(error, diagnostics_);
  return nullptr;
}

// The state of an interceptor goes with the commits of a sink, and with the order of the rows.
bool PipelineBuilder::has_state(size_t interceptor) const {
  const auto& component = topology_.interceptors[interceptor].component;
  return component && is_stateful(*component);
}

void PipelineBuilder::check_stateful(const std::vector<size_t>& interceptors, const TableConfig& user, bool is_source,
                                     uint32_t workers) {
  for (const auto number : interceptors) {
    if (!has_state(number)) continue;
    const auto& config = topology_.interceptors[number];
    if (is_source)
      diagnostics_.add(user.settings.locate("interceptors"), user.path + ".interceptors",
                       "\"" + config.name + "\" has a state, which is kept with a sink's commits: name it in the " +
                           "interceptors of a sink");
    else if (workers > 1)
      diagnostics_.add(user.settings.locate("workers"), user.path + ".workers",
                       "must be 1, as the interceptor \"" + config.name + "\" has a state");
  }
}

std::unique_ptr<ChainWorkers> PipelineBuilder::chain(const std::string& owner, const std::vector<size_t>& interceptors,
                                                     uint32_t workers, Backoff backoff) {
  std::vector<InterceptorChain> chains;
  for (uint32_t worker = 0; worker < std::max(workers, 1u); ++worker) {
    auto& made = chains.emplace_back();
    for (const auto number : interceptors) {
      const auto& config = topology_.interceptors[number];
      // Each has a folder of its own, which is the same whatever other chains there are.
      if (auto created = instance(config, owner + (worker > 0 ? "." + std::to_string(worker) : "")))
        made.add(InterceptorInstance(std::move(created)), config.on_reject, *parts_.services.metrics,
                 parts_.services.taps ? &parts_.services.taps->point(config.path) : nullptr);
    }
  }
  return std::make_unique<ChainWorkers>(std::move(chains), backoff, *parts_.services.clock, owner,
                                        parts_.services.progress);
}

bool PipelineBuilder::has_stateful_reader(size_t channel) const {
  const auto is_one = [&](const auto& reader) {
    return reader.channel == channel &&
           std::ranges::any_of(reader.interceptors, [&](size_t number) { return has_state(number); });
  };
  return std::ranges::any_of(topology_.sinks, is_one) || std::ranges::any_of(topology_.sink_groups, is_one);
}

void PipelineBuilder::add_channel(size_t number) {
  const auto& config = topology_.channels[number];
  if (config.type == ChannelConfig::Type::file) {
    auto options = file_channel_options(agent_, config);
    if (auto checked = options.check(); !checked) {
      const auto& option = checked.error().option;
      diagnostics_.add(config.settings.locate(option), config.path + "." + option, checked.error().message);
    }
    parts_.channels.push_back(std::make_unique<FileChannel>(std::move(options), parts_.services));
  } else {
    int64_t capacity = config.capacity_bytes;
    if (capacity == 0) capacity = has_stateful_reader(number) ? kBytesForStates : kMemoryChannelBytes;
    parts_.channels.push_back(std::make_unique<MemoryChannel>(static_cast<size_t>(capacity),
                                                              ChannelGauges(*parts_.services.metrics, config.path)));
  }
  channels_[number] = parts_.channels.back().get();
}

template <class Config>
void PipelineBuilder::add_reader(const Config& config, std::unique_ptr<SinkTarget> target,
                                 std::map<std::string, OnReject> on_reject) {
  const Backoff backoff(nanoseconds(config.retry_initial_ns), nanoseconds(config.retry_max_ns));
  check_stateful(config.interceptors, config, false, config.workers);
  auto workers = chain(config.path, config.interceptors, config.workers, backoff);
  if (!target || !config.channel) return;
  SinkRunner::Parts parts{config.path,
                          std::move(target),
                          std::move(workers),
                          channels_.at(*config.channel),
                          {config.commit_rows, config.commit_bytes, nanoseconds(config.commit_interval_ns),
                           nanoseconds(config.commit_idle_ns)},
                          backoff,
                          std::move(on_reject)};
  read_channel_.push_back(*config.channel);
  parts_.sinks.push_back(std::make_unique<SinkRunner>(std::move(parts), *parts_.dead_letters, *parts_.checkpoints,
                                                      parts_.services, *parts_.stop));
}

void PipelineBuilder::add_sinks(const Flow& flow) {
  std::map<size_t, std::unique_ptr<SinkInstance>> members;
  for (const auto number : flow.sinks) {
    const auto& config = topology_.sinks[number];
    auto created = instance(config);
    auto sink = created ? std::make_unique<SinkInstance>(std::move(created)) : nullptr;
    if (config.group) {
      members[number] = std::move(sink);
      continue;
    }
    auto target = sink ? std::make_unique<SingleSink>(std::move(sink)) : nullptr;
    add_reader(config, std::move(target), {{config.path, config.on_reject}});
  }
  for (const auto group_number : flow.sink_groups) {
    const auto& group = topology_.sink_groups[group_number];
    std::vector<std::unique_ptr<SinkInstance>> sinks;
    std::map<std::string, OnReject> on_reject;
    for (const auto number : group.sinks) {
      on_reject[topology_.sinks[number].path] = topology_.sinks[number].on_reject;
      if (members[number]) sinks.push_back(std::move(members[number]));
    }
    if (sinks.empty()) continue;
    add_reader(group,
               std::make_unique<SinkGroup>(group.type, std::move(sinks), nanoseconds(group.penalty_ns),
                                           *parts_.services.clock),
               std::move(on_reject));
  }
}

// By convention the option "line_bytes" of a source says how long a row may
// be; longer ones are rejected.
void PipelineBuilder::check_row_size(const SourceConfig& config) {
  if (!config.sound()) return;
  for (size_t at = 0; at < config.component->option_count; ++at) {
    const auto& option = config.component->options[at];
    if (option.type != LEVADA_SIZE || std::string_view(option.name) != "line_bytes") continue;
    if (config.values.value(option.name).integer <= agent_.memory_bytes) continue;
    levada_error error{};
    detail::report(wrong(option.name, "must be at most [agent] memory_bytes, which is " +
                                          std::to_string(agent_.memory_bytes) + ": a longer row never fits"),
                   &error);
    config.report(error, diagnostics_);
  }
}

void PipelineBuilder::add_source(const SourceConfig& config) {
  check_row_size(config);
  auto created = instance(config);
  check_stateful(config.interceptors, config, true, config.workers);
  auto workers = chain(config.path, config.interceptors, config.workers, kSourceBackoff);
  if (!created) return;
  std::vector<Channel*> channels;
  for (const auto channel : config.channels) channels.push_back(channels_.at(channel));
  SourceRunner::Parts parts{
      SourceInstance(std::move(created)),
      std::move(workers),
      Selector(config.selector, config.channels),
      std::move(channels),
      kSourceBackoff,
      static_cast<size_t>(agent_.memory_bytes),
      config.on_reject,
      config.owner,
      StreamStarts(Files(parts_.services.files), StreamStarts::path(agent_.data_dir, config.name))};
  auto& running = parts_.sources.emplace_back();
  running.runner =
      std::make_unique<SourceRunner>(std::move(parts), *parts_.dead_letters, parts_.services, *parts_.stop);
  const bool can_wait = running.runner->replays() && config.channels.size() == 1;
  for (const auto channel : config.channels) {
    channels_.at(channel)->add_writer();
    if (!can_wait) channels_.at(channel)->take_all_that_fits();
    if (channels_.at(channel)->durable()) {
      running.durable.push_back({topology_.channels[channel].path, channels_.at(channel)});
      continue;
    }
    for (size_t sink = 0; sink < read_channel_.size(); ++sink)
      if (read_channel_[sink] == channel) running.sinks.push_back(sink);
  }
}

}  // namespace levada::agent
