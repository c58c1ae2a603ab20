// The helpers for plugins in C, beside what the SDK makes of the same batches.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "levada/c/plugin.h"
#include "levada/testkit/arrow_check.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/shared_batch.h"

namespace levada::testkit {
namespace {

using Texts = std::vector<std::string>;

// A column of each type, five rows.
Batch every_type() {
  Batch batch =
      batch_of({"one", "a body that is longer than twelve bytes", "", "four", "another body of more than twelve"});
  batch.set(text_column("text", {"a", std::nullopt, "a text that is longer than twelve bytes", "", std::nullopt}));
  batch.set(value_column<int64_t>("integer", Type::int64, {1, std::nullopt, 3, 4, 5}));
  batch.set(value_column<double>("number", Type::float64, {1.5, 2.5, std::nullopt, 4.5, 5.5}));
  batch.set(value_column<int64_t>("time", Type::timestamp, {1, 2, 3, std::nullopt, 5}));
  batch.set(boolean_column("boolean", {true, std::nullopt, false, true, true}));
  batch.set(list_column("list", {std::vector<int64_t>{1}, std::vector<int64_t>{}, std::nullopt,
                                 std::vector<int64_t>{4, 5}, std::vector<int64_t>{6}}));
  batch.set(repeat("dictionary", "always the same text", 5));
  return batch;
}

// A batch that is lent to C, and whether all of it came back.
class Lent {
 public:
  explicit Lent(const SharedBatch& batch) { batch.lend(this->batch, lent_structs_); }
  ~Lent() {
    levada_release_batch(&batch);
    levada_release_batch(&rejected);
    EXPECT_EQ(lent_structs_.outstanding(), 0);
  }
  levada_batch batch = detail::empty_batch(), rejected = detail::empty_batch();
  levada_error error{};

