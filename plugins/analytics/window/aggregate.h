// What is worked out for each key of a window: a piece of the key's record, to which rows are
// added column by column, and that can be joined with that of another pane.
//
// What comes out does not depend on the order in which rows were added or pieces were joined: rows
// that come again after a restart, in another order, give the same.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "levada/batch.h"
#include "levada/saved_state.h"
#include "moving_values.h"

namespace levada::window {

class Aggregate {
 public:
  // What the pieces of one table share.
  class Shared {
   public:
    virtual ~Shared() = default;
    virtual size_t bytes() const = 0;
    virtual void save(StateWriter& to) const = 0;
    virtual void load(StateReader& from) = 0;
    // What has changed since the last begin_changes or save_changes; all of it where that is not
    // known.
    virtual void begin_changes() {}
    virtual void save_changes(StateWriter& to) { save(to); }
    virtual void load_changes(StateReader& from) { load(from); }
  };

  virtual ~Aggregate() = default;
  // Bytes of its piece, a multiple of 8, which are zero at first.
  virtual size_t state_bytes() const = 0;
  virtual std::unique_ptr<Shared> make_shared() const { return nullptr; }
  // For these records, which are all that there are, anew: without what only others needed.
  virtual std::unique_ptr<Shared> renew_shared(const Shared& /*shared*/, std::span<char* const> /*records*/) {
    return make_shared();
  }
  // Whether its piece is an int64_t, how many rows it was added.
  virtual bool counts_rows() const { return false; }
  // The batch, with the times of its rows, that is added from.
  virtual void bind(const Batch& batch, const int64_t* times) = 0;
  // Adds the rows with these numbers, each to the piece in the record that stands beside it.
  virtual void add(std::span<const int64_t> rows, char* const* records, Shared* shared) = 0;
  // Adds the pieces in the first records to those in the second, each to the one at its place.
  virtual void join(std::span<const char* const> from, const Shared* from_shared, char* const* to,
                    Shared* to_shared) = 0;
  // Whether what was joined can be taken away again, and nothing shows of it.
  virtual bool can_take_away() const { return false; }
  virtual void take_away(std::span<const char* const> /*what*/, char* const* /*from*/) {}
  virtual Column finish(std::string name, std::span<const char* const> records, const Shared* shared) const = 0;

  // For pieces that hold memory outside of their record.
  virtual bool holds_memory() const { return false; }
  // Whether a piece is about as small as a value, so that each row may have one of its own. Where
  // it is not, how moving windows work it out, if they can.
  virtual bool is_small() const { return true; }
  virtual std::unique_ptr<MovingValues> make_moving() const { return nullptr; }
  virtual size_t held_bytes(const char* /*record*/) const { return 0; }
  virtual void release(char* /*record*/) const {}
  virtual void save(const char* /*record*/, StateWriter& /*to*/) const {}
  virtual void load(char* /*record*/, StateReader& /*from*/) const {}

  // Where in a record its piece begins.
  size_t offset = 0;
  // By how many bytes held memory has grown, until somebody takes note of it.
  int64_t growth = 0;

 protected:
  template <class State>
  State& in(char* record) const {
    return *reinterpret_cast<State*>(record + offset);
  }
  template <class State>
  const State& in(const char* record) const {
    return *reinterpret_cast<const State*>(record + offset);
  }
};

struct NamedAggregate {
  std::string name;
  std::unique_ptr<Aggregate> aggregate;
};

}  // namespace levada::window
