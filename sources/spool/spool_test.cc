// What the spool source promises of ordinary files: which it takes, when, in which order, and what becomes of them.
#include "levada/testkit/conformance.h"
#include "spool_test_bench.h"

namespace levada::spool {
namespace {

using namespace std::chrono_literals;
using testkit::texts;

TEST(Spool, makes_a_row_of_each_line_with_file_and_offset) {
  SpoolTestBench bench;
  bench.write("a.log", "first\r\n\nthe third line is longer\nno line end");
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{"first", "", "the third line is longer", "no line end"}));
  EXPECT_EQ(texts(bench.last, "offset"), (Texts{"0", "7", "8", "33"}));
  EXPECT_EQ(texts(bench.last, "file"), Texts(4, "/in/a.log"));
  EXPECT_EQ(bench.last.columns().size(), 3u);
}

TEST(Spool, puts_many_small_files_into_one_batch) {
  SpoolTestBench bench;
  for (int file = 100; file < 200; ++file) bench.write(std::to_string(file), "in " + std::to_string(file) + "\n");
  bench.settings.order = Order::name;
  bench.start();
  EXPECT_TRUE(bench.poll());
  EXPECT_EQ(bench.last.rows(), 100);
  EXPECT_EQ(texts(bench.last, "file")[99], "/in/199");
  EXPECT_EQ(bench.rows[99], "in 199");
  EXPECT_FALSE(bench.poll());
  EXPECT_EQ(bench.last_code, Code::idle);
}

TEST(Spool, gives_the_same_rows_whatever_the_size_of_its_reads) {
  std::string text;
  Texts lines;
  for (int line = 0; line < 300; ++line) {
    lines.push_back(std::string(static_cast<size_t>(line * 7 % 90), static_cast<char>('a' + line % 26)));
    text += lines.back() + (line % 3 ? "\n" : "\r\n");
  }
  for (const int64_t read_bytes : {64, 100, 256, 1000, 100000}) {
    SpoolTestBench bench;
    bench.settings.read_bytes = {read_bytes};
    bench.write("a", text);
    bench.start();
    bench.drain();
    EXPECT_EQ(bench.taken_rows(), lines) << read_bytes;
  }
}

TEST(Spool, adds_the_columns_of_its_headers) {
  SpoolTestBench bench;
  bench.settings.headers = {{"topic", "clicks"}};
  bench.settings.file_column = bench.settings.offset_column = "";
  bench.write("a", "1\n2\n");
  bench.start();
  bench.drain();
  EXPECT_EQ(texts(bench.last, "topic"), (Texts{"clicks", "clicks"}));
  EXPECT_EQ(bench.last.columns().size(), 2u);
}

TEST(Spool, renames_a_file_only_after_its_rows_were_acknowledged) {
  SpoolTestBench bench;
  bench.write("a", "1\n");
  bench.start();
  bench.drain();
  EXPECT_TRUE(bench.exists("a"));
  ASSERT_TRUE(bench.acknowledge().ok());
  EXPECT_FALSE(bench.exists("a"));
  EXPECT_EQ(bench.host.files().read_file("/in/a.COMPLETED"), "1\n");
  EXPECT_EQ(bench.host.count("files_taken"), 1);
  EXPECT_EQ(bench.host.count("files_completed"), 1);
}

TEST(Spool, does_not_rename_over_another_file) {
  SpoolTestBench bench;
  bench.write("a.COMPLETED", "older");
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.host.files().read_file("/in/a.COMPLETED"), "older");
  EXPECT_EQ(bench.host.files().read_file("/in/a.COMPLETED.1"), "1\n");
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

TEST(Spool, moves_a_file_into_a_folder_which_it_does_not_read) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::move;
  bench.settings.completed_dir = "done";
  bench.settings.recursive = true;
  bench.write("deep/a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  EXPECT_EQ(bench.host.files().read_file("/in/done/deep/a"), "1\n");
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

TEST(Spool, deletes_a_file) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::remove;
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  EXPECT_FALSE(bench.exists("a"));
}

TEST(Spool, keeps_a_file_and_remembers_it_after_a_restart) {
  SpoolTestBench bench;
  bench.settings.completed = Completed::keep;
  bench.write("a", "1\n");
  bench.start();
  bench.drain_and_acknowledge();
  EXPECT_TRUE(bench.exists("a"));
  bench.start(bench.position);
  bench.write("b", "2\n");
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
  EXPECT_EQ(bench.host.count("files_completed"), 1);
}

