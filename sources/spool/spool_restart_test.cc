// What the spool source promises across crashes and failures: no row lost, none twice, the same order again.
#include <algorithm>
#include <functional>

#include "spool_rig.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;

TEST(SpoolRestart, goes_on_from_every_position_with_the_same_rows) {
  SpoolRig reference;
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
  SpoolRig rig;
  rig.settings.order = Order::name;
  rig.settings.read_bytes = {64};
  rig.write("b", std::string(60, 'b') + "\n" + std::string(60, 'B') + "\n");
  rig.write("d", "d\n");
  rig.start();
  ASSERT_TRUE(rig.poll());
  const auto first = rig.position;
  rig.drain();
  rig.append("b", "tail of b\n");
  rig.drain();
  const auto before = rig.taken_rows();
  rig.write("a", "a\n");
  rig.append("d", "tail of d\n");
  rig.start(first);
  rig.drain();
  const auto after = rig.taken_rows();
  ASSERT_GE(after.size(), before.size() - 1);
  EXPECT_EQ(Texts(after.begin(), after.begin() + 3), Texts(before.begin() + 1, before.end()));
  EXPECT_EQ(Texts(after.begin() + 3, after.end()), (Texts{"a", "tail of d"}));
}

TEST(SpoolRestart, completes_files_whose_rows_were_stored_before_the_crash) {
  SpoolRig rig;
  const auto lines = rig.fill_with_five_files();
  rig.start();
  rig.drain();
  // Downstream has all of it, and the crash comes before it says so.
  rig.host.files().crash();
  rig.start(rig.position);
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
  EXPECT_TRUE(rig.exists("c.COMPLETED"));
  EXPECT_TRUE(rig.exists("d/e.COMPLETED"));
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), lines);
}

TEST(SpoolRestart, counts_a_file_once_that_was_completed_before_the_restart) {
  SpoolRig rig;
  rig.write("a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  rig.start(rig.position);
  rig.drain();
  EXPECT_EQ(rig.host.count("files_completed"), 1);
  EXPECT_EQ(rig.host.count("files_vanished"), 0);
}

TEST(SpoolRestart, goes_on_by_the_position_alone_when_its_journal_is_lost) {
  SpoolRig rig;
  rig.settings.read_bytes = {64};
  rig.write("a", std::string(60, 'a') + "\n" + std::string(60, 'A') + "\n");
  rig.start();
  ASSERT_TRUE(rig.poll());
  rig.host.files().remove_file(rig.host.data_dir() + "/journal");
  rig.start(rig.position);
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.taken_rows(), (Texts{std::string(60, 'a'), std::string(60, 'A')}));
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
}

TEST(SpoolRestart, counts_files_that_vanished_were_replaced_or_shrank_while_it_was_down) {
  const std::pair<const char*, std::function<void(SpoolRig&)>> cases[] = {
      {"files_vanished", [](SpoolRig& rig) { rig.host.files().remove_file("/in/a"); }},
      {"files_replaced",
       [](SpoolRig& rig) {
         rig.host.files().remove_file("/in/a");
         rig.write("a", "new\n");
       }},
      {"files_replaced", [](SpoolRig& rig) { rig.write("a", "written anew\n"); }},
      {"files_shrunk", [](SpoolRig& rig) { rig.write("a", std::string(1200, 'a')); }},
  };
  for (const auto& [counter, change] : cases) {
    SpoolRig rig;
    rig.settings.read_bytes = {2048};
    rig.write("a", std::string(1900, 'a') + "\n" + std::string(60, 'A') + "\n" + std::string(2000, 'A') + "\n");
    rig.start();
    ASSERT_TRUE(rig.poll());
    change(rig);
    rig.host.clock().advance(1s);
    rig.write("b", "other\n");
    rig.start(rig.position);
    rig.drain_and_acknowledge();
    rig.drain();
    EXPECT_EQ(rig.host.count(counter), 1) << counter;
    EXPECT_NE(std::find(rig.rows.begin(), rig.rows.end(), "other"), rig.rows.end());
    if (rig.host.files().exists("/in/a.COMPLETED")) {
      EXPECT_EQ(rig.rows.size(), 4u) << "the new content must be read";
    }
  }
}

TEST(SpoolRestart, does_not_read_again_what_was_acknowledged_when_downstream_forgets) {
  SpoolRig rig;
  rig.settings.completed = Completed::keep;
  rig.write("a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  const auto old_position = R"({"pass":0})";
  rig.write("b", "2\n");
  rig.drain();
  rig.taken_rows();
  rig.start();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"2"}) << "b was not acknowledged";
  rig.start(old_position);
  EXPECT_TRUE(rig.host.logged("downstream goes back"));
}

TEST(SpoolRestart, leaves_out_a_position_and_journal_lines_that_make_no_sense) {
  SpoolRig rig;
  rig.host.files().write_file(rig.host.data_dir() + "/journal",
                              "{\"folder\":\"/in\"}\nnonsense\n{\"acknowledged\":3}\n{\"pass\":");
  rig.write("a", "1\n");
  rig.start("kafka:17");
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
  EXPECT_TRUE(rig.host.logged("1 lines of"));
  EXPECT_TRUE(rig.host.logged("kafka:17"));
  rig.start(rig.position);
}

TEST(SpoolRestart, forgets_what_it_knew_of_another_folder) {
  SpoolRig rig;
  rig.settings.completed = Completed::keep;
  rig.write("a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  rig.settings.path = "/other";
  rig.host.files().write_file("/other/a", "2\n");
  for (int start = 0; start < 2; ++start) {
    rig.start(rig.position);
    rig.drain_and_acknowledge();
  }
  EXPECT_EQ(rig.taken_rows(), (Texts{"1", "2"}));
}

TEST(SpoolRestart, refuses_an_acknowledgement_that_is_not_its_own) {
  SpoolRig rig;
  rig.start();
  EXPECT_EQ(rig.spool->acknowledge("", "nonsense").code(), Code::fatal);
}

}  // namespace
}  // namespace levada::spool
