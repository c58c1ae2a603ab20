#include "agent/observe/journal.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "agent/observe/test_support.h"
#include "levada/plugin.h"

namespace levada::agent {
namespace {

using ::testing::ElementsAre;
using testing::ListeningSocket;
using testing::ScopedVariable;

TEST(Journal, gets_the_level_and_the_component_as_fields) {
  const ListeningSocket socket;
  const Journal journal(socket.path());
  EXPECT_TRUE(journal.write(LEVADA_WARNING, "sinks.kafka", "waits"));
  EXPECT_TRUE(journal.write(LEVADA_DEBUG, "", "levada runs"));
  EXPECT_THAT(socket.take(), ElementsAre("PRIORITY=4\nSYSLOG_IDENTIFIER=levada\nLEVADA_COMPONENT=sinks.kafka\n"
                                         "MESSAGE=sinks.kafka: waits\n",
                                         "PRIORITY=7\nSYSLOG_IDENTIFIER=levada\nMESSAGE=levada runs\n"));
}

TEST(Journal, gets_a_message_of_several_lines_as_one) {
  const ListeningSocket socket;
  EXPECT_TRUE(Journal(socket.path()).write(LEVADA_ERROR, "", "a\nPRIORITY=0"));
  using namespace std::string_literals;
  EXPECT_THAT(socket.take(), ElementsAre("PRIORITY=3\nSYSLOG_IDENTIFIER=levada\n"
                                         "MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n"s));
}

TEST(Journal, gets_a_message_that_no_datagram_holds) {
  const ListeningSocket socket;
  const std::string large(4 << 20, 'x');
  EXPECT_TRUE(Journal(socket.path()).write(LEVADA_INFO, "", large));
  EXPECT_THAT(socket.take(), ElementsAre("PRIORITY=6\nSYSLOG_IDENTIFIER=levada\nMESSAGE=" + large + "\n"));
}

TEST(Journal, that_is_away_takes_nothing) {
  EXPECT_FALSE(Journal("/nobody/is/here").write(LEVADA_INFO, "", "lost"));
  EXPECT_FALSE(Journal(std::string(200, '/')).write(LEVADA_INFO, "", "lost"));
}

TEST(Journal, is_there_where_standard_error_leads_to_it) {
  struct stat opened;
  ASSERT_EQ(::fstat(STDERR_FILENO, &opened), 0);
  const auto here = std::to_string(opened.st_dev) + ":" + std::to_string(opened.st_ino);
  EXPECT_FALSE(Journal::of_standard_error());
  const ScopedVariable stream("JOURNAL_STREAM", here);
  EXPECT_TRUE(Journal::of_standard_error());
  const ScopedVariable other("JOURNAL_STREAM", here + "1");
  EXPECT_FALSE(Journal::of_standard_error());
}

}  // namespace
}  // namespace levada::agent
