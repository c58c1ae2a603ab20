// What the spool source promises of files that are not as they should be: changed, replaced, gone, unreadable, damaged.
#include <cerrno>

#include "spool_test_bench.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;
using testkit::texts;

TEST(SpoolChanges, reads_on_what_was_added_after_the_file_was_read) {
  SpoolTestBench bench;
  bench.write("a", "1\n");
  bench.start();
  bench.drain();
  bench.append("a", "2\n");
  ASSERT_TRUE(bench.acknowledge().ok());
  EXPECT_TRUE(bench.exists("a")) << "it must not be renamed before its tail was read";
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
  EXPECT_EQ(texts(bench.last, "offset"), Texts{"2"});
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
  EXPECT_EQ(bench.host.count("files_modified"), 1);
  EXPECT_EQ(bench.host.count("files_taken"), 1);
}

TEST(SpoolChanges, reads_on_a_kept_file_that_grows_again_and_again) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.start();
  for (const auto* line : {"1\n", "2\n", "3\n"}) {
    bench.append("a", line);
    bench.host.clock().advance(1s);
    bench.drain_and_acknowledge();
    bench.start(bench.position);
  }
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2", "3"}));
}

TEST(SpoolChanges, sets_a_changed_file_aside_when_asked) {
  for (const bool acknowledged_before : {false, true}) {
    SpoolTestBench bench;
    bench.settings.modified = Modified::quarantine;
    bench.settings.completed = acknowledged_before ? Completed::keep : Completed::rename;
    bench.write("a", "1\n");
    bench.start();
    bench.drain();
    if (acknowledged_before) {
      ASSERT_TRUE(bench.acknowledge().ok());
    }
    bench.append("a", "2\n");
    bench.drain();
    if (!acknowledged_before) {
      ASSERT_TRUE(bench.acknowledge().ok());
    }
    bench.drain();
    EXPECT_EQ(bench.taken_rows(), Texts{"1"});
    EXPECT_EQ(bench.host.files().read_file("/in/a.MODIFIED"), "1\n2\n");
    EXPECT_EQ(bench.host.count("files_modified"), 1);
  }
}

TEST(SpoolChanges, completes_a_changed_file_as_it_is_when_asked) {
  SpoolTestBench bench;
  bench.settings.modified = Modified::ignore;
  bench.write("a", "1\n");
  bench.start();
  bench.drain();
  bench.append("a", "2\n");
  bench.drain();
  ASSERT_TRUE(bench.acknowledge().ok());
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
}

TEST(SpoolChanges, reads_a_file_that_comes_again_under_a_name_it_knows) {
  for (const auto completed : {Completed::rename, Completed::remove, Completed::keep}) {
    SpoolTestBench bench;
    bench.settings.completed = completed;
    bench.write("a", "first\n");
    bench.start();
    bench.drain_and_acknowledge();
    bench.host.files().remove_file("/in/a");
    bench.host.clock().advance(1s);
    bench.write("a", "other\n");
    bench.drain_and_acknowledge();
    EXPECT_EQ(bench.taken_rows(), (Texts{"first", "other"}));
  }
}

TEST(SpoolChanges, reads_a_file_that_replaced_one_before_that_was_acknowledged) {
  SpoolTestBench bench;
  bench.write("a", "first\n");
  bench.start();
  bench.drain();
  const auto of_the_first = bench.position;
  bench.host.files().remove_file("/in/a");
  bench.write("a", "other\n");
  ASSERT_TRUE(bench.spool->acknowledge("", of_the_first).ok());
  EXPECT_TRUE(bench.exists("a"));
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{"first", "other"}));
  EXPECT_EQ(bench.host.count("files_replaced"), 1);
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
}

