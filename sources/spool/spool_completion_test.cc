// Writers that are slow: a file is looked at before and after it is completed, and what came late is read.
#include "spool_test_bench.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;

TEST(SpoolCompletion, waits_while_someone_has_the_file_open_for_writing) {
  for (const auto completed : {Completed::rename, Completed::remove}) {
    SpoolTestBench bench;
    bench.settings.settle = 1s;
    bench.settings.completed = completed;
    bench.write("a", "1\n");
    bench.host.files().set_writer("/in/a", true);
    bench.host.clock().advance(1s);
    bench.start();
    bench.drain_and_acknowledge();
    EXPECT_TRUE(bench.exists("a"));
    EXPECT_TRUE(bench.host.logged("/in/a is completed when whoever has it open for writing closes it"));
    bench.append("a", "2\n");
    bench.host.clock().advance(2s);
    bench.drain_and_acknowledge();
    EXPECT_TRUE(bench.exists("a"));
    bench.host.files().set_writer("/in/a", false);
    bench.host.clock().advance(2min);
    bench.drain();
    EXPECT_FALSE(bench.exists("a"));
    EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
  }
}

TEST(SpoolCompletion, gives_a_file_back_that_grows_within_the_time_to_settle) {
  for (const bool restart : {false, true}) {
    SpoolTestBench bench;
    bench.host.files().set_telling_writers(false);
    bench.settings.settle = 10s;
    bench.write("a", "1\n");
    bench.host.clock().advance(10s);
    bench.start();
    bench.drain_and_acknowledge();
    ASSERT_TRUE(bench.exists("a.COMPLETED"));
    bench.append("a.COMPLETED", "2\n");
    bench.host.clock().advance(10s);
    if (restart) bench.start(bench.position);
    bench.drain();
    EXPECT_TRUE(bench.host.logged("/in/a got more rows after it had been completed"));
    bench.host.clock().advance(10s);
    bench.drain_and_acknowledge();
    EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
    EXPECT_EQ(bench.host.files().read_file("/in/a.COMPLETED"), "1\n2\n");
    EXPECT_FALSE(bench.exists("a"));
    bench.host.clock().advance(10s);
    bench.drain();
    EXPECT_EQ(bench.host.count("files_completed"), restart ? 2 : 1);
  }
}

TEST(SpoolCompletion, says_so_where_a_late_row_cannot_be_read_any_more) {
  SpoolTestBench bench;
  bench.host.files().set_telling_writers(false);
  bench.settings.settle = 10s;
  bench.write("a", "1\n");
  bench.host.clock().advance(10s);
  bench.start();
  bench.drain_and_acknowledge();
  bench.append("a.COMPLETED", "2\n");
  bench.write("a", "3\n");
  bench.host.clock().advance(20s);
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "3"}));
  EXPECT_TRUE(bench.host.logged("they are in /in/a.COMPLETED"));
  EXPECT_EQ(bench.host.count("files_modified"), 1);
}

TEST(SpoolCompletion, reads_a_file_that_comes_under_the_name_of_one_just_completed) {
  SpoolTestBench bench;
  bench.settings.settle = 10s;
  bench.write("a", "1\n");
  bench.host.clock().advance(10s);
  bench.start();
  bench.drain_and_acknowledge();
  bench.write("a", "2\n");
  bench.host.clock().advance(10s);
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
  EXPECT_EQ(bench.host.count("files_replaced"), 0);
  EXPECT_TRUE(bench.exists("a.COMPLETED.1"));
}

}  // namespace
}  // namespace levada::spool
