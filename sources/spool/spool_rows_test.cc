// What becomes a row: lines too long or not UTF-8, whole files, JSON documents, compressed files.
#include <algorithm>

#include "rows/compressed_text.h"
#include "spool_test_bench.h"

namespace levada::spool {
namespace {

using rows::gzip;
using rows::zstd;

using testkit::texts;

struct Outcome {
  Texts rows, offsets, reasons;
};

// All rows of one file, whatever the size of the reads: it must make no difference.
Outcome rows_of(std::string_view content, Spool::Settings settings, int64_t read_bytes) {
  settings.read_bytes = {read_bytes};
  SpoolTestBench bench(settings);
  bench.write("a", content);
  bench.start();
  bench.host.clock().advance(settings.poll_interval);
  Outcome all;
  while (bench.poll()) {
    const auto add = [&](Texts& to, const char* column) {
      for (auto& text : texts(bench.last, column)) to.push_back(text);
    };
    add(all.offsets, "offset");
    if (bench.last.find("reason")) add(all.reasons, "reason");
    else all.reasons.insert(all.reasons.end(), static_cast<size_t>(bench.last.rows()), "<null>");
  }
  all.rows = bench.taken_rows();
  return all;
}

Outcome rows_of(std::string_view content, const Spool::Settings& settings) {
  const auto large = rows_of(content, settings, 1 << 20);
  for (const int64_t read_bytes : {64, 65, 100, 128, 1000}) {
    const auto other = rows_of(content, settings, read_bytes);
    EXPECT_EQ(other.rows, large.rows) << read_bytes;
    EXPECT_EQ(other.offsets, large.offsets) << read_bytes;
    EXPECT_EQ(other.reasons, large.reasons) << read_bytes;
  }
  return large;
}

const std::string kLong(250, 'l');

TEST(SpoolRows, turns_down_lines_that_are_too_long) {
  auto settings = SpoolTestBench::usual();
  settings.line_bytes = {100};
  const auto all = rows_of("first\n" + kLong + "\n" + std::string(100, 'x') + "\r\n" + kLong, settings);
  EXPECT_EQ(all.rows, (Texts{"first", kLong.substr(0, 100), std::string(100, 'x'), kLong.substr(0, 100)}));
  EXPECT_EQ(all.offsets, (Texts{"0", "6", "257", "359"}));
  const std::string reason = "the row is longer than line_bytes = 100; only its beginning is kept";
  EXPECT_EQ(all.reasons, (Texts{"<null>", reason, "<null>", reason}));
}

TEST(SpoolRows, cuts_lines_that_are_too_long) {
  auto settings = SpoolTestBench::usual();
  settings.line_bytes = {100};
  settings.long_lines = LongLines::truncate;
  const auto all = rows_of(kLong + "\nshort\n" + kLong + "\n", settings);
  EXPECT_EQ(all.rows, (Texts{kLong.substr(0, 100), "short", kLong.substr(0, 100)}));
  EXPECT_EQ(all.reasons, Texts(3, "<null>"));
}

TEST(SpoolRows, makes_several_rows_of_lines_that_are_too_long) {
  auto settings = SpoolTestBench::usual();
  settings.line_bytes = {100};
  settings.long_lines = LongLines::split;
  const auto all = rows_of(kLong + "\n" + std::string(200, 'x') + "\r\nshort\n" + kLong, settings);
  const std::string l(100, 'l'), x(100, 'x'), rest(50, 'l');
  EXPECT_EQ(all.rows, (Texts{l, l, rest, x, x, "short", l, l, rest}));
  EXPECT_EQ(all.offsets, (Texts{"0", "100", "200", "251", "351", "453", "459", "559", "659"}));
}

TEST(SpoolRows, does_not_cut_a_character_in_two) {
  auto settings = SpoolTestBench::usual();
  settings.line_bytes = {4};
  settings.long_lines = LongLines::split;
  EXPECT_EQ(rows_of("abcéd\n", settings).rows, (Texts{"abc", "éd"}));
}

TEST(SpoolRows, goes_on_amid_a_long_line_after_a_restart) {
  for (const auto policy : {LongLines::reject, LongLines::split}) {
    SpoolTestBench bench;
    bench.settings.line_bytes = {100};
    bench.settings.read_bytes = {64};
    bench.settings.long_lines = policy;
    bench.write("a", kLong + "\nlast\n");
    bench.start();
    ASSERT_TRUE(bench.poll());
    bench.start(bench.position);
    bench.drain();
    const Texts expected = policy == LongLines::reject
                               ? Texts{kLong.substr(0, 100), "last"}
                               : Texts{kLong.substr(0, 100), kLong.substr(0, 100), kLong.substr(200), "last"};
    EXPECT_EQ(bench.taken_rows(), expected);
  }
}

TEST(SpoolRows, turns_down_rows_that_are_not_utf8_when_asked) {
  const std::string text =
      "good\nb\xff"
      "d\nä long line that is good\n\xc3";
  EXPECT_EQ(rows_of(text, SpoolTestBench::usual()).reasons, Texts(4, "<null>"));
  auto settings = SpoolTestBench::usual();
  settings.invalid_utf8 = InvalidUtf8::reject;
  const auto all = rows_of(text, settings);
  EXPECT_EQ(all.rows, (Texts{"good",
                             "b\xff"
                             "d",
                             "ä long line that is good", "\xc3"}));
  const std::string reason = "the row is not valid UTF-8";
  EXPECT_EQ(all.reasons, (Texts{"<null>", reason, "<null>", reason}));
}

TEST(SpoolRows, counts_the_rows_that_it_turns_down) {
  SpoolTestBench bench;
  bench.settings.line_bytes = {100};
  bench.settings.invalid_utf8 = InvalidUtf8::reject;
  bench.write("a", kLong + "\n\xff\n");
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.host.count("lines_too_long"), 1);
  EXPECT_EQ(bench.host.count("lines_invalid_utf8"), 1);
}

TEST(SpoolRows, makes_one_row_of_a_whole_file) {
  auto settings = SpoolTestBench::usual();
  settings.rows = Rows::whole;
  EXPECT_EQ(rows_of("two\nlines\n" + kLong, settings).rows, Texts{"two\nlines\n" + kLong});
  EXPECT_EQ(rows_of("", settings).rows, Texts{});
  settings.line_bytes = {100};
  EXPECT_EQ(rows_of(kLong, settings).rows, Texts{kLong.substr(0, 100)});
  settings.long_lines = LongLines::split;
  EXPECT_EQ(rows_of(kLong, settings).rows.size(), 3u);
}

TEST(SpoolRows, makes_a_row_of_each_json_document) {
  auto settings = SpoolTestBench::usual();
  settings.rows = Rows::json;
  const std::string pretty = "{\n  \"a\": [1, 2],\n  \"b\": {\"c\": \"}]\\\"\"}\n}";
  const std::string text = "\xef\xbb\xbf[" + pretty + ",\n {\"d\":" + "\"" + kLong +
                           "\"}\n]\n{\"e\":1}{\"f\":2} 17 \"x y\" [[1,[2]],true]\n";
  const auto all = rows_of(text, settings);
  EXPECT_EQ(all.rows,
            (Texts{pretty, "{\"d\":\"" + kLong + "\"}", "{\"e\":1}", "{\"f\":2}", "17", "\"x y\"", "[1,[2]]", "true"}));
  EXPECT_EQ(all.offsets.front(), "4");
}

TEST(SpoolRows, does_not_lose_json_documents_behind_broken_ones) {
  auto settings = SpoolTestBench::usual();
  settings.rows = Rows::json;
  const std::pair<const char*, Texts> cases[] = {
      {"{\"a\":\"open\n{\"b\":2}\n", {"{\"a\":\"open", "{\"b\":2}"}},
      {"{\"a\":1\n{\"b\":2}\n", {"{\"a\":1\n", "{\"b\":2}"}},
      {"{\"a\":[1}\n{\"b\":2}\n", {"{\"a\":[1}", "{\"b\":2}"}},
      {"}\n{\"b\":2}\n", {"}", "{\"b\":2}"}},
      {"{{\"b\":2}\n", {"{", "{\"b\":2}"}},
      {"{\"b\":2}\n{\"a\":", {"{\"b\":2}", "{\"a\":"}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(rows_of(text, settings).rows, expected) << text;
}

TEST(SpoolRows, goes_on_within_an_array_after_a_restart) {
  SpoolTestBench bench;
  bench.settings.rows = Rows::json;
  bench.settings.read_bytes = {64};
  std::string text = "[";
  Texts expected;
  for (int element = 0; element < 50; ++element) {
    expected.push_back("[" + std::to_string(element) + ",[]]");
    text += expected.back() + ",";
  }
  bench.write("a", text + "[]]");
  expected.emplace_back("[]");
  bench.start();
  while (bench.poll()) bench.start(bench.position);
  EXPECT_EQ(bench.taken_rows(), expected);
}

TEST(SpoolRows, turns_down_json_documents_that_are_too_long_and_goes_on_at_the_next_line) {
  auto settings = SpoolTestBench::usual();
  settings.rows = Rows::json;
  settings.line_bytes = {100};
  const auto all = rows_of("{\"a\":\"" + kLong + "\"}\n{\"b\":2}\n", settings);
  ASSERT_EQ(all.rows.size(), 2u);
  EXPECT_EQ(all.rows[1], "{\"b\":2}");
  EXPECT_NE(all.reasons[0], "<null>");
}

std::string numbered_lines(int count, Texts& lines) {
  std::string text;
  for (int line = 0; line < count; ++line) {
    lines.push_back("line " + std::to_string(line * 7919));
    text += lines.back() + "\n";
  }
  return text;
}

TEST(SpoolRows, reads_gzip_and_zstd_in_several_parts) {
  Texts lines;
  const auto text = numbered_lines(2000, lines);
  const auto half = text.size() / 2;
  for (const auto& content :
       {gzip(text), zstd(text), gzip(text.substr(0, half)) + gzip(text.substr(half)),
        zstd(text.substr(0, half)) + zstd(text.substr(half)), gzip(text) + std::string(512, '\0')}) {
    const auto all = rows_of(content, SpoolTestBench::usual());
    EXPECT_EQ(all.rows, lines);
    EXPECT_EQ(all.offsets[1], "7") << "offsets are those of the text";
  }
}

TEST(SpoolRows, goes_on_within_a_compressed_file_after_a_restart) {
  Texts lines;
  const auto text = numbered_lines(500, lines);
  for (const auto& content : {gzip(text), zstd(text)}) {
    SpoolTestBench bench;
    bench.settings.read_bytes = {1000};
    bench.write("a", content);
    bench.start();
    while (bench.poll()) bench.start(bench.position);
    EXPECT_EQ(bench.taken_rows(), lines);
    ASSERT_TRUE(bench.acknowledge().ok());
    EXPECT_TRUE(bench.exists("a.COMPLETED"));
  }
}

TEST(SpoolRows, reads_what_was_appended_to_a_compressed_file) {
  SpoolTestBench bench;
  bench.write("a", gzip("1\n2\n"));
  bench.start();
  bench.drain();
  bench.append("a", gzip("3\n"));
  bench.drain();
  EXPECT_EQ(bench.taken_rows(), (Texts{"1", "2", "3"}));
}

TEST(SpoolRows, gives_no_row_of_a_damaged_member_and_sets_the_file_aside) {
  Texts lines;
  const auto text = numbered_lines(500, lines);
  const auto half = text.find("\nline", text.size() / 2) + 10;
  const auto good = gzip(text.substr(0, half)), whole = gzip(text.substr(half));
  std::vector<std::pair<std::string, const char*>> cases;
  for (size_t byte = 0; byte < whole.size(); byte += 7) {
    auto flipped = whole;
    flipped[byte] = static_cast<char>(flipped[byte] ^ 4);
    cases.emplace_back(flipped, "");
  }
  cases.emplace_back(whole.substr(0, whole.size() * 3 / 4), "breaks off");
  cases.emplace_back("garbage", "is followed by something else");
  for (const auto& [second, what] : cases) {
    // Flags in the header change nothing of the content.
    if (second.substr(0, 10) != whole.substr(0, 10) && second.size() == whole.size()) continue;
    SpoolTestBench bench;
    bench.settings.completed = Completed::remove;
    bench.write("a", good + second);
    bench.start();
    bench.drain_and_acknowledge();
    bench.drain();
    // The row that goes on in the second member is half a row.
    const auto whole_rows = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(half), '\n');
    EXPECT_EQ(bench.taken_rows(), Texts(lines.begin(), lines.begin() + whole_rows));
    EXPECT_EQ(bench.host.count("files_damaged"), 1);
    EXPECT_TRUE(bench.exists("a.DAMAGED"));
    EXPECT_TRUE(bench.host.logged(std::string("what is compressed in it ") + what));
  }
}

TEST(SpoolRows, gives_what_comes_before_a_damaged_block_of_zstd) {
  Texts lines;
  const auto whole = zstd(numbered_lines(50'000, lines));
  size_t most = 0;
  for (size_t part = 1; part < 16; ++part) {
    auto content = whole;
    char& damaged = content[content.size() * part / 16];
    damaged = static_cast<char>(damaged ^ 0x10);
    SpoolTestBench bench;
    bench.write("a", content);
    bench.start();
    bench.drain();
    const auto rows = bench.taken_rows();
    ASSERT_LT(rows.size(), lines.size());
    EXPECT_EQ(rows, Texts(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(rows.size())));
    EXPECT_EQ(bench.host.count("files_damaged"), 1);
    most = std::max(most, rows.size());
  }
  EXPECT_GT(most, 10'000u);
}

TEST(SpoolRows, leaves_files_compressed_when_asked) {
  auto settings = SpoolTestBench::usual();
  settings.rows = Rows::whole;
  settings.decompress = false;
  const auto content = gzip("text\n");
  EXPECT_EQ(rows_of(content, settings).rows, Texts{content});
}

TEST(SpoolRows, shows_a_file_name_that_is_not_utf8_as_text) {
  SpoolTestBench bench;
  bench.write("caf\xe9", "1\n");
  bench.write("café", "2\n");
  bench.settings.order = Order::name;
  bench.start();
  bench.drain();
  EXPECT_EQ(texts(bench.last, "file"), (Texts{"/in/café", "/in/caf%e9"}));
  ASSERT_TRUE(bench.acknowledge().ok());
  EXPECT_TRUE(bench.exists("caf\xe9.COMPLETED"));
}

TEST(SpoolRows, bounds_the_rows_of_a_batch) {
  SpoolTestBench bench;
  bench.write("a", std::string(200'000, '\n'));
  bench.start();
  bench.drain();
  EXPECT_EQ(bench.rows.size(), 200'000u);
  EXPECT_LE(bench.last.rows(), 65'536);
}

}  // namespace
}  // namespace levada::spool
