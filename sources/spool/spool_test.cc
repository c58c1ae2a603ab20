// What the spool source promises of ordinary files: which it takes, when, in which order, and what becomes of them.
#include "levada/testkit/conformance.h"
#include "spool_rig.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;
using testkit::texts;

TEST(Spool, makes_a_row_of_each_line_with_file_and_offset) {
  SpoolRig rig;
  rig.write("a.log", "first\r\n\nthe third line is longer\nno line end");
  rig.start();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{"first", "", "the third line is longer", "no line end"}));
  EXPECT_EQ(texts(rig.last, "offset"), (Texts{"0", "7", "8", "33"}));
  EXPECT_EQ(texts(rig.last, "file"), Texts(4, "/in/a.log"));
  EXPECT_EQ(rig.last.columns().size(), 3u);
}

TEST(Spool, puts_many_small_files_into_one_batch) {
  SpoolRig rig;
  for (int file = 100; file < 200; ++file) rig.write(std::to_string(file), "in " + std::to_string(file) + "\n");
  rig.settings.order = Order::name;
  rig.start();
  EXPECT_TRUE(rig.poll());
  EXPECT_EQ(rig.last.rows(), 100);
  EXPECT_EQ(texts(rig.last, "file")[99], "/in/199");
  EXPECT_EQ(rig.rows[99], "in 199");
  EXPECT_FALSE(rig.poll());
  EXPECT_EQ(rig.last_code, Code::idle);
}

TEST(Spool, gives_the_same_rows_whatever_the_size_of_its_reads) {
  std::string text;
  Texts lines;
  for (int line = 0; line < 300; ++line) {
    lines.push_back(std::string(static_cast<size_t>(line * 7 % 90), static_cast<char>('a' + line % 26)));
    text += lines.back() + (line % 3 ? "\n" : "\r\n");
  }
  for (const int64_t read_bytes : {64, 100, 256, 1000, 100000}) {
    SpoolRig rig;
    rig.settings.read_bytes = {read_bytes};
    rig.write("a", text);
    rig.start();
    rig.drain();
    EXPECT_EQ(rig.taken_rows(), lines) << read_bytes;
  }
}

TEST(Spool, adds_the_columns_of_its_headers) {
  SpoolRig rig;
  rig.settings.headers = {{"topic", "clicks"}};
  rig.settings.file_column = rig.settings.offset_column = "";
  rig.write("a", "1\n2\n");
  rig.start();
  rig.drain();
  EXPECT_EQ(texts(rig.last, "topic"), (Texts{"clicks", "clicks"}));
  EXPECT_EQ(rig.last.columns().size(), 2u);
}

TEST(Spool, renames_a_file_only_after_its_rows_were_acknowledged) {
  SpoolRig rig;
  rig.write("a", "1\n");
  rig.start();
  rig.drain();
  EXPECT_TRUE(rig.exists("a"));
  ASSERT_TRUE(rig.acknowledge().ok());
  EXPECT_FALSE(rig.exists("a"));
  EXPECT_EQ(rig.host.files().read_file("/in/a.COMPLETED"), "1\n");
  EXPECT_EQ(rig.host.count("files_taken"), 1);
  EXPECT_EQ(rig.host.count("files_completed"), 1);
}

TEST(Spool, does_not_rename_over_another_file) {
  SpoolRig rig;
  rig.write("a.COMPLETED", "older");
  rig.write("a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.host.files().read_file("/in/a.COMPLETED"), "older");
  EXPECT_EQ(rig.host.files().read_file("/in/a.COMPLETED.1"), "1\n");
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
}

TEST(Spool, moves_a_file_into_a_folder_which_it_does_not_read) {
  SpoolRig rig;
  rig.settings.completed = Completed::move;
  rig.settings.completed_dir = "done";
  rig.settings.recursive = true;
  rig.write("deep/a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  EXPECT_EQ(rig.host.files().read_file("/in/done/deep/a"), "1\n");
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
}

TEST(Spool, deletes_a_file) {
  SpoolRig rig;
  rig.settings.completed = Completed::remove;
  rig.write("a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  EXPECT_FALSE(rig.exists("a"));
}

TEST(Spool, keeps_a_file_and_remembers_it_after_a_restart) {
  SpoolRig rig;
  rig.settings.completed = Completed::keep;
  rig.write("a", "1\n");
  rig.start();
  rig.drain_and_acknowledge();
  EXPECT_TRUE(rig.exists("a"));
  rig.start(rig.position);
  rig.write("b", "2\n");
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{"1", "2"}));
  EXPECT_EQ(rig.host.count("files_completed"), 1);
}

TEST(Spool, acknowledges_up_to_the_position_and_no_farther) {
  SpoolRig rig;
  rig.settings.read_bytes = {64};
  rig.settings.order = Order::name;
  rig.write("a", std::string(63, 'a') + "\n");
  rig.write("b", std::string(63, 'b') + "\n" + std::string(63, 'c') + "\n");
  rig.start();
  ASSERT_TRUE(rig.poll());
  ASSERT_TRUE(rig.poll());
  ASSERT_TRUE(rig.acknowledge().ok());
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
  EXPECT_TRUE(rig.exists("b"));
}

TEST(Spool, takes_what_its_patterns_say) {
  SpoolRig rig;
  rig.settings.include = {"*.log", "deep/*.txt"};
  rig.settings.ignore = {"b*", "skipped"};
  rig.settings.recursive = true;
  rig.settings.order = Order::name;
  for (const auto* name : {"a.log", "b.log", "c.txt", "deep/d.txt", "deep/e.log", "deep/er/f.txt", "skipped/g.log"})
    rig.write(name, std::string(name) + "\n");
  rig.start();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{"a.log", "deep/d.txt", "deep/e.log"}));
}

