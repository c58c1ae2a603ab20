#include "agent/pipeline/stream_numbering.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::agent {
namespace {

using Texts = std::vector<std::string>;

Batch rows(const Texts& bodies, const std::string& position, const std::string& stream = "") {
  auto batch = testkit::batch_of(bodies);
  batch.position = position;
  batch.stream = stream;
  return batch;
}

// A part: its rows, its numbers, and its position.
struct Part {
  Texts bodies;
  uint64_t begin, end;
  std::string position;
  bool operator==(const Part&) const = default;
};
void PrintTo(const Part& part, std::ostream* out) {
  *out << part.begin << ".." << part.end << " \"" << part.position << "\" " << ::testing::PrintToString(part.bodies);
}
std::vector<Part> parts(const std::vector<InFlight>& all) {
  std::vector<Part> seen;
  for (const auto& each : all)
    seen.push_back({testkit::texts(each.batch, "body"), each.batch.sequence, each.end, each.batch.position});
  return seen;
}

TEST(StreamNumbering, numbers_the_rows_of_each_stream) {
  StreamNumbering numbering("clicks", 0);
  EXPECT_EQ(parts(numbering.number(rows({"a", "b"}, "p2"))), (std::vector<Part>{{{"a", "b"}, 0, 2, "p2"}}));
  EXPECT_EQ(parts(numbering.number(rows({"x"}, "q1", "3"))), (std::vector<Part>{{{"x"}, 0, 1, "q1"}}));
  EXPECT_EQ(parts(numbering.number(rows({"c"}, "p3"))), (std::vector<Part>{{{"c"}, 2, 3, "p3"}}));
  const auto of_stream = numbering.number(rows({"y"}, "q2", "3"));
  EXPECT_EQ(of_stream[0].stream, "clicks/3");
  EXPECT_EQ(of_stream[0].batch.stream, "clicks/3");
  EXPECT_EQ(of_stream[0].account.stream, "clicks/3");
  EXPECT_EQ(of_stream[0].account.end, 2u);
  EXPECT_EQ(of_stream[0].account.read, 1);
}

TEST(StreamNumbering, passes_a_batch_without_rows_on_with_its_position) {
  StreamNumbering numbering("clicks", 0);
  EXPECT_EQ(parts(numbering.number(rows({}, "p"))), (std::vector<Part>{{{}, 0, 0, "p"}}));
}

TEST(StreamNumbering, knows_the_streams_of_its_source_by_their_full_names) {
  const StreamNumbering numbering("clicks", 0);
  EXPECT_TRUE(numbering.is_own("clicks"));
  EXPECT_TRUE(numbering.is_own("clicks/3"));
  EXPECT_FALSE(numbering.is_own("clicks2"));
  EXPECT_EQ(numbering.own_name("clicks"), "");
  EXPECT_EQ(numbering.own_name("clicks/3"), "3");
}

TEST(StreamNumbering, starts_where_the_one_furthest_behind_stands_and_cuts_where_the_others_do) {
  StreamNumbering numbering("clicks", 0);
  const auto start = numbering.start("clicks/3", {{"clicks/3", "p5", 5}, {"clicks/3", "p2", 2}}, {});
  EXPECT_EQ(start, (Position{"3", "p2", 2}));
  EXPECT_EQ(parts(numbering.number(rows({"c", "d", "e", "f"}, "p6", "3"))),
            (std::vector<Part>{{{"c", "d", "e"}, 2, 5, "p5"}, {{"f"}, 5, 6, "p6"}}));
}

TEST(StreamNumbering, cuts_at_a_mark_where_the_source_cannot_go_on) {
  StreamNumbering numbering("clicks", 0);
  numbering.start("clicks", {{"clicks", "p0", 0}}, {1});
  EXPECT_EQ(parts(numbering.number(rows({"a", "b"}, "p2"))),
            (std::vector<Part>{{{"a"}, 0, 1, ""}, {{"b"}, 1, 2, "p2"}}));
}

TEST(StreamNumbering, cuts_at_blocks) {
  StreamNumbering numbering("clicks", 2);
  EXPECT_EQ(parts(numbering.number(rows({"a"}, "p1"))), (std::vector<Part>{{{"a"}, 0, 1, "p1"}}));
  EXPECT_EQ(parts(numbering.number(rows({"b", "c", "d", "e"}, "p5"))),
            (std::vector<Part>{{{"b"}, 1, 2, ""}, {{"c", "d"}, 2, 4, ""}, {{"e"}, 4, 5, "p5"}}));
}

TEST(StreamNumbering, cuts_between_files) {
  StreamNumbering numbering("clicks", 0);
  auto batch = rows({"a", "b", "c"}, "p3");
  batch.set(testkit::text_column("file", {"x", "y", "y"}));
  const auto numbered = numbering.number(std::move(batch));
  EXPECT_EQ(parts(numbered), (std::vector<Part>{{{"a"}, 0, 1, ""}, {{"b", "c"}, 1, 3, "p3"}}));
  EXPECT_EQ(numbered[0].account.file, "x");
  EXPECT_EQ(numbered[1].account.file, "y");
}

TEST(StreamNumbering, gives_rows_behind_a_jump_numbers_that_nobody_has_seen) {
  StreamNumbering numbering("clicks", 2);
  numbering.start("clicks", {{"clicks", "p2", 2}, {"clicks", "p7", 7}}, {});
  auto batch = rows({"a", "b"}, "p30");
  batch.jump = true;
  const auto numbered = numbering.number(std::move(batch));
  EXPECT_EQ(parts(numbered), (std::vector<Part>{{{"a"}, 7, 8, ""}, {{"b"}, 8, 9, "p30"}}));
  EXPECT_TRUE(numbered[0].account.jump);
  EXPECT_FALSE(numbered[1].account.jump);
}

}  // namespace
}  // namespace levada::agent
