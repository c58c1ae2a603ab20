// What the spool source promises across crashes and failures: no row lost, none
// twice, the same order again.
#include <algorithm>
#include <functional>

#include "spool_test_bench.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;

TEST(SpoolRestart, goes_on_from_every_position_with_the_same_rows) {
  SpoolTestBench reference;
  const auto lines = reference.fill_with_five_files();
  std::vector<std::pair<std::string, size_t>> positions;
  reference.start();
  while (reference.poll()) positions.emplace_back(reference.position, reference.rows.size());
  ASSERT_EQ(reference.rows, lines);
  ASSERT_GT(positions.size(), 5u);
  for (const auto& [position, rows] : positions) {
    // From the middle, and with other instances having read farther before.
    reference.start(position);
    reference.taken_rows();
    reference.drain();
    EXPECT_EQ(reference.taken_rows(), Texts(lines.begin() + static_cast<std::ptrdiff_t>(rows), lines.end()))
        << position;
  }
}

TEST(SpoolRestart, repeats_the_order_although_files_came_in_between) {
  SpoolTestBench bench;
  bench.settings.order = Order::name;
  bench.settings.read_bytes = {64};
  bench.write("b", std::string(60, 'b') + "\n" + std::string(60, 'B') + "\n");
  bench.write("d", "d\n");
  bench.start();
  ASSERT_TRUE(bench.poll());
  const auto first = bench.position;
  bench.drain();
  bench.append("b", "tail of b\n");
  bench.drain();
  const auto before = bench.taken_rows();
  bench.write("a", "a\n");
  bench.append("d", "tail of d\n");
  bench.start(first);
  bench.drain();
  const auto after = bench.taken_rows();
  ASSERT_GE(after.size(), before.size() - 1);
  EXPECT_EQ(Texts(after.begin(), after.begin() + 3), Texts(before.begin() + 1, before.end()));
  EXPECT_EQ(Texts(after.begin() + 3, after.end()), (Texts{"a", "tail of d"}));
}

TEST(SpoolRestart, completes_files_whose_rows_were_stored_before_the_crash) {
  SpoolTestBench bench;
  const auto lines = bench.fill_with_five_files();
  bench.start();
  bench.drain();
  // Downstream has all of it, and the crash comes before it says so.
  bench.host.files().crash();
  bench.start(bench.position);
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
  EXPECT_TRUE(bench.exists("c.COMPLETED"));
  EXPECT_TRUE(bench.exists("d/e.COMPLETED"));
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), lines);
}

TEST(SpoolRestart, counts_a_file_once_that_was_completed_before_the_restart) {
  SpoolTestBench bench;
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  bench.start(bench.position);
  bench.drain();
  EXPECT_EQ(bench.host.count("files_completed"), 1);
  EXPECT_EQ(bench.host.count("files_vanished"), 0);
}

TEST(SpoolRestart, goes_on_by_the_position_alone_when_its_journal_is_lost) {
  SpoolTestBench bench;
  bench.settings.read_bytes = {64};
  bench.write("a", std::string(60, 'a') + "\n" + std::string(60, 'A') + "\n");
  bench.start();
  ASSERT_TRUE(bench.poll());
  bench.host.files().remove_file(bench.host.data_dir() + "/journal");
  bench.start(bench.position);
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), (Texts{std::string(60, 'a'), std::string(60, 'A')}));
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
}

TEST(SpoolRestart, counts_files_that_vanished_were_replaced_or_shrank_while_it_was_down) {
  const std::pair<const char*, std::function<void(SpoolTestBench&)>> cases[] = {
      {"files_vanished", [](SpoolTestBench& bench) { bench.host.files().remove_file("/in/a"); }},
      {"files_replaced",
       [](SpoolTestBench& bench) {
         bench.host.files().remove_file("/in/a");
         bench.write("a", "new\n");
       }},
      {"files_replaced", [](SpoolTestBench& bench) { bench.write("a", "written anew\n"); }},
      {"files_shrunk", [](SpoolTestBench& bench) { bench.write("a", std::string(1200, 'a')); }},
  };
  for (const auto& [counter, change] : cases) {
    SpoolTestBench bench;
    bench.settings.read_bytes = {2048};
    bench.write("a", std::string(1900, 'a') + "\n" + std::string(60, 'A') + "\n" + std::string(2000, 'A') + "\n");
    bench.start();
    ASSERT_TRUE(bench.poll());
    change(bench);
    bench.host.clock().advance(1s);
    bench.write("b", "other\n");
    bench.start(bench.position);
    bench.drain_and_acknowledge();
    bench.drain();
    EXPECT_EQ(bench.host.count(counter), 1) << counter;
    EXPECT_NE(std::find(bench.rows.begin(), bench.rows.end(), "other"), bench.rows.end());
    if (bench.host.files().exists("/in/a.COMPLETED")) {
      EXPECT_EQ(bench.rows.size(), 4u) << "the new content must be read";
    }
  }
}

TEST(SpoolRestart, does_not_read_again_what_was_acknowledged_when_downstream_forgets) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  const auto old_position = R"({"pass":0})";
  bench.write("b", "2\n");
  bench.drain();
  bench.taken_rows();
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"2"}) << "b was not acknowledged";
  bench.start(old_position);
  EXPECT_TRUE(bench.host.logged("downstream goes back"));
}

TEST(SpoolRestart, leaves_out_a_position_and_journal_lines_that_make_no_sense) {
  SpoolTestBench bench;
  bench.host.files().write_file(bench.host.data_dir() + "/journal",
                                "{\"folder\":\"/in\"}\nnonsense\n{\"acknowledged\":3}\n{\"pass\":");
  bench.write("a", "1\n");
  bench.start("kafka:17");
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
  EXPECT_TRUE(bench.host.logged("1 lines of"));
  EXPECT_TRUE(bench.host.logged("kafka:17"));
  bench.start(bench.position);
}

TEST(SpoolRestart, forgets_what_it_knew_of_another_folder) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  bench.settings.path = "/other";
  bench.host.files().write_file("/other/a", "2\n");
  for (int start = 0; start < 2; ++start) {
    bench.start(bench.position);
    bench.drain_and_acknowledge();
  }
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
}

TEST(SpoolRestart, refuses_an_acknowledgement_that_is_not_its_own) {
  SpoolTestBench bench;
  bench.start();
  EXPECT_EQ(bench.spool->acknowledge("", "nonsense").code(), Code::fatal);
}

}  // namespace
}  // namespace levada::spool
