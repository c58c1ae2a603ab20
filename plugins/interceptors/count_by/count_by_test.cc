// The interceptor `count_by`: keys of all kinds, going on from a state and going back to one.
#include "count_by.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::count_by {
namespace {

using testkit::batch_of;
using testkit::text_column;
using testkit::texts;
using testkit::value_column;
using Texts = std::vector<std::string>;
using Values = std::vector<std::optional<std::string>>;

class CountByTest : public testing::Test {
 protected:
  std::unique_ptr<CountBy> make(std::vector<std::string> columns = {"ip"}, std::string as = "count") {
    auto made = CountBy::create({std::move(columns), std::move(as)}, host_.host());
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  static Texts counted(CountBy& interceptor, Batch batch) {
    EXPECT_TRUE(interceptor.intercept(batch));
    return texts(batch, "count");
  }
  static Texts counted(CountBy& interceptor, const Values& ips) { return counted(interceptor, batch_of_ips(ips)); }
  static Batch batch_of_ips(const Values& ips) {
    auto batch = batch_of(Texts(ips.size(), "event"));
    batch.set(text_column("ip", ips));
    return batch;
  }
  static std::string saved(CountBy& interceptor) {
    std::string state;
    EXPECT_TRUE(interceptor.save(state));
    return state;
  }
  std::string fault(std::vector<std::string> columns, std::string as) {
    const auto made = CountBy::create({std::move(columns), std::move(as)}, host_.host());
    return made ? "none" : made.error().option + ": " + made.error().message;
  }

  testkit::FakeHost host_;
};

TEST_F(CountByTest, numbers_the_rows_of_each_key_over_batches) {
  const auto interceptor = make();
  EXPECT_EQ(counted(*interceptor, Values{"10.0.0.1", "10.0.0.2", "10.0.0.1"}), (Texts{"1", "1", "2"}));
  EXPECT_EQ(counted(*interceptor, Values{}), Texts());
  EXPECT_EQ(counted(*interceptor, Values{"10.0.0.2", "10.0.0.1"}), (Texts{"2", "3"}));
}

TEST_F(CountByTest, replaces_a_column_of_that_name_and_leaves_the_others) {
  const auto interceptor = make({"ip"}, "ordinal");
  auto batch = batch_of_ips({"a", "a"});
  batch.set(text_column("ordinal", {"x", std::nullopt}));
  ASSERT_TRUE(interceptor->intercept(batch));
  EXPECT_EQ(texts(batch, "ordinal"), (Texts{"1", "2"}));
  EXPECT_EQ(batch.find("ordinal")->type(), Type::int64);
  EXPECT_EQ(texts(batch, "ip"), (Texts{"a", "a"}));
  EXPECT_EQ(texts(batch, "body"), (Texts{"event", "event"}));
}

TEST_F(CountByTest, a_null_and_a_missing_column_are_one_value_of_their_own) {
  const auto interceptor = make();
  EXPECT_EQ(counted(*interceptor, Values{std::nullopt, "", std::nullopt, "n"}), (Texts{"1", "1", "2", "1"}));
  EXPECT_EQ(counted(*interceptor, batch_of({"no ip"})), Texts{"3"});
}

TEST_F(CountByTest, keys_of_several_columns_do_not_run_into_each_other) {
  const auto interceptor = make({"host", "ip"});
  auto batch = batch_of({"1", "2", "3", "4", "5", "6"});
  batch.set(text_column("host", {"a", "ab", "a", std::nullopt, "tb", "a"}));
  batch.set(text_column("ip", {"bt", "t", "b", "a", std::nullopt, "bt"}));
  EXPECT_EQ(counted(*interceptor, batch), (Texts{"1", "1", "1", "1", "1", "2"}));
}

TEST_F(CountByTest, values_of_different_types_are_different_and_all_texts_are_the_same) {
  const auto interceptor = make({"key"});
  const auto count = [&](Column column) {
    auto batch = batch_of({"event"});
    batch.set(std::move(column));
    return counted(*interceptor, batch);
  };
  EXPECT_EQ(count(text_column("key", {"1"})), Texts{"1"});
  EXPECT_EQ(count(text_column("key", {"1"}, Type::bytes)), Texts{"2"});
  EXPECT_EQ(count(repeat("key", "1", 1)), Texts{"3"});
  EXPECT_EQ(count(value_column<int64_t>("key", Type::int64, {1})), Texts{"1"});
  EXPECT_EQ(count(value_column<int64_t>("key", Type::timestamp, {1})), Texts{"1"});
  EXPECT_EQ(count(value_column<double>("key", Type::float64, {1})), Texts{"1"});
  EXPECT_EQ(count(testkit::boolean_column("key", {true})), Texts{"1"});
  EXPECT_EQ(count(testkit::boolean_column("key", {false})), Texts{"1"});
  EXPECT_EQ(count(value_column<int64_t>("key", Type::int64, {1})), Texts{"2"});
}

TEST_F(CountByTest, goes_on_from_a_state_that_was_saved) {
  const auto first = make();
  counted(*first, Values{"a", "b", "a", std::nullopt});
  const auto second = make();
  ASSERT_TRUE(second->load(saved(*first)));
  EXPECT_EQ(counted(*second, Values{"a", "b", "c", std::nullopt}), (Texts{"3", "2", "1", "2"}));
  EXPECT_EQ(counted(*first, Values{"a"}), Texts{"3"});
}

// What the host does after a commit that failed: the rows since the last one come again.
TEST_F(CountByTest, goes_back_to_the_last_commit_and_gives_the_same_numbers_again) {
  const auto interceptor = make();
  counted(*interceptor, Values{"a", "b"});
  const auto state = saved(*interceptor);
  const auto numbers = counted(*interceptor, Values{"a", "c", "a"});
  EXPECT_EQ(numbers, (Texts{"2", "1", "3"}));
  ASSERT_TRUE(interceptor->load(state));
  EXPECT_EQ(counted(*interceptor, Values{"a", "c", "a"}), numbers);
  ASSERT_TRUE(interceptor->load(""));
  EXPECT_EQ(counted(*interceptor, Values{"a"}), Texts{"1"});
}

TEST_F(CountByTest, the_same_rows_make_the_same_state) {
  const auto first = make(), second = make();
  counted(*first, Values{"a", "b", "c", "a"});
  counted(*second, Values{"a", "b"});
  counted(*second, Values{"c", "a"});
  EXPECT_EQ(saved(*first), saved(*second));
}

TEST_F(CountByTest, refuses_a_state_that_is_not_its_own) {
  const auto interceptor = make({"ip"});
  counted(*interceptor, Values{"a"});
  const auto state = saved(*interceptor);
  const std::string other =
      "the state that was kept is not by these columns, or not of this version of count_by: put the configuration back "
      "as it was, or give the interceptor another name, and it counts from the beginning";
  EXPECT_EQ(interceptor->load("something else").error().message, other);
  EXPECT_EQ(interceptor->load(saved(*make({"ip", "host"}))).error().message, other);
  EXPECT_EQ(interceptor->load(saved(*make({"ip\thost"}))).code(), Code::fatal);
  EXPECT_EQ(interceptor->load("levada count_by 2\tip\n").error().message, other);
  EXPECT_EQ(interceptor->load(state.substr(0, state.size() - 1)).error().message,
            "the state that was kept is damaged: it ends within a key");
  EXPECT_EQ(saved(*interceptor), state);
}

TEST_F(CountByTest, settings_are_checked) {
  EXPECT_EQ(fault({}, "count"), "columns: a key needs at least one column");
  EXPECT_EQ(fault({"a", ""}, "count"), "columns: a column needs a name");
  EXPECT_EQ(fault({"a", "b", "a"}, "count"), "columns: \"a\" stands in it twice");
  EXPECT_EQ(fault({"a"}, ""), "as: a column needs a name");
  EXPECT_EQ(fault({"a", "count"}, "count"), "as: \"count\" is a part of the key");
}

LEVADA_CONFORMANCE(count_by, [] {
  auto tested = testkit::subject("count_by", "columns = [\"body\", \"extra_text\"]");
  tested.bodies = {"one", "two that is longer than twelve bytes", "one", "", "one", ""};
  tested.refused = {{"columns = []", "columns"}, {"columns = [\"a\"]\nas = \"a\"", "as"}};
  return tested;
});

}  // namespace
}  // namespace levada::count_by
