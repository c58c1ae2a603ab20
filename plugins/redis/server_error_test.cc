// What errors of the server mean.
#include "redis/server_error.h"

#include <gtest/gtest.h>

namespace levada::redis {
namespace {

TEST(ServerError, of_a_state_that_passes_is_to_be_tried_again) {
  for (const char* said :
       {"OOM command not allowed when used memory > 'maxmemory'.",
        "READONLY You can't write against a read only replica.", "LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "NOREPLICAS Not enough good replicas to write.", "MASTERDOWN Link with MASTER is down",
        "EXECABORT Transaction discarded because of previous errors.", "ERR max number of clients reached"})
    EXPECT_EQ(meaning_of(said).code, Code::retry) << said;
}

TEST(ServerError, of_a_configuration_that_is_wrong_ends_the_sink) {
  for (const char* said : {"NOAUTH Authentication required.", "WRONGPASS invalid username-password pair",
                           "NOPERM this user has no permissions to run the 'hset' command", "ERR invalid password",
                           "ERR DB index is out of range", "ERR unknown command 'XADD'",
                           "ERR wrong number of arguments for 'hset' command"})
    EXPECT_EQ(meaning_of(said).code, Code::fatal) << said;
  for (const char* said :
       {"MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381", "CROSSSLOT Keys in request don't hash to the same slot",
        "CLUSTERDOWN The cluster is down"}) {
    EXPECT_EQ(meaning_of(said).code, Code::fatal) << said;
    EXPECT_NE(meaning_of(said).message.find("Redis Cluster"), std::string::npos) << said;
  }
}

TEST(ServerError, of_one_command_rejects_its_row) {
  const auto error = meaning_of("WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(error.code, Code::reject);
  EXPECT_EQ(error.message, "Redis says: WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(meaning_of("").code, Code::reject);
  EXPECT_EQ(meaning_of("OOMPH").code, Code::reject);
}

}  // namespace
}  // namespace levada::redis
