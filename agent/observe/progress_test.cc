#include "agent/observe/progress.h"

#include <gmock/gmock.h>

namespace levada::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Progress, ATurnThatDoesNotComeBackIsStuckWithItsNameAndForHowLong) {
  Progress progress;
  Progress::Turns kafka(&progress, "sinks.kafka"), spool(&progress, "sources.spool");
  kafka.begin(100s);
  spool.begin(90s);
  EXPECT_THAT(progress.stuck(120s, 30s), IsEmpty());
  EXPECT_THAT(progress.stuck(120s + 1ns, 30s), ElementsAre(Progress::Stuck{"sources.spool", 30s + 1ns}));
  EXPECT_THAT(progress.stuck(140s, 30s),
              ElementsAre(Progress::Stuck{"sources.spool", 50s}, Progress::Stuck{"sinks.kafka", 40s}));
}

TEST(Progress, WhoTakesAnotherTurnOrNoneIsNotStuck) {
  Progress progress;
  Progress::Turns kafka(&progress, "sinks.kafka"), spool(&progress, "sources.spool"), idle(&progress, "sources.idle");
  kafka.begin(100s);
  kafka.begin(200s);
  spool.begin(100s);
  spool.pause();
  EXPECT_THAT(progress.stuck(201s, 30s), IsEmpty());
}

TEST(Progress, WhoFailedIsNotStuckAndIsNamed) {
  Progress progress;
  Progress::Turns kafka(&progress, "sinks.kafka"), spool(&progress, "sources.spool");
  EXPECT_THAT(progress.failed(), IsEmpty());
  spool.begin(100s);
  kafka.begin(100s);
  kafka.fail();
  EXPECT_THAT(progress.failed(), ElementsAre("sinks.kafka"));
  EXPECT_THAT(progress.stuck(200s, 30s), ElementsAre(Progress::Stuck{"sources.spool", 100s}));
}

TEST(Progress, WhoIsGoneIsForgotten) {
  Progress progress;
  {
    Progress::Turns kafka(&progress, "sinks.kafka");
    kafka.begin(100s);
    Progress::Turns spool(&progress, "sources.spool");
    spool.fail();
  }
  EXPECT_THAT(progress.stuck(200s, 30s), IsEmpty());
  EXPECT_THAT(progress.failed(), IsEmpty());
}

TEST(Progress, WithoutAnybodyWhoLooksTurnsAreTakenAllTheSame) {
  Progress::Turns turns(nullptr, "sinks.kafka");
  turns.begin(1s);
  turns.fail();
}

}  // namespace
}  // namespace levada::agent
