// Conditions made of others, and those that need no literal.
#include "condition.h"

#include <array>
#include <cstring>

namespace levada::conditions {
namespace {

// For each byte of a bitmap the eight bytes of a mask.
constexpr auto kSpread = [] {
  std::array<uint64_t, 256> table{};
  for (uint64_t byte = 0; byte < 256; ++byte)
    for (uint64_t bit = 0; bit < 8; ++bit) table[byte] |= (byte >> bit & 1) << (8 * bit);
  return table;
}();

// Clears the rows whose bit is not set. The bits begin `offset` bits behind `bits`.
void and_bits(const void* bits, int64_t offset, int64_t rows, bool wanted, Mask& mask) {
  const auto* bytes = static_cast<const uint8_t*>(bits);
  const uint8_t flip = wanted ? 0 : 0xff;
  uint8_t* to = mask.data();
  if (offset % 8 != 0) {
    for (int64_t row = 0; row < rows; ++row) to[row] &= static_cast<uint8_t>(detail::bit(bits, offset + row) == wanted);
    return;
  }
  bytes += offset / 8;
  for (int64_t row = 0; row < rows; row += 8) {
    uint64_t group;
    std::memcpy(&group, to + row, 8);
    group &= kSpread[bytes[row / 8] ^ flip];
    std::memcpy(to + row, &group, 8);
  }
}

class AllOf final : public Condition {
 public:
  explicit AllOf(std::vector<ConditionPtr> parts) : parts_(std::move(parts)) {}
  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    for (const auto& part : parts_) part->narrow(batch, mask, remarks);
  }

 private:
  std::vector<ConditionPtr> parts_;
};

class AnyOf final : public Condition {
 public:
  explicit AnyOf(std::vector<ConditionPtr> parts) : parts_(std::move(parts)) {}
  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    met_.reset(batch.rows(), 0);
    for (const auto& part : parts_) {
      open_ = mask;
      for (size_t at = 0; at < mask.size(); ++at) open_.data()[at] &= static_cast<uint8_t>(met_.data()[at] ^ 1);
      part->narrow(batch, open_, remarks);
      for (size_t at = 0; at < mask.size(); ++at) met_.data()[at] |= open_.data()[at];
    }
    mask = met_;
  }

 private:
  std::vector<ConditionPtr> parts_;
  Mask met_, open_;
};

class NoneOf final : public Condition {
 public:
  explicit NoneOf(ConditionPtr part) : part_(std::move(part)) {}
  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    met_ = mask;
    part_->narrow(batch, met_, remarks);
    for (size_t at = 0; at < mask.size(); ++at) mask.data()[at] &= static_cast<uint8_t>(met_.data()[at] ^ 1);
  }

 private:
  ConditionPtr part_;
  Mask met_;
};

class Exists final : public Condition {
 public:
  explicit Exists(std::string column) : column_(std::move(column)) {}
  void narrow(const Batch& batch, Mask& mask, Remarks&) override {
    if (const auto* column = batch.find(column_)) clear_nulls(*column, mask);
    else mask.reset(batch.rows(), 0);
  }

 private:
  std::string column_;
};

class IsTrue final : public Condition {
 public:
  IsTrue(std::string column, bool wanted) : column_(std::move(column)), wanted_(wanted) {}
  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    const auto* column = batch.find(column_);
    if (column && column->type() == Type::boolean) {
      clear_nulls(*column, mask);
      const auto& array = column->array();
      return and_bits(array.buffers[1], array.offset, array.length, wanted_, mask);
    }
    mask.reset(batch.rows(), 0);
    remarks.add(column ? "the column \"" + column_ + "\" is " + name_of(column->type()) +
                             " and no boolean: no row meets that"
                       : "there is no column \"" + column_ + "\": what is asked of it is not met");
  }

 private:
  std::string column_;
  bool wanted_;
};

}  // namespace

void clear_nulls(const Column& column, Mask& mask) {
  if (!column.has_nulls()) return;
  const auto& array = column.array();
  if (array.n_buffers == 0) {  // A column of Arrow's type "null".
    for (int64_t row = 0; row < array.length; ++row) mask.data()[row] = 0;
    return;
  }
  and_bits(array.buffers[0], array.offset, array.length, true, mask);
}

ConditionPtr all_of(std::vector<ConditionPtr> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<AllOf>(std::move(parts));
}
ConditionPtr any_of(std::vector<ConditionPtr> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<AnyOf>(std::move(parts));
}
ConditionPtr none_of(ConditionPtr part) { return std::make_unique<NoneOf>(std::move(part)); }
ConditionPtr exists(std::string column) { return std::make_unique<Exists>(std::move(column)); }
ConditionPtr is_true(std::string column, bool wanted) { return std::make_unique<IsTrue>(std::move(column), wanted); }

}  // namespace levada::conditions