TEST(SpoolChanges, reads_all_of_a_file_that_was_written_anew) {
  for (const auto* content : {"sh\n", "just as\n", "longer than before\n"}) {
    SpoolTestBench bench;
    bench.settings.completed = Completed::keep;
    bench.write("a", "content\n");
    bench.start();
    bench.drain_and_acknowledge();
    bench.taken_rows();
    bench.host.clock().advance(1s);
    // Keeps its inode.
    bench.write("a", content);
    bench.drain_and_acknowledge();
    EXPECT_EQ(bench.taken_rows(), Texts{std::string(content, std::string_view(content).size() - 1)});
    EXPECT_EQ(bench.host.count("files_replaced"), 1);
  }
}

TEST(SpoolChanges, reads_all_of_a_file_that_shrank) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  const std::string head(1200, 'h');
  bench.write("a", head + "\nrest\n");
  bench.start();
  bench.drain_and_acknowledge();
  bench.taken_rows();
  bench.host.clock().advance(1s);
  bench.write("a", head);
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), Texts{head});
  EXPECT_EQ(bench.host.count("files_shrunk"), 1);
}

TEST(SpoolChanges, completes_a_file_that_was_only_touched) {
  SpoolTestBench bench;
  bench.write("a", "1\n");
  bench.start();
  bench.drain();
  bench.host.files().set_modified("/in/a", bench.host.clock().now() + 1s);
  ASSERT_TRUE(bench.acknowledge().ok());
  bench.drain();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
}

TEST(SpoolChanges, follows_a_file_that_gets_another_name) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.write("a.log", "1\n");
  bench.start();
  bench.drain();
  bench.host.files().rename_file("/in/a.log", "/in/a.log.1");
  bench.append("a.log.1", "2\n");
  bench.drain_and_acknowledge();
  bench.start(bench.position);
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
}

TEST(SpoolChanges, completes_a_file_under_its_new_name) {
  SpoolTestBench bench;
  bench.write("a", "1\n");
  bench.start();
  bench.drain();
  bench.host.files().rename_file("/in/a", "/in/b");
  bench.drain();
  ASSERT_TRUE(bench.acknowledge().ok());
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
  EXPECT_TRUE(bench.exists("b.COMPLETED"));
}

TEST(SpoolChanges, completes_empty_files_or_leaves_them) {
  for (const bool complete : {true, false}) {
    SpoolTestBench bench;
    bench.settings.complete_empty = complete;
    bench.write("a", "");
    bench.start();
    bench.drain();
    EXPECT_EQ(bench.taken_rows(), Texts{});
    if (complete) {
      ASSERT_TRUE(bench.acknowledge().ok()) << "a batch without rows must have carried a position";
    }
    EXPECT_EQ(bench.exists("a.COMPLETED"), complete);
    EXPECT_EQ(bench.host.count("files_empty"), complete ? 1 : 0);
    bench.write("b", "1\n");
    bench.append(complete ? "c" : "a", "2\n");
    bench.drain();
    EXPECT_EQ(bench.taken_rows().size(), 2u);
  }
}

TEST(SpoolChanges, passes_over_a_file_that_vanishes_before_it_is_read) {
  SpoolTestBench bench;
  bench.settings.read_bytes = {64};
  bench.settings.order = Order::name;
  bench.write("a", std::string(100, 'a'));
  bench.write("b", "b");
  bench.write("c", "c");
  bench.start();
  ASSERT_TRUE(bench.poll());
  bench.host.files().remove_file("/in/b");
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{std::string(100, 'a'), "c"}));
  EXPECT_EQ(bench.host.count("files_vanished"), 1);
}

TEST(SpoolChanges, reads_a_file_to_its_end_that_is_removed_meanwhile) {
  SpoolTestBench bench;
  bench.settings.read_bytes = {64};
  bench.write("a", std::string(63, 'a') + "\nlast\n");
  bench.start();
  ASSERT_TRUE(bench.poll());
  bench.host.files().remove_file("/in/a");
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{std::string(63, 'a'), "last"}));
  EXPECT_EQ(bench.host.count("files_vanished"), 1);
}

