// A batch in C structs that several components can be given, which sees that each gives
// back what it got exactly once.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "levada/batch.h"
#include "levada/plugin.h"

namespace levada::testkit {

// Whether everything that was lent came back.
class LentStructs {
 public:
  int64_t outstanding() const { return counts_->lent.load() - counts_->returned.load(); }

  // Lives until the last struct is back, as a component may keep one for longer than the test.
  struct Counts {
    std::atomic<int64_t> lent{0};
    std::atomic<int64_t> returned{0};
  };

 private:
  friend class SharedBatch;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

class SharedBatch {
 public:
  SharedBatch() = default;
  // Takes the rows over; the caller's struct is left released.
  static SharedBatch adopt(levada_batch& batch);
  static SharedBatch of(const Batch& batch);
  // Leaves the rows to the caller, who keeps them for longer than all that is made of this.
  static SharedBatch borrow(const levada_batch& batch);

  // Fills in structs of their own that share the buffers. Each of them, children and dictionaries
  // too, has a release that is noted in the lent_structs.
  void lend(levada_batch& to, LentStructs& lent_structs) const;
  // The structs themselves, to be read.
  const levada_batch& get() const { return *held_; }
  int64_t rows() const { return held_->rows.length; }

  // The rows first .. first + count - 1 by way of the offset of the struct, or
  // of the offsets of its columns.
  SharedBatch sliced(int64_t first, int64_t count) const;
  SharedBatch sliced_in_columns(int64_t first, int64_t count) const;

 private:
  std::shared_ptr<levada_batch> held_;
};

}  // namespace levada::testkit
