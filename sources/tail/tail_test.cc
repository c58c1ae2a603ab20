// What the tail source promises, while files grow.
#include "tail_test_bench.h"

namespace levada::tail {
namespace {

using namespace std::chrono_literals;
using testkit::texts;

TEST_F(TailTestBench, gives_lines_as_they_come_and_what_is_no_line_yet_later) {
  write("/log/a.log", "one\ntwo\nthr");
  start();
  EXPECT_EQ(read(), (Texts{"one", "two"}));
  EXPECT_EQ(texts(last, "file"), (Texts{"/log/a.log", "/log/a.log"}));
  EXPECT_EQ(texts(last, "offset"), (Texts{"0", "4"}));
  append("/log/a.log", "ee\r\n\nfive\n");
  EXPECT_EQ(read(), (Texts{"three", "", "five"}));
  EXPECT_EQ(texts(last, "offset"), (Texts{"8", "15", "16"}));
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(host.count("files_found"), 1);
}

TEST_F(TailTestBench, at_the_first_start_files_begin_at_their_end_and_later_ones_at_their_beginning) {
  settings.start = Tail::Start::end;
  write("/log/a.log", "old\n");
  start();
  EXPECT_EQ(read(), Texts());
  append("/log/a.log", "new\n");
  write("/log/b.log", "first\n");
  EXPECT_EQ(read(), (Texts{"new", "first"}));
  write("/log/c.log", "while away\n");
  start();
  EXPECT_EQ(read(), Texts{"while away"});
}

// A batch without rows says where the stream begins; the agent goes back there.
TEST_F(TailTestBench, a_restart_before_the_first_commit_loses_nothing) {
  settings.start = Tail::Start::end;
  write("/log/a.log", "old\n");
  start();
  EXPECT_EQ(read(300ms), Texts());
  ASSERT_EQ(positions.size(), 1u);
  const auto begin = positions;
  append("/log/a.log", "new\n");
  EXPECT_EQ(read(), Texts{"new"});
  positions = begin;
  start();
  EXPECT_EQ(read(), Texts{"new"});
}

TEST_F(TailTestBench, goes_on_at_any_position_that_it_gave) {
  settings.read_bytes = {64};
  std::string text;
  Texts lines;
  for (int line = 0; line < 50; ++line) {
    lines.push_back("line " + std::to_string(line));
    text += lines.back() + "\n";
  }
  write("/log/a.log", text);
  start();
  std::vector<std::pair<size_t, std::string>> given;
  size_t rows = 0;
  while (rows < lines.size()) {
    const auto batch = tail->poll(100ms);
    ASSERT_TRUE(batch) << batch.error().message;
    rows += static_cast<size_t>(batch->rows());
    given.emplace_back(rows, batch->position);
  }
  EXPECT_GT(given.size(), 5u);
  for (const auto& [count, position] : given) {
    positions["/log/a.log"] = position;
    start();
    EXPECT_EQ(read(300ms), Texts(lines.begin() + static_cast<std::ptrdiff_t>(count), lines.end()));
  }
}

TEST_F(TailTestBench, each_path_is_a_stream_of_its_own) {
  for (int file = 0; file < 20; ++file) write("/log/" + std::to_string(file) + ".log", "1\n2\n");
  start();
  EXPECT_EQ(read().size(), 40u);
  EXPECT_EQ(positions.size(), 20u);
}

TEST_F(TailTestBench, no_more_files_than_allowed_are_held_open) {
  settings.max_open_files = 3;
  for (int file = 0; file < 20; ++file) write("/log/" + std::to_string(file) + ".log", "1\n");
  start();
  EXPECT_EQ(read().size(), 20u);
  EXPECT_LE(host.files().open_handles(), 6) << "and a watch, and the one at hand";
  for (int file = 0; file < 20; ++file) append("/log/" + std::to_string(file) + ".log", "2\n");
  EXPECT_EQ(read().size(), 20u);
}

TEST_F(TailTestBench, lines_that_are_too_long_are_rejected_or_split) {
  settings.line_bytes = {10};
  settings.read_bytes = {64};
  write("/log/a.log", std::string(200, 'x') + "\nshort\n");
  start();
  EXPECT_EQ(read(), (Texts{"xxxxxxxxxx", "short"}));
  EXPECT_EQ(host.count("lines_too_long"), 1);
}

TEST_F(TailTestBench, a_second_name_of_a_file_is_no_other_file) {
  write("/log/a.log", "one\n");
  const auto* files = host.files().table();
  ASSERT_EQ(files->link(files->context, "/log/a.log", "/log/b.log"), 0);
  start();
  EXPECT_EQ(read(), Texts{"one"});
}

TEST_F(TailTestBench, ends_when_all_is_read_where_the_agent_does_and_gives_the_last_line) {
  host.set_until_drained(true);
  write("/log/a.log", "one\ntwo");
  start();
  EXPECT_EQ(read(), (Texts{"one", "two"}));
  EXPECT_EQ(last_code, Code::end);
  EXPECT_EQ(tail->poll(0s).code(), Code::end);
  append("/log/a.log", "\nthree\n");
  start();
  EXPECT_EQ(read(), (Texts{"", "three"}));
}

TEST_F(TailTestBench, lines_that_belong_together_are_one_row) {
  settings.multiline_start = R"(^\d)";
  settings.multiline_timeout = 2s;
  write("/log/a.log", "1 error\n  at x\n  at y\n2 fine\n");
  start();
  EXPECT_EQ(read(), Texts{"1 error\n  at x\n  at y"});
  append("/log/a.log", "  not so\n");
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(read(2s), Texts{"2 fine\n  not so"});
  EXPECT_EQ(texts(last, "offset"), Texts{"22"});
  settings.offset_column = "";
  append("/log/a.log", "3\n4\n");
  start();
  EXPECT_EQ(read(), Texts{"3"});
  EXPECT_EQ(texts(last, "offset"), Texts{"<missing>"});
}

TEST_F(TailTestBench, a_row_of_many_lines_is_given_in_parts_when_it_is_larger_than_what_is_read_at_once) {
  settings.multiline_start = "^start";
  settings.read_bytes = {256};
  std::string text = "start\n";
  for (int line = 0; line < 100; ++line) text += "line " + std::to_string(line) + "\n";
  write("/log/a.log", text);
  start();
  std::string all;
  for (const auto& row : read(10s)) all += row + "\n";
  EXPECT_EQ(all, text);
}

TEST_F(TailTestBench, a_file_that_cannot_be_read_holds_up_no_other) {
  write("/log/a.log", "one\n");
  write("/log/b.log", "two\n");
  host.files().set_mode("/log/a.log", 0);
  start();
  EXPECT_EQ(read(2s), Texts{"two"});
  EXPECT_EQ(host.count("files_failed"), 1);
  host.files().set_mode("/log/a.log", 0600);
  EXPECT_EQ(read(10s), Texts{"one"});
}

TEST_F(TailTestBench, refuses_settings_that_make_no_sense) {
  const auto fault = [&](auto change) {
    auto changed = settings;
    change(changed);
    const auto made = Tail::create(changed, host.host());
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& s) { s.include = {}; }), "include");
  EXPECT_EQ(fault([](auto& s) { s.include = {"a.log"}; }), "include");
  EXPECT_EQ(fault([](auto& s) { s.include = {"/log/"}; }), "include");
  EXPECT_EQ(fault([](auto& s) { s.exclude = {""}; }), "exclude");
  EXPECT_EQ(fault([](auto& s) { s.multiline_start = "("; }), "multiline_start");
  EXPECT_EQ(fault([](auto& s) { s.poll_interval = 0s; }), "poll_interval");
  EXPECT_EQ(fault([](auto& s) { s.max_open_files = 0; }), "max_open_files");
  EXPECT_EQ(fault([](auto& s) { s.file_column = "body"; }), "file_column");
  EXPECT_EQ(fault([](auto& s) { s.offset_column = s.file_column; }), "offset_column");
  EXPECT_EQ(fault([](auto& s) { s.headers = {{"body", "x"}}; }), "headers.body");
}

}  // namespace
}  // namespace levada::tail
