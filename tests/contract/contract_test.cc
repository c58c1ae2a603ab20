// Plugins that were built with version 1.0 of the contract, and with a later version than this agent's, are loaded and
// run by this agent.
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "agent/config/toml_parser.h"
#include "agent/plugin_host/instance.h"
#include "agent/plugin_host/library.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent {
namespace {

using namespace std::chrono_literals;

// A batch for a call to fill in, of the size that this agent knows. What lies behind it is not the call's.
struct GuardedBatch {
  levada_batch batch = levada::detail::empty_batch();
  char behind[64];
  GuardedBatch() { std::memset(behind, 0x5A, sizeof behind); }
  ~GuardedBatch() { levada::detail::release(batch); }
  GuardedBatch(const GuardedBatch&) = delete;
  GuardedBatch& operator=(const GuardedBatch&) = delete;
  bool intact() const {
    return batch.size == sizeof batch && std::string(behind, sizeof behind) == std::string(sizeof behind, 0x5A);
  }
};

Result<const levada_plugin*> load_file(const char* path) {
  auto image = PluginImage::read(path);
  if (!image) return std::move(image).error();
  return load_plugin(*std::move(image));
}

class ContractTest : public testing::Test {
 protected:
  void load(const char* path) {
    const auto plugin = load_file(path);
    ASSERT_TRUE(plugin) << plugin.error().message;
    for (size_t at = 0; at < (*plugin)->component_count; ++at)
      components_[(*plugin)->components[at]->name] = (*plugin)->components[at];
  }
  const levada_component* component(const std::string& name) {
    EXPECT_TRUE(components_.contains(name)) << name;
    return components_[name];
  }
  // With the options as this text of TOML has them.
  std::unique_ptr<Instance> make(const std::string& name, const std::string& path, const std::string& toml = "") {
    Diagnostics diagnostics;
    ComponentConfig config;
    config.path = path;
    config.component = component(name);
    const auto table = parse_toml(toml, "test.toml", diagnostics);
    const Options options(config.component->options, config.component->option_count);
    config.values = std::move(read_options(*table, path, {&options, 1}, UnknownKeys::refuse, diagnostics)[0]);
    EXPECT_TRUE(diagnostics.empty());
    auto made = Instance::create(config, services_, "/data", true);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }

  // Runs the three components of a plugin of every_kind.c as the agent does.
  std::string lines_of(const std::string& name) {
    SourceInstance source(make(name + "_numbers", "sources.numbers"));
    InterceptorInstance first(make(name + "_first", "interceptors.first", "rows = 7"));
    SinkInstance sink(make(name + "_lines", "sinks.lines"));
    EXPECT_TRUE(source.replays());
    EXPECT_FALSE(sink.keeps_checkpoint());
    EXPECT_FALSE(first.is_stateful());
    EXPECT_FALSE(first.advances());
    EXPECT_TRUE(source.open({}));
    EXPECT_TRUE(first.open());
    EXPECT_TRUE(sink.open());
    EXPECT_TRUE(sink.recover());
    Checkpoint checkpoint;
    source.back_pressure(false);
    while (auto batch = source.poll(0ns)) {
      CBatch rows(*batch), rejected;
      EXPECT_TRUE(first.intercept(rows, rejected));
      EXPECT_TRUE(sink.write(*rows.open_rows(), 0ns, rejected));
      EXPECT_TRUE(rejected.empty());
      checkpoint.positions = {{batch->stream, batch->position, 0}};
      checkpoint.epoch += 1;
      EXPECT_TRUE(sink.commit(checkpoint, 0ns, rejected));
      EXPECT_TRUE(source.acknowledge(batch->stream, batch->position));
    }
    source.wake();
    EXPECT_TRUE(sink.idle());
    EXPECT_EQ(source.instance().extension("test.any/1"), nullptr);
    EXPECT_TRUE(source.close(0ns));
    EXPECT_TRUE(first.close(0ns));
    EXPECT_TRUE(sink.close(0ns));
    EXPECT_EQ(checkpoint.positions, (std::vector<Position>{{"", "9", 0}}));
    return files_.read_file("/data/sinks.lines/lines");
  }

  testkit::ManualClock clock_;
  testkit::MemoryFiles files_{clock_};
  SystemServices system_;
  Services services_ = [&] {
    auto services = system_.services();
    services.files = files_.table();
    return services;
  }();
  std::map<std::string, const levada_component*> components_;
};

constexpr const char* kSevenRows = "row 0\nrow 1\nrow 2\nrow 3\nrow 4\nrow 5\nrow 6\n";

TEST_F(ContractTest, a_plugin_of_version_1_0_runs) {
  load(FROZEN_PLUGIN);
  const auto* numbers = component("frozen_numbers");
  EXPECT_EQ(numbers->size, LEVADA_COMPONENT_SIZE_MIN);
  EXPECT_EQ(static_cast<const levada_source_functions*>(numbers->functions)->size, LEVADA_SOURCE_FUNCTIONS_SIZE_MIN);
  EXPECT_EQ(lines_of("frozen"), kSevenRows);
}

TEST_F(ContractTest, a_plugin_of_a_later_version_runs) {
  load(LATER_PLUGIN);
  const auto* numbers = component("later_numbers");
  EXPECT_GT(numbers->size, sizeof(levada_component));
  EXPECT_GT(static_cast<const levada_source_functions*>(numbers->functions)->size, sizeof(levada_source_functions));
  EXPECT_EQ(lines_of("later"), kSevenRows);
}

TEST_F(ContractTest, the_sdk_of_a_later_version_fills_batches_no_further_than_this_agent_knows_them) {
  load(LATER_SDK_PLUGIN);
  const auto numbers = make("later_sdk_numbers", "sources.numbers"), shout = make("later_sdk_shout", "interceptors.shout");
  const auto& source = *static_cast<const levada_source_functions*>(component("later_sdk_numbers")->functions);
  const auto& interceptor = *static_cast<const levada_interceptor_functions*>(component("later_sdk_shout")->functions);
  levada_error error{};
  ASSERT_EQ(source.open(numbers->self(), nullptr, 0, &error), LEVADA_OK);
  std::vector<std::string> rows, reasons;
  for (;;) {
    GuardedBatch batch, rejected;
    const auto code = source.poll(numbers->self(), 0, &batch.batch, &error);
    if (code == LEVADA_END) break;
    ASSERT_EQ(code, LEVADA_OK) << error.message;
    EXPECT_TRUE(batch.intact());
    ASSERT_EQ(interceptor.intercept(shout->self(), &batch.batch, &rejected.batch, &error), LEVADA_OK) << error.message;
    EXPECT_TRUE(batch.intact());
    EXPECT_TRUE(rejected.intact());
    for (auto& row : testkit::texts(*Batch::adopt(batch.batch), "body")) rows.push_back(row);
    if (rejected.batch.rows.release)
      for (auto& row : testkit::texts(*Batch::adopt(rejected.batch), "reason")) reasons.push_back(row);
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"row 0!", "row 2!"}));
  EXPECT_EQ(reasons, std::vector<std::string>{"is odd"});
}

TEST_F(ContractTest, a_plugin_that_has_less_than_version_1_0_is_refused) {
  const auto plugin = load_file(STUNTED_PLUGIN);
  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().message, std::string(STUNTED_PLUGIN) +
                                        ": component stunted has fewer functions than version 1.0 of the contract asks "
                                        "for");
}

}  // namespace
}  // namespace levada::agent