TEST(Spool, acknowledges_up_to_the_position_and_no_farther) {
  SpoolTestBench bench;
  bench.settings.read_bytes = {64};
  bench.settings.order = Order::name;
  bench.write("a", std::string(63, 'a') + "\n");
  bench.write("b", std::string(63, 'b') + "\n" + std::string(63, 'c') + "\n");
  bench.start();
  ASSERT_TRUE(bench.poll());
  ASSERT_TRUE(bench.poll());
  ASSERT_TRUE(bench.acknowledge().ok());
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
  EXPECT_TRUE(bench.exists("b"));
}

TEST(Spool, takes_what_its_patterns_say) {
  SpoolTestBench bench;
  bench.settings.include = {"*.log", "deep/*.txt"};
  bench.settings.ignore = {"b*", "skipped"};
  bench.settings.recursive = true;
  bench.settings.order = Order::name;
  for (const auto* name : {"a.log", "b.log", "c.txt", "deep/d.txt", "deep/e.log", "deep/er/f.txt", "skipped/g.log"})
    bench.write(name, std::string(name) + "\n");
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{"a.log", "deep/d.txt", "deep/e.log"}));
}

TEST(Spool, leaves_folders_alone_unless_asked) {
  SpoolTestBench bench;
  bench.write("deep/a", "1\n");
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{});
}

TEST(Spool, reads_files_in_order) {
  const std::pair<Order, Texts> cases[] = {
      {Order::oldest, {"b", "a", "c"}}, {Order::youngest, {"c", "a", "b"}}, {Order::name, {"a", "b", "c"}}};
  for (const auto& [order, expected] : cases) {
    SpoolTestBench bench;
    bench.settings.order = order;
    for (const auto* name : {"b", "a", "c"}) {
      bench.write(name, name);
      bench.host.clock().advance(1s);
    }
    bench.start();
    bench.drain();
    EXPECT_EQ(bench.taken_rows(), expected);
  }
}

TEST(Spool, reads_the_youngest_first_also_of_those_that_came_while_it_read) {
  SpoolTestBench bench;
  bench.settings.order = Order::youngest;
  bench.settings.read_bytes = {64};
  bench.write("a", std::string(60, 'a'));
  bench.host.clock().advance(1s);
  bench.write("b", std::string(60, 'b'));
  bench.start();
  ASSERT_TRUE(bench.poll());
  bench.host.clock().advance(1s);
  bench.write("c", std::string(60, 'c'));
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{std::string(60, 'b'), std::string(60, 'c'), std::string(60, 'a')}));
}

TEST(Spool, waits_until_a_file_has_settled) {
  SpoolTestBench bench;
  bench.settings.settle = 1s;
  bench.start();
  bench.write("a", "1\n");
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{});
  bench.append("a", "2\n");
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{});
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2"}));
}

