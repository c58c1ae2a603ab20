// How many different values there are, exactly. The values of a table have numbers: the first 64
// are bits of a key's record, all others a set outside of it.
#pragma once

#include "aggregate.h"
#include "levada/key_table.h"

namespace levada::window {

class Distinct final : public Aggregate {
 public:
  explicit Distinct(std::string column) : keys_({std::move(column)}) {}
  size_t state_bytes() const override { return sizeof(State); }
  std::unique_ptr<Shared> make_shared() const override { return std::make_unique<Values>(); }
  std::unique_ptr<Shared> renew_shared(const Shared& shared, std::span<char* const> records) override;
  void bind(const Batch& batch, const int64_t*) override {
    keys_.read(batch);
    column_ = batch.find(keys_.columns()[0]);
  }
  void add(std::span<const int64_t> rows, char* const* records, Shared* shared) override;
  void join(std::span<const char* const> from, const Shared* from_shared, char* const* to, Shared* to_shared) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;
  bool holds_memory() const override { return true; }
  bool is_small() const override { return false; }
  std::unique_ptr<MovingValues> make_moving() const override { return make_moving_distinct(keys_.columns()[0]); }
  size_t held_bytes(const char* record) const override;
  void release(char* record) const override;
  void save(const char* record, StateWriter& to) const override;
  void load(char* record, StateReader& from) const override;

 private:
  struct Values final : Shared {
    KeyTable table{0};
    size_t bytes() const override { return table.bytes(); }
    void save(StateWriter& to) const override { table.save_keys(to); }
    void load(StateReader& from) override { table.load_keys(from, 1); }
    void begin_changes() override { table.begin_changes(); }
    void save_changes(StateWriter& to) override { table.save_changes(to); }
    void load_changes(StateReader& from) override { table.load_changes(from, 1); }
  };
  // Numbers above 63: a set with open addressing, half empty at least; 0 is an empty place.
  struct NumberSet {
    std::vector<uint32_t> places;
    uint32_t size = 0;
    // By how many bytes it has grown.
    size_t add(uint32_t number);
  };
  struct State {
    uint64_t first;
    NumberSet* others;
    size_t add(uint32_t number);
    uint64_t size() const;
    template <class Each>
    void for_each(Each each) const;
  };
  RowKeys keys_;
  const Column* column_ = nullptr;
  std::vector<int64_t> rows_;
  std::vector<char*> records_;
  std::vector<KeyTable::Number> numbers_;
};

}  // namespace levada::window
