// The rows since the last commit, as JSON, and how they go into requests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"

namespace levada::webhook {

struct RequestLimits {
  size_t rows = 1;
  size_t bytes = 1 << 20;
};

class PendingRows {
 public:
  // Some rows, by their numbers since the last commit.
  struct Range {
    size_t first = 0, rows = 0;
  };

  void clear();
  // Takes a batch whose rows become the columns of these names; all but the body where there are
  // none. Gives how many values JSON could not hold.
  int64_t add(const Batch& batch, const std::vector<std::string>& columns);

  size_t rows() const { return ends_.size(); }
  // The object that a row is.
  std::string_view text(size_t row) const {
    const size_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::string_view(texts_).substr(begin, ends_[row] - begin);
  }
  // Those that go into one request from that row on: of one stream, and cut where the number of a
  // row in its stream is a multiple of the limit. So requests are the same ones again, but for the
  // first and the last, however batches are cut after a restart.
  Range next(size_t first, const RequestLimits& limits) const;
  // The stream and the numbers of the rows, by which the request is told from others; `epoch` is
  // the commit's.
  std::string name_of(Range range, uint64_t epoch) const;

  // The last row first or in order: every row at most once.
  void reject(Range range, const std::string& reason);
  // Puts the rejected rows of one batch into `rejected`; false where there are none left.
  bool hand_over(Batch& rejected);

 private:
  struct Held {
    Batch batch;
    size_t first;
    std::vector<Rejection> rejections;
  };
  const Held& holder(size_t row) const { return held_[holder_number(row)]; }
  size_t holder_number(size_t row) const;
  uint64_t number_of(size_t row) const {
    const Held& held = holder(row);
    return held.batch.sequence + (row - held.first);
  }

  std::vector<Held> held_;
  std::string texts_;
  std::vector<size_t> ends_;  // Of each row's text.
};

}  // namespace levada::webhook
