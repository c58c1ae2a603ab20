#include "agent/pipeline/selector.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::agent {
namespace {

using testkit::texts;
using Texts = std::vector<std::string>;

Batch batch() {
  auto made = testkit::batch_of({"1", "2", "3", "4"});
  made.set(testkit::text_column("kind", {"click", "view", std::nullopt, "click"}));
  made.position = "4";
  made.sequence = 10;
  return made;
}

TEST(Selector, replicates_to_all_channels) {
  const Selector selector({}, {5, 6});
  for (const auto& routed : selector.route(batch())) EXPECT_EQ(texts(routed, "body"), (Texts{"1", "2", "3", "4"}));
}

TEST(Selector, multiplexes_by_a_column_and_sends_the_rest_to_the_default) {
  SelectorConfig config;
  config.type = SelectorConfig::Type::multiplex;
  config.column = "kind";
  config.mapping = {{"click", {7}}, {"view", {7, 9}}};
  config.default_channels = {9};
  const auto routed = Selector(config, {9, 7}).route(batch());
  EXPECT_EQ(texts(routed[1], "body"), (Texts{"1", "2", "4"}));
  EXPECT_EQ(texts(routed[0], "body"), (Texts{"2", "3"}));
}

TEST(Selector, gives_every_channel_the_position_even_without_rows) {
  SelectorConfig config;
  config.type = SelectorConfig::Type::multiplex;
  config.column = "no such column";
  config.mapping = {{"click", {7}}};
  config.default_channels = {9};
  const auto routed = Selector(config, {7, 9}).route(batch());
  EXPECT_EQ(routed[0].rows(), 0);
  EXPECT_EQ(routed[0].position, "4");
  EXPECT_EQ(routed[1].rows(), 4);
}

TEST(Selector, balances_by_the_number_of_the_row_so_that_a_replay_goes_the_same_way) {
  SelectorConfig config;
  config.type = SelectorConfig::Type::load_balance;
  const Selector selector(config, {7, 9});
  auto second = batch();
  second.sequence = Selector::kBlockRows;
  EXPECT_EQ(selector.route(batch())[0].rows(), 4);
  EXPECT_EQ(selector.route(batch())[1].rows(), 0);
  EXPECT_EQ(selector.route(second)[0].rows(), 0);
  EXPECT_EQ(selector.route(second)[1].rows(), 4);
}

}  // namespace
}  // namespace levada::agent