TEST(SpoolChanges, lets_a_file_settle_again_that_changes_just_before_it_is_taken) {
  SpoolTestBench bench;
  bench.settings.settle = 10s;
  bench.settings.order = Order::name;
  bench.settings.read_bytes = {64};
  bench.write("a", std::string(60, 'a'));
  bench.write("b", "1\n");
  bench.host.clock().advance(10s);
  bench.start();
  ASSERT_TRUE(bench.poll());
  // A file server whose clock is slow.
  bench.append("b", "2\n");
  bench.host.files().set_modified("/in/b", bench.host.clock().now() - 1h);
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{std::string(60, 'a')});
  bench.host.clock().advance(10s);
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
}

TEST(SpoolChanges, tries_an_unreadable_file_again_while_others_go_on) {
  SpoolTestBench bench;
  bench.settings.order = Order::name;
  bench.write("a", "secret\n");
  bench.host.files().set_mode("/in/a", 0);
  bench.write("b", "open\n");
  bench.start();
  bench.drain();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"open"});
  EXPECT_EQ(bench.host.count("files_unreadable"), 1);
  EXPECT_TRUE(bench.host.logged("/in/a: Permission denied; the file is tried again later"));
  bench.host.files().set_mode("/in/a", 0644);
  bench.host.clock().advance(2min);
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"secret"});
}

TEST(SpoolChanges, ends_without_a_file_that_stays_unreadable) {
  SpoolTestBench bench;
  bench.host.set_until_drained(true);
  bench.write("a", "secret\n");
  bench.host.files().set_mode("/in/a", 0);
  bench.start();
  int polls = 0;
  while (!bench.poll() && bench.last_code != Code::end && ++polls < 100) bench.host.clock().advance(500ms);
  EXPECT_EQ(bench.last_code, Code::end);
  EXPECT_TRUE(bench.exists("a"));
  EXPECT_EQ(bench.host.count("files_failed"), 1);
}

TEST(SpoolChanges, leaves_out_a_folder_that_cannot_be_listed) {
  SpoolTestBench bench;
  bench.settings.recursive = true;
  bench.write("closed/a", "1\n");
  bench.write("b", "2\n");
  bench.host.files().set_mode("/in/closed", 0);
  bench.start();
  bench.drain();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"2"});
  EXPECT_EQ(bench.host.count("files_unreadable"), 1);
}

TEST(SpoolChanges, goes_on_with_a_file_where_reading_it_failed_for_long) {
  SpoolTestBench bench;
  bench.settings.read_bytes = {64};
  bench.settings.order = Order::name;
  bench.write("a", std::string(63, 'a') + "\nhalf of a line" + std::string(80, 'x') + "\nlast\n");
  bench.write("b", "other\n");
  bench.start();
  ASSERT_TRUE(bench.poll());
  for (int failure = 1; failure <= 3; ++failure) {
    bench.host.files().fail_call(1, EIO);
    if (failure < 3)
      EXPECT_FALSE(bench.poll());
    else
      EXPECT_TRUE(bench.poll());
  }
  EXPECT_EQ(bench.taken_rows(), (Texts{std::string(63, 'a'), "other"}));
  bench.host.clock().advance(2min);
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{"half of a line" + std::string(80, 'x'), "last"}));
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
}

TEST(SpoolChanges, keeps_a_file_in_mind_that_cannot_be_renamed) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::move;
  bench.settings.completed_dir = "/done";
  bench.host.files().mount("/done");
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  EXPECT_TRUE(bench.exists("a"));
  EXPECT_EQ(bench.host.count("completions_failed"), 1);
  bench.start(bench.position);
  bench.host.clock().advance(2min);
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

TEST(SpoolChanges, stops_taking_files_when_the_folder_cannot_be_listed_and_goes_on_afterwards) {
  SpoolTestBench bench;
  bench.write("a", "1\n");
  bench.start();
  bench.host.files().set_mode("/in", 0);
  EXPECT_FALSE(bench.poll());
  EXPECT_EQ(bench.last_code, Code::retry);
  bench.host.files().set_mode("/in", 0755);
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

}  // namespace
}  // namespace levada::spool
