// Builds a pipeline out of a topology: creates the components and wires them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/topology.h"
#include "agent/pipeline/pipeline.h"

namespace levada::agent {

// Of a channel of the type "file".
FileChannelOptions file_channel_options(const AgentConfig& agent, const ChannelConfig& config);

class PipelineBuilder {
 public:
  PipelineBuilder(const AgentConfig& agent, const Topology& topology, const Services& services, bool until_drained,
                  Diagnostics& diagnostics);

  // Creates every component, which checks its options; what they say goes to the
  // diagnostics. Touches nothing outside.
  std::unique_ptr<Pipeline> build();

 private:
  // The number tells instances of one component apart.
  std::unique_ptr<Instance> instance(const ComponentConfig& config, size_t number = 0);
  // Of the source or sink `owner`.
  std::unique_ptr<ChainWorkers> chain(const std::string& owner, const std::vector<size_t>& interceptors,
                                      uint32_t workers, Backoff backoff);
  void check_stateful(const std::vector<size_t>& interceptors, const TableConfig& user, bool is_source,
                      uint32_t workers);
  void add_channel(const ChannelConfig& config);
  void add_sinks();
  void check_row_size(const SourceConfig& config);
  void add_source(const SourceConfig& config);
  template <class Config>
  void add_reader(const Config& config, std::unique_ptr<SinkTarget> target, std::map<std::string, OnReject> on_reject);

  const AgentConfig& agent_;
  const Topology& topology_;
  Diagnostics& diagnostics_;
  Pipeline::Parts parts_;
  std::map<size_t, size_t> instances_;  // How many there are of each interceptor.
  std::vector<size_t> read_channel_;    // By number of the sink runner: the channel that it reads.
};

}  // namespace levada::agent
