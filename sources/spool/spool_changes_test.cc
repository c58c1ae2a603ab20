// What the spool source promises of files that are not as they should be: changed, replaced, gone, unreadable, damaged.
#include <cerrno>

#include "spool_rig.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;
using testkit::texts;

TEST(SpoolChanges, reads_on_what_was_added_after_the_file_was_read) {
  SpoolRig rig;
  rig.write("a", "1\n");
  rig.start();
  rig.drain();
  rig.append("a", "2\n");
  ASSERT_TRUE(rig.acknowledge().ok());
  EXPECT_TRUE(rig.exists("a")) << "it must not be renamed before its tail was read";
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.taken_rows(), (Texts{"1", "2"}));
  EXPECT_EQ(texts(rig.last, "offset"), Texts{"2"});
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
  EXPECT_EQ(rig.host.count("files_modified"), 1);
  EXPECT_EQ(rig.host.count("files_taken"), 1);
}

TEST(SpoolChanges, reads_on_a_kept_file_that_grows_again_and_again) {
  SpoolRig rig;
  rig.settings.completed = Completed::keep;
  rig.start();
  for (const auto* line : {"1\n", "2\n", "3\n"}) {
    rig.append("a", line);
    rig.host.clock().advance(1s);
    rig.drain_and_acknowledge();
    rig.start(rig.position);
  }
  EXPECT_EQ(rig.taken_rows(), (Texts{"1", "2", "3"}));
}

TEST(SpoolChanges, sets_a_changed_file_aside_when_asked) {
  for (const bool acknowledged_before : {false, true}) {
    SpoolRig rig;
    rig.settings.modified = Modified::quarantine;
    rig.settings.completed = acknowledged_before ? Completed::keep : Completed::rename;
    rig.write("a", "1\n");
    rig.start();
    rig.drain();
    if (acknowledged_before) {
      ASSERT_TRUE(rig.acknowledge().ok());
    }
    rig.append("a", "2\n");
    rig.drain();
    if (!acknowledged_before) {
      ASSERT_TRUE(rig.acknowledge().ok());
    }
    rig.drain();
    EXPECT_EQ(rig.taken_rows(), Texts{"1"});
    EXPECT_EQ(rig.host.files().read_file("/in/a.MODIFIED"), "1\n2\n");
    EXPECT_EQ(rig.host.count("files_modified"), 1);
  }
}

TEST(SpoolChanges, completes_a_changed_file_as_it_is_when_asked) {
  SpoolRig rig;
  rig.settings.modified = Modified::ignore;
  rig.write("a", "1\n");
  rig.start();
  rig.drain();
  rig.append("a", "2\n");
  rig.drain();
  ASSERT_TRUE(rig.acknowledge().ok());
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
}

TEST(SpoolChanges, reads_a_file_that_comes_again_under_a_name_it_knows) {
  for (const auto completed : {Completed::rename, Completed::remove, Completed::keep}) {
    SpoolRig rig;
    rig.settings.completed = completed;
    rig.write("a", "first\n");
    rig.start();
    rig.drain_and_acknowledge();
    rig.host.files().remove_file("/in/a");
    rig.host.clock().advance(1s);
    rig.write("a", "other\n");
    rig.drain_and_acknowledge();
    EXPECT_EQ(rig.taken_rows(), (Texts{"first", "other"}));
  }
}

TEST(SpoolChanges, reads_a_file_that_replaced_one_before_that_was_acknowledged) {
  SpoolRig rig;
  rig.write("a", "first\n");
  rig.start();
  rig.drain();
  const auto of_the_first = rig.position;
  rig.host.files().remove_file("/in/a");
  rig.write("a", "other\n");
  ASSERT_TRUE(rig.spool->acknowledge("", of_the_first).ok());
  EXPECT_TRUE(rig.exists("a"));
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.taken_rows(), (Texts{"first", "other"}));
  EXPECT_EQ(rig.host.count("files_replaced"), 1);
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
}

