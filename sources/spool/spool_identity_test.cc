// Files are known by what they are: names change, come again and are swapped, and inodes are used again.
#include "spool_test_bench.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;

const std::string kHeader = std::string(1100, 'h') + "\n";

// A file that comes at the place of another: the same name and the same inode.
void put_in_place(SpoolTestBench& bench, const std::string& name, std::string_view text) {
  auto& files = bench.host.files();
  files.reuse_inode(files.inode("/in/" + name));
  files.remove_file("/in/" + name);
  bench.write(name, text);
}

void swap(SpoolTestBench& bench, const std::string& a, const std::string& b) {
  auto& files = bench.host.files();
  files.rename_file("/in/" + a, "/in/aside.tmp");
  files.rename_file("/in/" + b, "/in/" + a);
  files.rename_file("/in/aside.tmp", "/in/" + b);
}

TEST(SpoolIdentity, reads_kept_files_once_that_are_rotated) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.write("log", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  Texts expected{"1"};
  for (int generation = 2; generation < 6; ++generation) {
    for (int old = generation; old > 1; --old)
      bench.host.files().rename_file("/in/log." + std::to_string(old - 1), "/in/log." + std::to_string(old));
    // The writer notices late.
    bench.append("log", std::to_string(generation) + " late\n");
    bench.host.files().rename_file("/in/log", "/in/log.1");
    bench.host.clock().advance(1s);
    bench.write("log", std::to_string(generation) + "\n");
    bench.settings.order = Order::oldest;
    if (generation % 2) bench.start(bench.position);
    bench.drain_and_acknowledge();
    expected.push_back(std::to_string(generation) + " late");
    expected.push_back(std::to_string(generation));
  }
  EXPECT_EQ(bench.taken_rows(), expected);
}

TEST(SpoolIdentity, reads_files_once_whose_names_are_swapped) {
  for (const auto completed : {Completed::keep, Completed::rename}) {
    for (const bool restart : {false, true}) {
      SpoolTestBench bench;
      bench.settings.completed = completed;
      bench.write("a", "1\n");
      bench.write("b", "2 longer\n");
      bench.start();
      bench.drain();
      swap(bench, "a", "b");
      if (restart) bench.start(bench.position);
      bench.drain_and_acknowledge();
      bench.drain_and_acknowledge();
      EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2 longer"}));
      if (completed == Completed::rename) {
        EXPECT_EQ(bench.host.files().read_file("/in/a.COMPLETED"), "2 longer\n");
        EXPECT_EQ(bench.host.files().read_file("/in/b.COMPLETED"), "1\n");
      }
    }
  }
}

TEST(SpoolIdentity, goes_on_with_files_that_were_renamed_while_it_was_down) {
  SpoolTestBench bench;
  bench.settings.read_bytes = {64};
  bench.settings.include = {"*.log"};
  bench.write("a.log", std::string(60, '1') + "\n" + std::string(60, '2') + "\n" + std::string(60, '3') + "\n");
  bench.start();
  ASSERT_TRUE(bench.poll());
  bench.host.files().rename_file("/in/a.log", "/in/a.log.1");
  bench.write("a.log", "new\n");
  bench.start(bench.position);
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{std::string(60, '1'), std::string(60, '2'), std::string(60, '3'), "new"}));
}

TEST(SpoolIdentity, does_not_read_again_what_was_renamed_before_it_was_acknowledged) {
  for (const auto completed : {Completed::rename, Completed::remove, Completed::keep}) {
    for (const bool restart : {false, true}) {
      SpoolTestBench bench;
      bench.settings.completed = completed;
      bench.write("a", "1\n");
      bench.start();
      bench.drain();
      bench.host.files().rename_file("/in/a", "/in/b");
      bench.write("a", "2\n");
      if (restart) bench.start(bench.position);
      ASSERT_TRUE(bench.acknowledge().ok());
      bench.drain_and_acknowledge();
      bench.drain_and_acknowledge();
      EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
      EXPECT_EQ(bench.exists("a"), completed == Completed::keep);
      EXPECT_EQ(bench.exists("b"), completed == Completed::keep);
    }
  }
}