TEST(Spool, leaves_folders_alone_unless_asked) {
  SpoolRig rig;
  rig.write("deep/a", "1\n");
  rig.start();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{});
}

TEST(Spool, reads_files_in_order) {
  const std::pair<Order, Texts> cases[] = {
      {Order::oldest, {"b", "a", "c"}}, {Order::youngest, {"c", "a", "b"}}, {Order::name, {"a", "b", "c"}}};
  for (const auto& [order, expected] : cases) {
    SpoolRig rig;
    rig.settings.order = order;
    for (const auto* name : {"b", "a", "c"}) {
      rig.write(name, name);
      rig.host.clock().advance(1s);
    }
    rig.start();
    rig.drain();
    EXPECT_EQ(rig.taken_rows(), expected);
  }
}

TEST(Spool, reads_the_youngest_first_also_of_those_that_came_while_it_read) {
  SpoolRig rig;
  rig.settings.order = Order::youngest;
  rig.settings.read_bytes = {64};
  rig.write("a", std::string(60, 'a'));
  rig.host.clock().advance(1s);
  rig.write("b", std::string(60, 'b'));
  rig.start();
  ASSERT_TRUE(rig.poll());
  rig.host.clock().advance(1s);
  rig.write("c", std::string(60, 'c'));
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{std::string(60, 'b'), std::string(60, 'c'), std::string(60, 'a')}));
}

TEST(Spool, waits_until_a_file_has_settled) {
  SpoolRig rig;
  rig.settings.settle = 1s;
  rig.start();
  rig.write("a", "1\n");
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{});
  rig.append("a", "2\n");
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{});
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), (Texts{"1", "2"}));
}

TEST(Spool, takes_a_file_at_once_that_is_older_than_it_needs_to_settle) {
  SpoolRig rig;
  rig.settings.settle = 1h;
  rig.write("a", "1\n");
  rig.host.clock().advance(1h);
  rig.start();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
}

TEST(Spool, takes_a_file_whose_time_of_change_lies_in_the_future) {
  SpoolRig rig;
  rig.settings.settle = 1s;
  rig.write("a", "1\n");
  rig.host.files().set_modified("/in/a", rig.host.clock().now() + 24h);
  rig.start();
  rig.drain();
  rig.drain();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
}

TEST(Spool, waits_for_files_within_its_timeout) {
  for (const bool watching : {true, false}) {
    SpoolRig rig;
    rig.host.files().set_watching(watching);
    rig.start();
    rig.write("a", "1\n");
    auto batch = rig.spool->poll(watching ? 10s : 0s);
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ(texts(*batch, "body"), Texts{"1"});
  }
}

TEST(Spool, gives_idle_when_the_time_is_up) {
  SpoolRig rig;
  rig.start();
  const auto begun = rig.host.clock().monotonic();
  EXPECT_EQ(rig.spool->poll(2s).code(), Code::idle);
  EXPECT_EQ(rig.host.clock().monotonic() - begun, 2s);
}

TEST(Spool, ends_when_the_folder_is_drained) {
  SpoolRig rig;
  rig.host.set_until_drained(true);
  rig.write("a", "1\n");
  rig.write("b", "2\n");
  rig.start();
  rig.drain();
  EXPECT_EQ(rig.last_code, Code::end);
  EXPECT_EQ(rig.taken_rows().size(), 2u);
  ASSERT_TRUE(rig.acknowledge().ok());
  EXPECT_TRUE(rig.exists("a.COMPLETED"));
  EXPECT_FALSE(rig.poll());
  EXPECT_EQ(rig.last_code, Code::end);
}

