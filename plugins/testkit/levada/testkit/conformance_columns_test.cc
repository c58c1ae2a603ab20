// The conformance tests that are about columns and memory, put to the test with faults as authors
// make them with the SDK.
#include <gtest/gtest.h>

#include <cstdlib>

#include "levada/testkit/conformance_test_support.h"
#include "levada/testkit/malloc_use.h"

namespace levada::testkit {
namespace {

template <class Self>
struct Columns : Interceptor {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Self>> create(Settings, Host) { return std::make_unique<Self>(); }
};

// Of a component that reads the columns "ip" and "count", whatever its options.
template <class Component>
Subject columns_subject() {
  auto subject = interceptor_subject<Component>();
  subject.columns = {text_column("ip", {"10.1.2.3", "", std::nullopt, "192.0.2.1", "2001:db8::1 and more"}),
                     value_column<int64_t>("count", Type::int64, {1, 20, 300})};
  return subject;
}

// Cuts an address off behind its last dot.
template <bool keeps_nulls>
struct MasksAddresses : Columns<MasksAddresses<keeps_nulls>> {
  Done intercept(Batch& batch) override {
    const auto* addresses = batch.text("ip");
    if (!addresses) return {};
    TextBuilder masked(batch.rows());
    for (int64_t row = 0; row < batch.rows(); ++row) {
      const auto address = addresses->text(row);
      if (keeps_nulls && addresses->null(row)) masked.append_null();
      else masked.append(address.substr(0, address.rfind('.') + 1));
    }
    batch.set(std::move(masked).finish("ip", Type::text));
    return {};
  }
};

TEST(ConformanceOfColumns, passes_an_interceptor_that_keeps_nulls) {
  EXPECT_EQ(broken(columns_subject<MasksAddresses<true>>()), Numbers());
}
TEST(ConformanceOfColumns, finds_an_interceptor_that_takes_a_null_for_an_empty_text) {
  EXPECT_EQ(broken(columns_subject<MasksAddresses<false>>()), Numbers{"I25"});
}
TEST(ConformanceOfColumns, lets_an_interceptor_say_that_it_means_nulls_to_be_empty) {
  auto subject = columns_subject<MasksAddresses<false>>();
  subject.nulls_are_empty = true;
  EXPECT_EQ(broken(subject), Numbers());
}

struct Doubles : Columns<Doubles> {
  Done intercept(Batch& batch) override {
    const auto* counts = batch.find("count");
    if (!counts || counts->type() != Type::int64) return {};
    ValueBuilder<int64_t> doubled(batch.rows());
    for (int64_t row = 0; row < batch.rows(); ++row) doubled.append(2 * counts->values<int64_t>()[row]);
    batch.set(std::move(doubled).finish("doubled", Type::int64));
    return {};
  }
};
TEST(ConformanceOfColumns, finds_an_interceptor_that_looks_behind_nulls) {
  EXPECT_EQ(broken(columns_subject<Doubles>()), Numbers{"I24"});
}

// Reads the array as if no batch were a slice.
struct IgnoresOffsets : Columns<IgnoresOffsets> {
  Done intercept(Batch& batch) override {
    const auto* counts = batch.find("count");
    if (!counts || counts->type() != Type::int64) return {};
    ValueBuilder<int64_t> copies(batch.rows());
    const auto* values = static_cast<const int64_t*>(counts->array().buffers[1]);
    for (int64_t row = 0; row < batch.rows(); ++row)
      counts->null(row) ? copies.append_null() : copies.append(values[row]);
    batch.set(std::move(copies).finish("copy", Type::int64));
    return {};
  }
};
TEST(ConformanceOfColumns, finds_an_interceptor_that_ignores_an_offset_in_a_column) {
  EXPECT_EQ(broken(columns_subject<IgnoresOffsets>()), Numbers{"I3"});
}

struct Leaks : Columns<Leaks> {
  Done intercept(Batch&) override {
    *static_cast<volatile char*>(std::malloc(100)) = 0;
    return {};
  }
};
TEST(ConformanceOfColumns, finds_memory_of_malloc_that_each_batch_leaves_behind) {
  if (!malloc_in_use()) GTEST_SKIP() << "this C library does not tell, or a sanitizer looks for leaks itself";
  EXPECT_EQ(broken(columns_subject<Leaks>()), (Numbers{"P8", "I6"}));
}

// Writes "count" of each row, and forgets that the column may be a slice.
template <bool keeps_offset>
struct WritesCounts : CheckpointSink {
  static Result<std::unique_ptr<WritesCounts>> create(Settings, Host host) {
    auto made = std::make_unique<WritesCounts>();
    made->files = host.files();
    return made;
  }
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override {
    const auto* counts = batch.find("count");
    if (!counts || counts->type() != Type::int64) return CheckpointSink::write(batch, timeout);
    const auto* values =
        keeps_offset ? counts->values<int64_t>() : static_cast<const int64_t*>(counts->array().buffers[1]);
    for (int64_t row = 0; row < batch.rows(); ++row)
      written += (counts->null(row) ? "null" : std::to_string(values[row])) + "\n";
    return {};
  }
};
template <class Component>
Subject counting_subject() {
  auto subject = sink_subject<Component>();
  subject.columns = {value_column<int64_t>("count", Type::int64, {1, 20, 300})};
  return subject;
}
TEST(ConformanceOfColumns, finds_a_sink_that_ignores_an_offset_in_a_column) {
  EXPECT_EQ(broken(counting_subject<WritesCounts<true>>()), Numbers());
  EXPECT_EQ(broken(counting_subject<WritesCounts<false>>()), Numbers{"K16"});
}

}  // namespace
}  // namespace levada::testkit
