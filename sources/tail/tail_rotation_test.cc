// Files that are renamed, copied and truncated, compressed, removed and made anew: no line is lost,
// none comes twice.
#include <algorithm>
#include <functional>
#include <random>

#include "rows/compressed_text.h"
#include "tail_test_bench.h"

namespace levada::tail {
namespace {

using namespace std::chrono_literals;
using rows::gzip;

class TailRotation : public TailTestBench {
 protected:
  // As logrotate does with `copytruncate`.
  void copy_and_truncate(const std::string& path, const std::string& to) {
    host.clock().advance(1ms);
    write(to, host.files().read_file(path));
    write(path, "");
  }
  void compress(const std::string& path) {
    levada_file_info info{};
    host.host().files().stat(path, info);
    write(path + ".gz", gzip(host.files().read_file(path)));
    // It keeps the time of the file.
    host.files().set_modified(path + ".gz", std::chrono::nanoseconds(info.modified_ns));
    host.files().remove_file(path);
  }
};

TEST_F(TailRotation, a_renamed_file_is_read_to_its_end_and_then_the_new_one) {
  write("/log/a.log", "one\n");
  start();
  EXPECT_EQ(read(), Texts{"one"});
  append("/log/a.log", "two\nthr");
  rename("/log/a.log", "/log/a.log.1");
  write("/log/a.log", "new\n");
  EXPECT_EQ(read(), Texts{"two"});
  append("/log/a.log.1", "ee\n");
  EXPECT_EQ(read(4s), Texts{"three"});
  EXPECT_EQ(read(8s), Texts{"new"});
  EXPECT_EQ(host.count("files_rotated"), 1);
  EXPECT_EQ(positions.size(), 1u);
}

TEST_F(TailRotation, what_was_rotated_several_times_while_the_agent_was_away_is_read_in_order) {
  write("/log/a.log", "1\n2\n");
  start();
  EXPECT_EQ(read(), (Texts{"1", "2"}));
  tail.reset();
  append("/log/a.log", "3\n");
  rename("/log/a.log", "/log/a.log.1");
  append("/log/a.log", "4\n");
  rename("/log/a.log.1", "/log/a.log.2");
  rename("/log/a.log", "/log/a.log.1");
  append("/log/a.log", "5\n");
  start();
  EXPECT_EQ(read(20s), (Texts{"3", "4", "5"}));
}

TEST_F(TailRotation, what_was_compressed_while_the_agent_was_away_is_read_on) {
  write("/log/a.log", "1\n2\n");
  start();
  EXPECT_EQ(read(), (Texts{"1", "2"}));
  tail.reset();
  append("/log/a.log", "3\n4");
  rename("/log/a.log", "/log/a.log.1");
  append("/log/a.log", "5\n");
  rename("/log/a.log.1", "/log/a.log.2");
  compress("/log/a.log.2");
  rename("/log/a.log", "/log/a.log.1");
  compress("/log/a.log.1");
  append("/log/a.log", "6\n");
  start();
  EXPECT_EQ(read(20s), (Texts{"3", "4", "5", "6"}));
  EXPECT_FALSE(jumped);
}

TEST_F(TailRotation, a_compressed_file_is_gone_on_with_in_its_middle) {
  settings.read_bytes = {64};
  write("/log/a.log", "0\n");
  start();
  EXPECT_EQ(read(), Texts{"0"});
  tail.reset();
  Texts lines;
  std::string text;
  for (int line = 1; line < 200; ++line) {
    lines.push_back("line " + std::to_string(line));
    text += lines.back() + "\n";
  }
  append("/log/a.log", text);
  rename("/log/a.log", "/log/a.log-20260101");
  compress("/log/a.log-20260101");
  Texts all;
  start();
  for (int batches = 0; batches < 100 && all.size() < lines.size(); ++batches) {
    for (;;) {
      const auto batch = tail->poll(100ms);
      if (!batch) continue;
      for (auto& row : testkit::texts(*batch, "body")) all.push_back(row);
      positions["/log/a.log"] = batch->position;
      break;
    }
    start();
  }
  EXPECT_EQ(all, lines);
}

TEST_F(TailRotation, a_file_that_is_copied_and_truncated_is_read_on_in_its_copy) {
  write("/log/a.log", "one\n");
  start();
  EXPECT_EQ(read(), Texts{"one"});
  append("/log/a.log", "two\n");
  copy_and_truncate("/log/a.log", "/log/a.log.1");
  append("/log/a.log", "three\n");
  EXPECT_EQ(read(20s), (Texts{"two", "three"}));
  EXPECT_EQ(host.count("files_truncated"), 1);
  // Again, while the agent is away, and longer than it was.
  tail.reset();
  append("/log/a.log", "four\n");
  rename("/log/a.log.1", "/log/a.log.2");
  copy_and_truncate("/log/a.log", "/log/a.log.1");
  append("/log/a.log", "five, and much more than it had\n");
  start();
  EXPECT_EQ(read(20s), (Texts{"four", "five, and much more than it had"}));
}

TEST_F(TailRotation, a_file_that_is_truncated_without_a_copy_begins_anew) {
  write("/log/a.log", "one\ntwo\n");
  start();
  EXPECT_EQ(read(), (Texts{"one", "two"}));
  write("/log/a.log", "x\n");
  EXPECT_EQ(read(), Texts{"x"});
  // As long as it was, and longer.
  host.clock().advance(1ms);
  write("/log/a.log", "y\n");
  EXPECT_EQ(read(), Texts{"y"});
  host.clock().advance(1ms);
  write("/log/a.log", "a line that is longer\n");
  EXPECT_EQ(read(), Texts{"a line that is longer"});
}

TEST_F(TailRotation, a_name_that_is_removed_and_made_again_is_another_file) {
  write("/log/a.log", "one\n");
  start();
  EXPECT_EQ(read(), Texts{"one"});
  append("/log/a.log", "two\n");
  host.files().remove_file("/log/a.log");
  EXPECT_EQ(read(8s), Texts{"two"}) << "it is held open";
  EXPECT_EQ(read(), Texts());
  write("/log/a.log", "one\n");
  EXPECT_EQ(read(8s), Texts{"one"});
}

TEST_F(TailRotation, an_inode_that_is_used_again_makes_no_old_file) {
  for (const bool births : {true, false}) {
    host.files().set_births(births);
    host.files().remove_file("/log/a.log");
    positions.clear();
    write("/log/a.log", "one\n");
    const auto inode = host.files().inode("/log/a.log");
    start();
    EXPECT_EQ(read(), Texts{"one"});
    tail.reset();
    host.files().remove_file("/log/a.log");
    host.files().reuse_inode(inode);
    write("/log/a.log", "two\nthree\n");
    start();
    jumped = false;
    EXPECT_EQ(read(), (Texts{"two", "three"}));
    EXPECT_TRUE(jumped) << "what stood behind the first line is not known";
  }
}

TEST_F(TailRotation, a_rotated_file_that_is_gone_is_told_and_the_next_one_read) {
  write("/log/a.log", "one\n");
  start();
  EXPECT_EQ(read(), Texts{"one"});
  tail.reset();
  host.files().remove_file("/log/a.log");
  write("/log/a.log", "two\n");
  start();
  EXPECT_EQ(read(), Texts{"two"});
  EXPECT_TRUE(jumped);
  EXPECT_EQ(host.count("files_lost"), 1);
  EXPECT_TRUE(host.logged("is gone"));
}

TEST_F(TailRotation, rotated_names_that_match_are_no_files_of_their_own) {
  settings.include = {"/log/*"};
  for (const char* path :
       {"/log/a.log", "/log/a.log.1", "/log/a.log-20260101.gz", "/log/a-2026-01-01.log", "/log/ab.log"})
    write(path, std::string(path) + "\n");
  start();
  EXPECT_EQ(read(), (Texts{"/log/a.log", "/log/ab.log"}));
}

TEST_F(TailRotation, a_damaged_file_is_told_and_the_next_one_read) {
  write("/log/a.log", "1\n");
  start();
  EXPECT_EQ(read(), Texts{"1"});
  tail.reset();
  append("/log/a.log", std::string(5000, 'x') + "\n");
  rename("/log/a.log", "/log/a.log.1");
  host.clock().advance(1ms);
  append("/log/a.log", "2\n");
  rename("/log/a.log", "/log/a.log.2");
  host.files().set_modified("/log/a.log.1", 1s);
  const auto packed = gzip("3\n4\n");
  write("/log/a.log.3.gz", packed.substr(0, packed.size() - 4));
  host.clock().advance(1ms);
  write("/log/a.log", "5\n");
  start();
  const auto rows = read(30s);
  EXPECT_EQ(rows, (Texts{std::string(5000, 'x'), "2", "5"}));
  EXPECT_EQ(host.count("files_damaged"), 1);
}

// A writer and a rotator by chance, and an agent that dies by chance: each line comes once, in
// order.
TEST_F(TailRotation, whatever_is_done_to_the_files_each_line_comes_once) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(static_cast<unsigned>(seed));
    const auto chance = [&](unsigned of) { return random() % of == 0; };
    const std::string path = "/log/" + std::to_string(seed) + ".log";
    settings.include = {path};
    settings.read_bytes = {chance(2) ? 64 : 1 << 20};
    settings.rotate_wait = 1s;
    positions.clear();
    Texts written, rows;
    std::string part;
    int rotated = 0;
    const auto shift = [&] {
      for (int number = rotated; number > 0; --number)
        for (const char* ending : {"", ".gz"}) {
          const auto name = path + "." + std::to_string(number) + ending;
          if (host.files().exists(name)) rename(name, path + "." + std::to_string(number + 1) + ending);
        }
      ++rotated;
    };
    // What is copied and truncated before a byte of it was read is not known again.
    written = {"first"};
    write(path, "first\n");
    start();
    rows = read();
    for (int step = 0; step < 200; ++step) {
      const auto what = random() % 20;
      if (what < 12) {
        // Sometimes a line comes in two parts.
        const auto line = std::to_string(seed) + " " + std::to_string(step) + std::string(random() % 40, '.');
        if (chance(4)) {
          append(path, line.substr(0, 2));
          append(path, line.substr(2) + "\n");
        } else {
          append(path, line + "\n");
        }
        written.push_back(line);
      } else if (what == 12 && host.files().read_file(path) != "") {
        shift();
        rename(path, path + ".1");
        host.clock().advance(1ms);
        write(path, "");
      } else if (what == 13 && host.files().read_file(path) != "") {
        shift();
        copy_and_truncate(path, path + ".1");
      } else if (what == 14) {
        const auto oldest = path + "." + std::to_string(1 + random() % 4);
        if (host.files().exists(oldest)) compress(oldest);
      } else if (what == 15) {
        start();
      } else {
        for (auto& row : read(std::chrono::milliseconds(random() % 1500))) rows.push_back(row);
      }
    }
    for (auto& row : read(60s)) rows.push_back(row);
    ASSERT_EQ(rows, written);
    EXPECT_EQ(host.count("files_lost"), 0);
    tail.reset();
  }
}

}  // namespace
}  // namespace levada::tail
