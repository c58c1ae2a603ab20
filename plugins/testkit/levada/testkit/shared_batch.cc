// Copies of trees of Arrow structs that share the buffers below them.
#include "levada/testkit/shared_batch.h"

#include <atomic>
#include <cstring>
#include <deque>

namespace levada::testkit {

namespace {

// What a copied struct owns: its children's structs, and a share of what it was copied from.
template <class Arrow>
struct Copied {
  std::shared_ptr<const levada_batch> origin;
  std::deque<Arrow> structs;
  std::vector<Arrow*> children;
  std::shared_ptr<LentStructs::Counts> counts;
};

template <class Arrow>
void release_copy(Arrow* copy) {
  auto* copied = static_cast<Copied<Arrow>*>(copy->private_data);
  for (auto& each : copied->structs)
    if (each.release) each.release(&each);
  ++copied->counts->returned;
  // Who still looks at it after this finds rubbish.
  std::memset(static_cast<void*>(copy), 0xA5, sizeof *copy);
  copy->release = nullptr;
  delete copied;
}

template <class Arrow>
void copy_tree(const Arrow& from, Arrow& to, const std::shared_ptr<const levada_batch>& origin,
               const std::shared_ptr<LentStructs::Counts>& counts) {
  auto* copied = new Copied<Arrow>{origin, {}, {}, counts};
  to = from;
  for (int64_t at = 0; at < from.n_children; ++at) {
    copied->children.push_back(&copied->structs.emplace_back());
    copy_tree(*from.children[at], copied->structs.back(), origin, counts);
  }
  to.children = from.n_children ? copied->children.data() : nullptr;
  if (from.dictionary) {
    to.dictionary = &copied->structs.emplace_back();
    copy_tree(*from.dictionary, *to.dictionary, origin, counts);
  }
  to.private_data = copied;
  to.release = release_copy<Arrow>;
  ++counts->lent;
}

// Lets go of the outer structs when the last copy of them goes; they may hold
// children moved from elsewhere.
std::shared_ptr<levada_batch> hold(const levada_batch& batch) {
  return {new levada_batch(batch), [](levada_batch* held) {
            detail::release(*held);
            delete held;
          }};
}

}  // namespace

SharedBatch SharedBatch::adopt(levada_batch& batch) {
  SharedBatch shared;
  shared.held_ = hold(batch);
  shared.held_->stream = shared.held_->position = {};
  batch.rows.release = nullptr;
  batch.schema.release = nullptr;
  return shared;
}

SharedBatch SharedBatch::of(const Batch& batch) {
  levada_batch shared = detail::empty_batch();
  batch.share(shared);
  return adopt(shared);
}

SharedBatch SharedBatch::borrow(const levada_batch& batch) {
  SharedBatch shared;
  shared.held_ = std::make_shared<levada_batch>(batch);
  return shared;
}

void SharedBatch::lend(levada_batch& to, LentStructs& lent_structs) const {
  to = {};
  to.size = sizeof to;
  to.sequence = held_->sequence;
  copy_tree(held_->rows, to.rows, held_, lent_structs.counts_);
  copy_tree(held_->schema, to.schema, held_, lent_structs.counts_);
}

SharedBatch SharedBatch::sliced(int64_t first, int64_t count) const {
  const auto ignored = std::make_shared<LentStructs::Counts>();
  levada_batch slice = *held_;
  copy_tree(held_->rows, slice.rows, held_, ignored);
  copy_tree(held_->schema, slice.schema, held_, ignored);
  slice.rows.offset += first;
  slice.rows.length = count;
  slice.sequence += static_cast<uint64_t>(first);
  return adopt(slice);
}

SharedBatch SharedBatch::sliced_in_columns(int64_t first, int64_t count) const {
  first += held_->rows.offset;
  SharedBatch slice = sliced(0, count);
  slice.held_->rows.offset = 0;
  for (int64_t at = 0; at < slice.held_->rows.n_children; ++at) {
    ArrowArray& column = *slice.held_->rows.children[at];
    column.offset += first;
    column.length = count;
    if (column.null_count != 0) column.null_count = -1;
  }
  slice.held_->sequence += static_cast<uint64_t>(first) - static_cast<uint64_t>(held_->rows.offset);
  return slice;
}

}  // namespace levada::testkit