TEST(Spool, takes_a_file_at_once_that_is_older_than_it_needs_to_settle) {
  SpoolTestBench bench;
  bench.settings.settle = 1h;
  bench.write("a", "1\n");
  bench.host.clock().advance(1h);
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

TEST(Spool, takes_a_file_whose_time_of_change_lies_in_the_future) {
  SpoolTestBench bench;
  bench.settings.settle = 1s;
  bench.write("a", "1\n");
  bench.host.files().set_modified("/in/a", bench.host.clock().now() + 24h);
  bench.start();
  bench.drain();
  bench.drain();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

TEST(Spool, waits_for_files_within_its_timeout) {
  for (const bool watching : {true, false}) {
    SpoolTestBench bench;
    bench.host.files().set_watching(watching);
    bench.start();
    bench.write("a", "1\n");
    auto batch = bench.spool->poll(watching ? 10s : 0s);
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ(texts(*batch, "body"), Texts{"1"});
  }
}

TEST(Spool, gives_idle_when_the_time_is_up) {
  SpoolTestBench bench;
  bench.start();
  const auto begun = bench.host.clock().monotonic();
  EXPECT_EQ(bench.spool->poll(2s).code(), Code::idle);
  EXPECT_EQ(bench.host.clock().monotonic() - begun, 2s);
}

TEST(Spool, ends_when_the_folder_is_drained) {
  SpoolTestBench bench;
  bench.host.set_until_drained(true);
  bench.write("a", "1\n");
  bench.write("b", "2\n");
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.last_code, Code::end);
  EXPECT_EQ(bench.taken_rows().size(), 2u);
  ASSERT_TRUE(bench.acknowledge().ok());
  EXPECT_TRUE(bench.exists("a.COMPLETED"));
  EXPECT_FALSE(bench.poll());
  EXPECT_EQ(bench.last_code, Code::end);
}

TEST(Spool, waits_for_a_file_to_settle_before_it_ends) {
  SpoolTestBench bench;
  bench.host.set_until_drained(true);
  bench.settings.settle = 2s;
  bench.write("a", "1\n");
  bench.start();
  EXPECT_FALSE(bench.poll());
  EXPECT_EQ(bench.last_code, Code::idle);
  ASSERT_TRUE(bench.spool->poll(10s).ok());
  EXPECT_EQ(bench.spool->poll(0s).code(), Code::end);
}

TEST(Spool, does_not_wait_for_ever_for_a_file_that_is_written_to_all_the_time) {
  SpoolTestBench bench;
  bench.host.set_until_drained(true);
  bench.settings.settle = 2s;
  bench.write("a", "1\n");
  bench.start();
  for (int second = 0; second < 3; ++second) {
    EXPECT_FALSE(bench.poll());
    bench.append("a", "more\n");
    bench.host.clock().advance(1s);
  }
  EXPECT_FALSE(bench.poll());
  EXPECT_EQ(bench.last_code, Code::end);
}

TEST(Spool, fails_where_its_folder_is_missing) {
  SpoolTestBench bench;
  bench.settings.path = "/elsewhere/";
  const auto opened = bench.open_at(std::nullopt);
  EXPECT_EQ(opened.code(), Code::fatal);
  EXPECT_EQ(opened.error().message,
            "the folder /elsewhere does not exist: make it, correct `path`, or set wait_for_folder = true");
}

TEST(Spool, waits_for_a_folder_that_is_missing_when_asked) {
  SpoolTestBench bench;
  bench.settings.path = "/elsewhere/";
  bench.settings.wait_for_folder = true;
  const auto opened = bench.open_at(std::nullopt);
  EXPECT_EQ(opened.code(), Code::retry);
  EXPECT_EQ(opened.error().message, "the folder /elsewhere does not exist");
  bench.host.files().write_file("/elsewhere/a", "1\n");
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), Texts{"1"});
}

TEST(Spool, fails_where_its_folder_is_a_file) {
  SpoolTestBench bench;
  bench.settings.path = "/in/a";
  bench.write("a", "1\n");
  EXPECT_EQ(bench.open_at(std::nullopt).code(), Code::fatal);
}

TEST(Spool, has_its_folder_for_itself) {
  SpoolTestBench bench;
  bench.start();
  auto other = Spool::create(bench.settings, bench.host.host());
  ASSERT_TRUE(other.ok());
  const auto opened = (*other)->open({});
  EXPECT_EQ(opened.code(), Code::fatal);
  EXPECT_NE(opened.error().message.find("/in is in use"), std::string::npos) << opened.error().message;
  bench.spool.reset();
  EXPECT_TRUE((*other)->open({}).ok());
}

TEST(Spool, refuses_settings_that_contradict_each_other) {
  const auto option_at_fault = [](auto change) {
    SpoolTestBench bench;
    change(bench.settings);
    auto made = Spool::create(bench.settings, bench.host.host());
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(option_at_fault([](auto&) {}), "none");
  EXPECT_EQ(option_at_fault([](auto& s) { s.path = ""; }), "path");
  EXPECT_EQ(option_at_fault([](auto& s) { s.include.clear(); }), "include");
  EXPECT_EQ(option_at_fault([](auto& s) { s.include = {"*", "[a"}; }), "include");
  EXPECT_EQ(option_at_fault([](auto& s) { s.include = {"[]"}; }), "include");
  EXPECT_EQ(option_at_fault([](auto& s) { s.include = {"[]a]", "[!a]", "\\[a"}; }), "none");
  EXPECT_EQ(option_at_fault([](auto& s) { s.ignore = {"a\\"}; }), "ignore");
  EXPECT_EQ(option_at_fault([](auto& s) { s.ignore = {""}; }), "ignore");
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