TEST(SpoolChanges, reads_all_of_a_file_that_was_written_anew) {
  for (const auto* content : {"sh\n", "just as\n", "longer than before\n"}) {
    SpoolRig rig;
    rig.settings.completed = Completed::keep;
    rig.write("a", "content\n");
    rig.start();
    rig.drain_and_acknowledge();
    rig.taken_rows();
    rig.host.clock().advance(1s);
    // Keeps its inode.
    rig.write("a", content);
    rig.drain_and_acknowledge();
    EXPECT_EQ(rig.taken_rows(), Texts{std::string(content, std::string_view(content).size() - 1)});
    EXPECT_EQ(rig.host.count("files_replaced"), 1);
  }
}

TEST(SpoolChanges, reads_all_of_a_file_that_shrank) {
  SpoolRig rig;
  rig.settings.completed = Completed::keep;
  const std::string head(1200, 'h');
  rig.write("a", head + "\nrest\n");
  rig.start();
  rig.drain_and_acknowledge();
  rig.taken_rows();
  rig.host.clock().advance(1s);
  rig.write("a", head);
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.taken_rows(), Texts{head});
  EXPECT_EQ(rig.host.count("files_shrunk"), 1);
}

TEST(SpoolChanges, completes_a_file_that_was_only_touched) {
  SpoolRig rig;
  rig.write("a", "1\n");
  rig.start();
  rig.drain();
  rig.host.files().set_modified("/in/a", rig.host.clock().now() + 1s);
  ASSERT_TRUE(rig.acknowledge().ok());
  rig.drain();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
}

TEST(SpoolChanges, follows_a_file_that_gets_another_name) {
  SpoolRig rig;
  rig.settings.completed = Completed::keep;
  rig.write("a.log", "1\n");
  rig.start();
  rig.drain();
  rig.host.files().rename_file("/in/a.log", "/in/a.log.1");
  rig.append("a.log.1", "2\n");
  rig.drain_and_acknowledge();
  rig.start(rig.position);
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{"1", "2"}));
}

TEST(SpoolChanges, completes_a_file_under_its_new_name) {
  SpoolRig rig;
  rig.write("a", "1\n");
  rig.start();
  rig.drain();
  rig.host.files().rename_file("/in/a", "/in/b");
  rig.drain();
  ASSERT_TRUE(rig.acknowledge().ok());
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
  EXPECT_TRUE(rig.exists("b.COMPLETED"));
}

TEST(SpoolChanges, completes_empty_files_or_leaves_them) {
  for (const bool complete : {true, false}) {
    SpoolRig rig;
    rig.settings.complete_empty = complete;
    rig.write("a", "");
    rig.start();
    rig.drain();
    EXPECT_EQ(rig.taken_rows(), Texts{});
    if (complete) {
      ASSERT_TRUE(rig.acknowledge().ok()) << "a batch without rows must have carried a position";
    }
    EXPECT_EQ(rig.exists("a.COMPLETED"), complete);
    EXPECT_EQ(rig.host.count("files_empty"), complete ? 1 : 0);
    rig.write("b", "1\n");
    rig.append(complete ? "c" : "a", "2\n");
    rig.drain();
    EXPECT_EQ(rig.taken_rows().size(), 2u);
  }
}

TEST(SpoolChanges, passes_over_a_file_that_vanishes_before_it_is_read) {
  SpoolRig rig;
  rig.settings.read_bytes = {64};
  rig.settings.order = Order::name;
  rig.write("a", std::string(100, 'a'));
  rig.write("b", "b");
  rig.write("c", "c");
  rig.start();
  ASSERT_TRUE(rig.poll());
  rig.host.files().remove_file("/in/b");
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{std::string(100, 'a'), "c"}));
  EXPECT_EQ(rig.host.count("files_vanished"), 1);
}

TEST(SpoolChanges, reads_a_file_to_its_end_that_is_removed_meanwhile) {
  SpoolRig rig;
  rig.settings.read_bytes = {64};
  rig.write("a", std::string(63, 'a') + "\nlast\n");
  rig.start();
  ASSERT_TRUE(rig.poll());
  rig.host.files().remove_file("/in/a");
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.taken_rows(), (Texts{std::string(63, 'a'), "last"}));
  EXPECT_EQ(rig.host.count("files_vanished"), 1);
}

