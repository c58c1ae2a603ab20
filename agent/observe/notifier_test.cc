#include "agent/observe/notifier.h"

#include <gmock/gmock.h>

#include "agent/observe/test_support.h"

namespace levada::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::ListeningSocket;
using testing::ScopedVariable;

TEST(Notifier, tells_the_service_manager_in_its_own_words) {
  const ListeningSocket systemd;
  const ScopedVariable socket("NOTIFY_SOCKET", systemd.path());
  const Notifier notifier;
  EXPECT_TRUE(notifier.is_heard());
  notifier.ready();
  notifier.status("rows read 1\nand 2");
  notifier.reloading(1234567890ns);
  notifier.watchdog();
  notifier.extend_timeout(15s);
  notifier.stopping();
  EXPECT_THAT(systemd.take(), ElementsAre("READY=1", "STATUS=rows read 1 and 2", "RELOADING=1\nMONOTONIC_USEC=1234567",
                                          "WATCHDOG=1", "EXTEND_TIMEOUT_USEC=15000000", "STOPPING=1"));
}

TEST(Notifier, without_anybody_who_listens_nothing_happens) {
  Notifier().ready();
  EXPECT_FALSE(Notifier().is_heard());
  const ScopedVariable socket("NOTIFY_SOCKET", "/nobody/is/here");
  Notifier().ready();
}

TEST(Notifier, knows_the_timeout_of_a_watchdog_that_is_meant_for_this_process) {
  const ScopedVariable socket("NOTIFY_SOCKET", "/nobody/is/here");
  EXPECT_EQ(Notifier().watchdog_timeout(), std::nullopt);
  const ScopedVariable timeout("WATCHDOG_USEC", "3000000");
  EXPECT_EQ(Notifier().watchdog_timeout(), 3s);
  {
    const ScopedVariable process("WATCHDOG_PID", "1");
    EXPECT_EQ(Notifier().watchdog_timeout(), std::nullopt);
  }
  const ScopedVariable process("WATCHDOG_PID", std::to_string(::getpid()));
  EXPECT_EQ(Notifier().watchdog_timeout(), 3s);
  const ScopedVariable wrong("WATCHDOG_USEC", "soon");
  EXPECT_EQ(Notifier().watchdog_timeout(), std::nullopt);
}

}  // namespace
}  // namespace levada::agent
