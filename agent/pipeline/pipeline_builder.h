// Builds a pipeline out of a topology: creates the components and wires them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/flows.h"
#include "agent/pipeline/pipeline.h"

namespace levada::agent {

// Of a channel of the type "file".
FileChannelOptions file_channel_options(const AgentConfig& agent, const ChannelConfig& config);

// What all flows of an agent share; it outlives them.
struct SharedStores {
  SharedStores(const Services& services, const AgentConfig& agent)
      : dead_letters(services, agent.dead_letters_dir), checkpoints(Files(services.files), agent.data_dir) {}

  DeadLetters dead_letters;
  CheckpointStore checkpoints;
};

class PipelineBuilder {
 public:
  PipelineBuilder(const AgentConfig& agent, const Topology& topology, const Services& services, SharedStores& stores,
                  bool until_drained, Diagnostics& diagnostics, std::shared_ptr<Signal> ended = nullptr);

  // Creates every component of the flow, which checks its options; what they say goes to the
  // diagnostics. Touches nothing outside, and nothing that runs. Once.
  std::unique_ptr<Pipeline> build(const Flow& flow);

 private:
  // `place` tells instances of one component apart.
  std::unique_ptr<Instance> instance(const ComponentConfig& config, const std::string& place = {});
  // Of the source or sink `owner`.
  std::unique_ptr<ChainWorkers> chain(const std::string& owner, const std::vector<size_t>& interceptors,
                                      uint32_t workers, Backoff backoff);
  void check_stateful(const std::vector<size_t>& interceptors, const TableConfig& user, bool is_source,
                      uint32_t workers);
  bool has_state(size_t interceptor) const;
  bool has_stateful_reader(size_t channel) const;
  void add_channel(size_t number);
  void add_sinks(const Flow& flow);
  void check_row_size(const SourceConfig& config);
  void add_source(const SourceConfig& config);
  template <class Config>
  void add_reader(const Config& config, std::unique_ptr<SinkTarget> target, std::map<std::string, OnReject> on_reject);

  const AgentConfig& agent_;
  const Topology& topology_;
  Diagnostics& diagnostics_;
  Pipeline::Parts parts_;
  std::map<size_t, Channel*> channels_;  // By number in the topology.
  std::vector<size_t> read_channel_;     // By number of the sink runner: the channel that it reads.
};

}  // namespace levada::agent