TEST(SpoolIdentity, knows_its_folder_by_another_path) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  bench.settings.path = "/./in/.";
  bench.start(bench.position);
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

TEST(SpoolIdentity, reads_a_new_file_with_name_inode_and_beginning_of_one_that_was_read) {
  for (const bool births : {true, false}) {
    SpoolTestBench bench;
    bench.settings.completed = Completed::keep;
    bench.host.files().set_births(births);
    bench.write("a", kHeader + "1\n");
    bench.start();
    bench.drain_and_acknowledge();
    bench.host.clock().advance(1s);
    put_in_place(bench, "a", kHeader + "2\n3\n");
    bench.drain_and_acknowledge();
    const auto header = kHeader.substr(0, kHeader.size() - 1);
    EXPECT_EQ(bench.taken_rows(), (Texts{header, "1", header, "2", "3"}));
  }
}

TEST(SpoolIdentity, reads_a_new_file_in_the_place_of_one_that_was_being_read_when_it_stopped) {
  for (const bool births : {true, false}) {
    SpoolTestBench bench;
    bench.host.files().set_births(births);
    bench.settings.read_bytes = {2048};
    bench.write("a", kHeader + std::string(500, '1') + "\n" + std::string(2000, '2') + "\n");
    bench.start();
    ASSERT_TRUE(bench.poll());
    put_in_place(bench, "a", kHeader + std::string(500, '3') + "\n" + std::string(2000, '4') + "\n");
    bench.taken_rows();
    bench.start(bench.position);
    bench.drain_and_acknowledge();
    bench.drain_and_acknowledge();
    EXPECT_EQ(bench.taken_rows(), (Texts{kHeader.substr(0, 1100), std::string(500, '3'), std::string(2000, '4')}));
    EXPECT_EQ(bench.host.count("files_replaced"), 1);
  }
}

TEST(SpoolIdentity, reads_all_of_a_file_that_was_emptied_and_has_grown_again) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.write("a", kHeader + "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  bench.taken_rows();
  bench.host.clock().advance(1s);
  // The inode stays, as with copytruncate.
  bench.write("a", kHeader + "2\n3\n");
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{kHeader.substr(0, 1100), "2", "3"}));
  EXPECT_TRUE(bench.host.logged("/in/a was written anew after it had been read"));
}

TEST(SpoolIdentity, counts_and_reports_files_that_cannot_be_told_apart_for_sure) {
  for (const bool births : {true, false}) {
    SpoolTestBench bench;
    bench.settings.completed = Completed::keep;
    bench.host.files().set_births(births);
    bench.write("a", "1\n");
    bench.start();
    bench.drain_and_acknowledge();
    bench.append("a", "2\n");
    bench.drain_and_acknowledge();
    bench.append("a", "3\n");
    bench.drain_and_acknowledge();
    EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2", "3"}));
    EXPECT_EQ(bench.host.count("files_not_told_apart"), births ? 0 : 2);
    EXPECT_EQ(bench.host.logged("/in/a is taken for the file that was read before"), !births);
  }
}

TEST(SpoolIdentity, reads_a_file_once_for_each_of_its_names) {
  for (const auto completed : {Completed::keep, Completed::rename}) {
    SpoolTestBench bench;
    bench.settings.completed = completed;
    bench.settings.settle = 1s;
    bench.write("a", "1\n");
    const auto* files = bench.host.files().table();
    ASSERT_EQ(files->link(files->context, "/in/a", "/in/b"), 0);
    bench.host.clock().advance(1s);
    bench.start();
    bench.drain_and_acknowledge();
    bench.start(bench.position);
    bench.drain();
    EXPECT_EQ(bench.taken_rows(), (Texts{"1", "1"}));
    EXPECT_EQ(bench.exists("a.COMPLETED") && bench.exists("b.COMPLETED"), completed == Completed::rename);
  }
}

}  // namespace
}  // namespace levada::spool