TEST(SpoolChanges, lets_a_file_settle_again_that_changes_just_before_it_is_taken) {
  SpoolRig rig;
  rig.settings.settle = 10s;
  rig.settings.order = Order::name;
  rig.settings.read_bytes = {64};
  rig.write("a", std::string(60, 'a'));
  rig.write("b", "1\n");
  rig.host.clock().advance(10s);
  rig.start();
  ASSERT_TRUE(rig.poll());
  // A file server whose clock is slow.
  rig.append("b", "2\n");
  rig.host.files().set_modified("/in/b", rig.host.clock().now() - 1h);
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{std::string(60, 'a')});
  rig.host.clock().advance(10s);
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{"1", "2"}));
}

TEST(SpoolChanges, tries_an_unreadable_file_again_while_others_go_on) {
  SpoolRig rig;
  rig.settings.order = Order::name;
  rig.write("a", "secret\n");
  rig.host.files().set_mode("/in/a", 0);
  rig.write("b", "open\n");
  rig.start();
  rig.drain();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"open"});
  EXPECT_EQ(rig.host.count("files_unreadable"), 1);
  EXPECT_TRUE(rig.host.logged("/in/a: Permission denied; the file is tried again later"));
  rig.host.files().set_mode("/in/a", 0644);
  rig.host.clock().advance(2min);
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"secret"});
}

TEST(SpoolChanges, ends_without_a_file_that_stays_unreadable) {
  SpoolRig rig;
  rig.host.set_until_drained(true);
  rig.write("a", "secret\n");
  rig.host.files().set_mode("/in/a", 0);
  rig.start();
  int polls = 0;
  while (!rig.poll() && rig.last_code != Code::end && ++polls < 100) rig.host.clock().advance(500ms);
  EXPECT_EQ(rig.last_code, Code::end);
  EXPECT_TRUE(rig.exists("a"));
}

TEST(SpoolChanges, leaves_out_a_folder_that_cannot_be_listed) {
  SpoolRig rig;
  rig.settings.recursive = true;
  rig.write("closed/a", "1\n");
  rig.write("b", "2\n");
  rig.host.files().set_mode("/in/closed", 0);
  rig.start();
  rig.drain();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"2"});
  EXPECT_EQ(rig.host.count("files_unreadable"), 1);
}

TEST(SpoolChanges, goes_on_with_a_file_where_reading_it_failed_for_long) {
  SpoolRig rig;
  rig.settings.read_bytes = {64};
  rig.settings.order = Order::name;
  rig.write("a", std::string(63, 'a') + "\nhalf of a line" + std::string(80, 'x') + "\nlast\n");
  rig.write("b", "other\n");
  rig.start();
  ASSERT_TRUE(rig.poll());
  for (int failure = 1; failure <= 3; ++failure) {
    rig.host.files().fail_call(1, EIO);
    if (failure < 3)
      EXPECT_FALSE(rig.poll());
    else
      EXPECT_TRUE(rig.poll());
  }
  EXPECT_EQ(rig.taken_rows(), (Texts{std::string(63, 'a'), "other"}));
  rig.host.clock().advance(2min);
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.taken_rows(), (Texts{"half of a line" + std::string(80, 'x'), "last"}));
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
}

TEST(SpoolChanges, keeps_a_file_in_mind_that_cannot_be_renamed) {
  SpoolRig rig;
  rig.settings.completed = Completed::move;
  rig.settings.completed_dir = "/done";
  rig.host.files().mount("/done");
  rig.write("a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  EXPECT_TRUE(rig.exists("a"));
  EXPECT_EQ(rig.host.count("completions_failed"), 1);
  rig.start(rig.position);
  rig.host.clock().advance(2min);
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
}

TEST(SpoolChanges, stops_taking_files_when_the_folder_cannot_be_listed_and_goes_on_afterwards) {
  SpoolRig rig;
  rig.write("a", "1\n");
  rig.start();
  rig.host.files().set_mode("/in", 0);
  EXPECT_FALSE(rig.poll());
  EXPECT_EQ(rig.last_code, Code::retry);
  rig.host.files().set_mode("/in", 0755);
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
}

}  // namespace
}  // namespace levada::spool
