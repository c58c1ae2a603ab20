// Arrow structs that several holders share: each gets structs of its own, down to the last child,
// over the same buffers, so that a holder may move a part out of them as the Arrow C Data Interface
// allows.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "levada/arrow_layout.h"
#include "levada/buffer.h"

namespace levada::detail {

// Takes an array or a schema over; the last one to let go of it releases it.
template <class Arrow>
std::shared_ptr<const Arrow> hold(Arrow& from) {
  auto* moved = new Arrow(from);
  from.release = nullptr;
  return std::shared_ptr<const Arrow>(moved, [](Arrow* held) {
    if (held->release) held->release(held);
    delete held;
  });
}

template <class Arrow>
struct SharedNode {
  std::shared_ptr<const void> owner;    // Of the buffers and texts.
  std::unique_ptr<Arrow[]> below;       // The children, and the dictionary.
  std::unique_ptr<Arrow*[]> children;
  int64_t count = 0;
};

template <class Arrow>
void release_shared(Arrow* shared) {
  auto* node = static_cast<SharedNode<Arrow>*>(shared->private_data);
  for (int64_t at = 0; at < node->count; ++at)
    if (node->below[at].release) node->below[at].release(&node->below[at]);
  delete node;
  shared->release = nullptr;
}

// Fills in `to` with a share of `from`, which `owner` keeps.
template <class Arrow>
void share(const Arrow& from, const std::shared_ptr<const void>& owner, Arrow& to) {
  auto* node = new SharedNode<Arrow>{owner, nullptr, nullptr, from.n_children + (from.dictionary ? 1 : 0)};
  to = from;
  if (node->count > 0) {
    node->below = std::make_unique<Arrow[]>(static_cast<size_t>(node->count));
    node->children = std::make_unique<Arrow*[]>(static_cast<size_t>(node->count));
    for (int64_t at = 0; at < from.n_children; ++at) {
      share(*from.children[at], owner, node->below[at]);
      node->children[at] = &node->below[at];
    }
    to.children = from.n_children > 0 ? node->children.get() : nullptr;
    if (from.dictionary) {
      to.dictionary = &node->below[from.n_children];
      share(*from.dictionary, owner, *to.dictionary);
    }
  }
  to.release = release_shared<Arrow>;
  to.private_data = node;
}

// The rows first .. first + count - 1 of an array, by its offset.
inline std::shared_ptr<const ArrowArray> slice(const std::shared_ptr<const ArrowArray>& whole, int64_t first,
                                               int64_t count) {
  struct Slice {
    ArrowArray array;
    std::shared_ptr<const ArrowArray> whole;
  };
  auto part = std::make_shared<Slice>(Slice{*whole, whole});
  part->array.release = nullptr;
  // Readers that reckon the sizes of buffers find none behind an offset without rows.
  part->array.offset = count == 0 ? 0 : whole->offset + first;
  if (whole->null_count == whole->length) part->array.null_count = count;
  else if (whole->null_count != 0) part->array.null_count = -1;
  part->array.length = count;
  return std::shared_ptr<const ArrowArray>(part, &part->array);
}

// What keeps the memory of an array alive that was made here.
struct Held {
  std::vector<Buffer> buffers;
  std::vector<std::shared_ptr<const void>> arrays;
  std::vector<const void*> pointers;
  std::vector<int64_t> sizes;
  std::unique_ptr<ArrowArray> dictionary;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;

  Held() = default;
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    for (auto& child : children)
      if (child.release) child.release(&child);
    if (dictionary && dictionary->release) dictionary->release(dictionary.get());
  }
};

inline ArrowArray array_of(std::unique_ptr<Held> held, int64_t rows, int64_t nulls) {
  ArrowArray array{};
  array.length = rows;
  array.null_count = nulls;
  array.n_buffers = static_cast<int64_t>(held->pointers.size());
  array.buffers = held->pointers.data();
  array.dictionary = held->dictionary.get();
  for (auto& child : held->children) held->child_pointers.push_back(&child);
  array.n_children = static_cast<int64_t>(held->children.size());
  if (array.n_children > 0) array.children = held->child_pointers.data();
  array.release = [](ArrowArray* released) {
    delete static_cast<Held*>(released->private_data);
    released->release = nullptr;
  };
  array.private_data = held.release();
  return array;
}

}  // namespace levada::detail
