#include "agent/plugin_host/plugin_scan.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace levada::agent {
namespace {

using namespace std::chrono_literals;

TEST(PluginScan, gives_the_reasons_of_each) {
  const auto reasons =
      try_in_child(3, [](size_t number) { return number == 1 ? std::string(100'000, 'x') : std::string(); }, 10min);
  EXPECT_EQ(reasons, (std::vector<std::string>{"", std::string(100'000, 'x'), ""}));
}

TEST(PluginScan, goes_on_behind_one_that_ends_the_process) {
  const auto reasons = try_in_child(
      5,
      [](size_t number) {
        if (number == 1) ::raise(SIGBUS);
        if (number == 3) ::_exit(7);
        return number == 4 ? std::string("no plugin") : std::string();
      },
      10min);
  EXPECT_EQ(reasons, (std::vector<std::string>{"", "ends the process when it is loaded: Bus error", "",
                                               "ends the process when it is loaded: exit code 7", "no plugin"}));
}

TEST(PluginScan, waits_for_none_that_does_not_come_back) {
  const auto reasons = try_in_child(
      1,
      [](size_t) {
        for (;;) ::pause();
        return std::string();
      },
      10ms);
  EXPECT_EQ(reasons, (std::vector<std::string>{"does not come back from being loaded"}));
}

}  // namespace
}  // namespace levada::agent