TEST(Spool, waits_for_a_file_to_settle_before_it_ends) {
  SpoolRig rig;
  rig.host.set_until_drained(true);
  rig.settings.settle = 2s;
  rig.write("a", "1\n");
  rig.start();
  EXPECT_FALSE(rig.poll());
  EXPECT_EQ(rig.last_code, Code::idle);
  ASSERT_TRUE(rig.spool->poll(10s).ok());
  EXPECT_EQ(rig.spool->poll(0s).code(), Code::end);
}

TEST(Spool, does_not_wait_for_ever_for_a_file_that_is_written_to_all_the_time) {
  SpoolRig rig;
  rig.host.set_until_drained(true);
  rig.settings.settle = 2s;
  rig.write("a", "1\n");
  rig.start();
  for (int second = 0; second < 3; ++second) {
    EXPECT_FALSE(rig.poll());
    rig.append("a", "more\n");
    rig.host.clock().advance(1s);
  }
  EXPECT_FALSE(rig.poll());
  EXPECT_EQ(rig.last_code, Code::end);
}

TEST(Spool, asks_for_a_folder_that_is_missing) {
  SpoolRig rig;
  rig.settings.path = "/elsewhere/";
  const auto opened = rig.open_at(std::nullopt);
  EXPECT_EQ(opened.code(), Code::retry);
  EXPECT_EQ(opened.error().message, "the folder /elsewhere does not exist: make it, or correct `path`");
  rig.host.files().write_file("/elsewhere/a", "1\n");
  rig.start();
  rig.drain();
  EXPECT_EQ(rig.taken_rows(), Texts{"1"});
}

TEST(Spool, refuses_settings_that_contradict_each_other) {
  const auto option_at_fault = [](auto change) {
    SpoolRig rig;
    change(rig.settings);
    auto made = Spool::create(rig.settings, rig.host.host());
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(option_at_fault([](auto&) {}), "none");
  EXPECT_EQ(option_at_fault([](auto& s) { s.path = ""; }), "path");
  EXPECT_EQ(option_at_fault([](auto& s) { s.include.clear(); }), "include");
  EXPECT_EQ(option_at_fault([](auto& s) { s.settle = -1s; }), "settle");
  EXPECT_EQ(option_at_fault([](auto& s) { s.poll_interval = 0s; }), "poll_interval");
  EXPECT_EQ(option_at_fault([](auto& s) { s.completed_suffix = ""; }), "completed_suffix");
  EXPECT_EQ(option_at_fault([](auto& s) { s.completed = Completed::move; }), "completed_dir");
  EXPECT_EQ(option_at_fault([](auto& s) { s.completed_dir = "done"; }), "completed_dir");
  EXPECT_EQ(option_at_fault([](auto& s) {
              s.completed = Completed::move;
              s.completed_dir = "/in/";
            }),
            "completed_dir");
  EXPECT_EQ(option_at_fault([](auto& s) { s.line_bytes = {0}; }), "line_bytes");
  EXPECT_EQ(option_at_fault([](auto& s) { s.read_bytes = {1}; }), "read_bytes");
  EXPECT_EQ(option_at_fault([](auto& s) {
              s.rows = Rows::json;
              s.long_lines = LongLines::split;
            }),
            "long_lines");
  EXPECT_EQ(option_at_fault([](auto& s) { s.file_column = "body"; }), "file_column");
  EXPECT_EQ(option_at_fault([](auto& s) { s.offset_column = "file"; }), "offset_column");
  EXPECT_EQ(option_at_fault([](auto& s) { s.headers = {{"reason", "x"}}; }), "headers.reason");
}

LEVADA_CONFORMANCE(spool, [] {
  auto tested = testkit::subject("spool", "path = \"/in\"\nrecursive = true\nread_bytes = 256");
  tested.prepare = [](testkit::FakeHost& host) {
    std::string text;
    for (int line = 0; line < 60; ++line)
      text += std::to_string(line) + std::string(static_cast<size_t>(line * 3), '.') + "\n";
    host.files().write_file("/in/a", text);
    host.files().write_file("/in/empty", "");
    host.files().write_file("/in/deep/b", "no line end");
    host.clock().advance(2s);
  };
  tested.refused = {{"path = \"\"", "path"}, {"path = \"/in\"\nrows = \"json\"\nlong_lines = \"split\"", "long_lines"}};
  return tested;
});

}  // namespace
}  // namespace levada::spool