 private:
  LentStructs lent_structs_;
};

// States and texts of a column, row by row.
Texts read_in_c(const levada_batch& batch, const char* name) {
  const auto column = levada_find_column(&batch, name);
  Texts all;
  for (int64_t row = 0; row < batch.rows.length; ++row) {
    levada_bytes text;
    switch (levada_text(&column, row, &text)) {
      case LEVADA_TEXT_PRESENT: all.emplace_back(text.data, text.size); break;
      case LEVADA_TEXT_NULL: all.emplace_back("<null>"); break;
      case LEVADA_TEXT_MISSING: all.emplace_back("<missing>"); break;
      case LEVADA_TEXT_OTHER: all.emplace_back("<other>"); break;
    }
  }
  return all;
}

TEST(CPlugin, tells_missing_null_and_other_columns_from_text) {
  const Lent lent(SharedBatch::of(every_type()));
  EXPECT_EQ(read_in_c(lent.batch, "text"),
            (Texts{"a", "<null>", "a text that is longer than twelve bytes", "", "<null>"}));
  EXPECT_EQ(read_in_c(lent.batch, "integer"), (Texts{"<other>", "<null>", "<other>", "<other>", "<other>"}));
  EXPECT_EQ(read_in_c(lent.batch, "list"), (Texts{"<other>", "<other>", "<null>", "<other>", "<other>"}));
  EXPECT_EQ(read_in_c(lent.batch, "dictionary"), Texts(5, "always the same text"));
  EXPECT_EQ(read_in_c(lent.batch, "nowhere"), Texts(5, "<missing>"));
}

TEST(CPlugin, reads_the_rows_of_a_slice) {
  const auto whole = SharedBatch::of(every_type());
  for (const auto& slice :
       {whole.sliced(1, 3), whole.sliced_in_columns(1, 3), whole.sliced(1, 4).sliced_in_columns(0, 3)}) {
    const Lent lent(slice);
    EXPECT_EQ(read_in_c(lent.batch, "body"), (Texts{"a body that is longer than twelve bytes", "", "four"}));
    EXPECT_EQ(read_in_c(lent.batch, "text"), (Texts{"<null>", "a text that is longer than twelve bytes", ""}));
  }
}

TEST(CPlugin, keeps_and_rejects_what_the_selection_says) {
  const auto whole = SharedBatch::of(every_type());
  for (const auto& input : {whole, whole.sliced(0, 5), whole.sliced_in_columns(0, 5)}) {
    const FakeHost host;
    {
      Lent lent(input);
      levada_selection selection;
      levada_selection_start(&selection, lent.batch.rows.length);
      levada_drop(&selection, 1);
      levada_reject(&selection, 3, "it is the fourth, and this reason is long");
      levada_reject(&selection, 3, "only the first reason counts");
      levada_reject(&selection, 1, "it is gone already");
      ASSERT_EQ(levada_apply(&selection, levada_memory_of(host.table()), &lent.batch, &lent.rejected, &lent.error),
                LEVADA_OK)
          << lent.error.message;
      const auto rows = rows_of(input.get());
      EXPECT_EQ(fault_of(lent.batch), "");
      EXPECT_EQ(rows_of(lent.batch), (Texts{rows[0], rows[2], rows[4]}));
      EXPECT_EQ(fault_of(lent.rejected), "");
      EXPECT_EQ(rows_of(lent.rejected), Texts{rows[3] + " reason=it is the fourth, and this reason is long"});
      EXPECT_GT(host.memory_in_use(), 0u);
    }
    EXPECT_EQ(host.memory_in_use(), 0u);
  }
}

TEST(CPlugin, takes_the_rows_of_a_slice_that_are_kept) {
  const auto slice = SharedBatch::of(every_type()).sliced(1, 3);
  Lent lent(slice);
  levada_selection selection;
  levada_selection_start(&selection, 3);
  levada_drop(&selection, 1);
  ASSERT_EQ(levada_apply(&selection, nullptr, &lent.batch, &lent.rejected, &lent.error), LEVADA_OK);
  const auto rows = rows_of(slice.get());
  EXPECT_EQ(fault_of(lent.batch), "");
  EXPECT_EQ(rows_of(lent.batch), (Texts{rows[0], rows[2]}));
  EXPECT_EQ(lent.rejected.rows.release, nullptr);
}

TEST(CPlugin, leaves_a_batch_of_which_all_is_kept) {
  const auto whole = SharedBatch::of(every_type());
  Lent lent(whole);
  const void* before = lent.batch.rows.private_data;
  levada_selection selection;
  levada_selection_start(&selection, 5);
  ASSERT_EQ(levada_apply(&selection, nullptr, &lent.batch, &lent.rejected, &lent.error), LEVADA_OK);
  EXPECT_EQ(lent.batch.rows.private_data, before);
}

TEST(CPlugin, gives_an_empty_batch_where_nothing_is_kept) {
  Lent lent(SharedBatch::of(every_type()));
  levada_selection selection;
  levada_selection_start(&selection, 5);
  for (int64_t row = 0; row < 5; ++row) levada_drop(&selection, row);
  ASSERT_EQ(levada_apply(&selection, nullptr, &lent.batch, &lent.rejected, &lent.error), LEVADA_OK);
  EXPECT_EQ(fault_of(lent.batch), "");
  EXPECT_EQ(lent.batch.rows.length, 0);
  EXPECT_EQ(lent.batch.rows.n_children, 8);
}

TEST(CPlugin, lets_children_outlive_their_batch) {
  Lent lent(SharedBatch::of(every_type()));
  levada_selection selection;
  levada_selection_start(&selection, 5);
  levada_drop(&selection, 0);
  ASSERT_EQ(levada_apply(&selection, nullptr, &lent.batch, &lent.rejected, &lent.error), LEVADA_OK);
  ArrowArray body = *lent.batch.rows.children[0];
  lent.batch.rows.children[0]->release = nullptr;
  lent.batch.rows.release(&lent.batch.rows);
  EXPECT_EQ(Views(body)[0], "a body that is longer than twelve bytes");
  body.release(&body);
}

TEST(CPlugin, leaves_the_batch_as_it_was_where_a_type_is_unknown) {
  const auto input = SharedBatch::of(every_type());
  Lent lent(input);
  lent.batch.schema.children[2]->format = "?";
  levada_selection selection;
  levada_selection_start(&selection, 5);
  levada_reject(&selection, 0, "it is the first");
  EXPECT_EQ(levada_apply(&selection, nullptr, &lent.batch, &lent.rejected, &lent.error), LEVADA_FATAL);
  EXPECT_STREQ(lent.error.message, "a column has a type that Arrow does not have");
  lent.batch.schema.children[2]->format = "l";
  EXPECT_EQ(rows_of(lent.batch), rows_of(input.get()));
  EXPECT_EQ(lent.rejected.rows.release, nullptr);
}

// Memory that ends after so many pieces.
struct Scarce {
  explicit Scarce(int pieces) : left(pieces) { table = {sizeof table, this, allocate, release}; }
  static void* allocate(void* self, size_t bytes, size_t* capacity) {
    *capacity = bytes;
    return static_cast<Scarce*>(self)->left-- > 0 ? std::malloc(bytes + 64) : nullptr;
  }
  static void release(void*, void* block, size_t) { std::free(block); }
  int left;
  levada_memory table{};
};

TEST(CPlugin, leaves_the_batch_as_it_was_where_memory_ends) {
  const auto input = SharedBatch::of(every_type());
  levada_code code = LEVADA_FATAL;
  int pieces = 0;
  for (; code != LEVADA_OK && pieces < 1000; ++pieces) {
    Scarce scarce(pieces);
    Lent lent(input);
    levada_selection selection;
    levada_selection_start(&selection, 5);
    levada_drop(&selection, 1);
    levada_reject(&selection, 3, "a reason that is longer than twelve bytes");
    code = levada_apply(&selection, &scarce.table, &lent.batch, &lent.rejected, &lent.error);
    if (code == LEVADA_OK) continue;
    EXPECT_NE(std::string(lent.error.message), "");
    EXPECT_EQ(rows_of(lent.batch), rows_of(input.get()));
    EXPECT_EQ(lent.rejected.rows.release, nullptr);
  }
  EXPECT_EQ(code, LEVADA_OK);
  EXPECT_GT(pieces, 10);
}

TEST(CPlugin, makes_a_batch_of_texts_and_puts_a_column_in_place_of_another) {
  const FakeHost host;
  {
    levada_batch batch = detail::empty_batch();
    levada_error error{};
    for (const char* name : {"body", "text", "body"}) {
      levada_texts texts;
      levada_texts_start(&texts, levada_memory_of(host.table()));
      for (const auto& each :
           {std::string("one"), std::string(), std::string("longer than the twelve bytes of a view")})
        levada_texts_add(&texts, each.data(), each.size());
      levada_texts_add(&texts, nullptr, 0);
      if (!batch.rows.release) {
        ASSERT_EQ(levada_new_batch(&batch, 4, &error), LEVADA_OK);
      }
      ASSERT_EQ(levada_set_texts(&batch, name, "vu", &texts, &error), LEVADA_OK) << error.message;
    }
    EXPECT_EQ(fault_of(batch), "");
    EXPECT_EQ(rows_of(batch),
              (Texts{"body=one text=one", "body= text=",
                     "body=longer than the twelve bytes of a view text=longer than the twelve bytes of a view",
                     "body=<null> text=<null>"}));
    levada_release_batch(&batch);
  }
  EXPECT_EQ(host.memory_in_use(), 0u);
}

TEST(CPlugin, puts_a_column_into_a_slice) {
  Lent lent(SharedBatch::of(every_type()).sliced(1, 2));
  levada_texts texts;
  levada_texts_start(&texts, nullptr);
  levada_texts_add(&texts, "x", 1);
  levada_texts_add(&texts, "y", 1);
  ASSERT_EQ(levada_set_texts(&lent.batch, "body", "vz", &texts, &lent.error), LEVADA_OK);
  EXPECT_EQ(fault_of(lent.batch), "");
  EXPECT_EQ(read_in_c(lent.batch, "body"), (Texts{"x", "y"}));
  EXPECT_EQ(read_in_c(lent.batch, "text"), (Texts{"<null>", "a text that is longer than twelve bytes"}));
}

TEST(CPlugin, refuses_a_column_of_another_length) {
  Lent lent(SharedBatch::of(batch_of({"one", "two"})));
  levada_texts texts;
  levada_texts_start(&texts, nullptr);
  levada_texts_add(&texts, "x", 1);
  EXPECT_EQ(levada_set_texts(&lent.batch, "text", "vu", &texts, &lent.error), LEVADA_FATAL);
  EXPECT_STREQ(lent.error.message, "a column must have as many rows as its batch");
  EXPECT_EQ(read_in_c(lent.batch, "body"), (Texts{"one", "two"}));
}

}  // namespace
}  // namespace levada::testkit
