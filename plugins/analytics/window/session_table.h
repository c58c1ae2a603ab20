// The sessions of each key: rows that lie less than a gap apart. A row may begin one, make one
// longer at either end, or join two.
//
// Rows of a batch find their sessions first; the aggregates of sessions that were joined, and then
// the rows, are added column by column when all of them have. Sessions that are over are found by a
// calendar of the times at which they may be: one that has become longer is looked at again then.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <vector>

#include "analytics/key_numbers.h"
#include "output.h"
#include "records.h"

namespace levada::window {

class SessionTable {
 public:
  // Microseconds. `keep`: for how long after its end a session can be given again.
  SessionTable(const Layout& layout, int64_t gap, int64_t keep, size_t memory_bytes);

  // Adds rows of the batch that the layout is bound to. Calls full(row) for each for which there is
  // no memory. How many belong to sessions that were given.
  template <class Full>
  size_t add(const RowKeys& keys, std::span<const int64_t> rows, const int64_t* times, Full full) {
    late_ = 0;
    if (make_room(rows.size())) {
      for (; !rows.empty(); rows = rows.subspan(std::min(kGroup, rows.size())))
        add_group(keys, rows.first(std::min(kGroup, rows.size())), times);
      return late_;
    }
    rows_.clear();
    places_.clear();
    for (const int64_t row : rows) {
      if (!has_room(table_.find(keys[row]), times[row])) {
        full(row);
        continue;
      }
      rows_.push_back(row);
      places_.push_back(place(table_.find_or_add(keys[row]), times[row]));
    }
    add_placed(rows_);
    return late_;
  }

  // Whether there is something to be given, of sessions that are over up to that time.
  bool is_due(int64_t limit);
  // Adds up to `rows` of it: by the end of the session, then by key. They are valid until `given`,
  // which has to follow.
  void give(int64_t limit, size_t rows, Given& to);
  // Which of the rows of `give` or `give_early` are shown. Those that were, and are no more, become
  // `removed`.
  void settle(Given& given, std::span<const uint8_t> shown);
  void given();
  // Rows before that time may belong to sessions that are gone.
  int64_t forgotten_end() const { return forgotten_end_; }

  // Whether open sessions have got rows that were not given early.
  bool is_touched() const { return touched_ > 0; }
  void begin_early();
  bool has_early() const { return !early_.empty(); }
  void give_early(size_t rows, Given& to);
  void given_early() { giving_.clear(); }

  size_t size() const { return records_.size(); }
  size_t bytes() const { return bytes_with(0); }
  void save(StateWriter& to) const;
  void load(StateReader& from, size_t key_columns);
  void forget();
  // What has changed since the last begin_changes or save_changes, by keys: all sessions of those
  // that have had rows, or of which one was given.
  bool knows_changes() const { return table_.knows_changes() && records_.knows_changes(); }
  void begin_changes();
  void save_changes(StateWriter& to);
  void load_changes(StateReader& from, size_t key_columns);

 private:
  using Number = Records::Number;
  static constexpr int64_t kNone = INT64_MIN;
  // In place of a bucket: it stands in due_, or nowhere.
  static constexpr int64_t kListed = INT64_MIN, kNowhere = INT64_MIN + 1;

  struct Session {
    int64_t start, last;  // Of its first and its last row.
    int64_t bucket;       // Of the calendar.
    int64_t shown;        // The beginning under which it was shown last; kNone: it was not.
    KeyTable::Number key;
    Number next;          // Of the same key, the one before in time, + 1; 0: none.
    uint8_t shown_final;  // What was given was not only early,
    uint8_t given;        // and nothing has come since.
    uint8_t touched;      // Rows have come since it was given early.
    uint8_t is_joined;    // It is part of `next` now.
  };
  struct Removal {
    KeyTable::Number key;
    int64_t start, end;
  };

  Session& session(Number number) { return records_.header<Session>(number); }
  const Session& session(Number number) const { return records_.header<Session>(number); }
  Number& first_of(KeyTable::Number key) { return table_.state<Number>(key); }
  int64_t end_of(const Session& session) const { return session.last + gap_; }
  int64_t due_of(const Session& session) const { return end_of(session) + (session.given ? keep_ : 0); }
  size_t bytes_with(size_t rows) const;

  bool has_room(KeyTable::Number key, int64_t time) const;
  // The session that a row of that key and time belongs to.
  Number place(KeyTable::Number key, int64_t time);
  Number begin(KeyTable::Number key, int64_t time);
  void touch(Number number);
  // Begins earlier, at `time`; the next one of its key may become a part of it.
  void begin_earlier(Number number, int64_t time);
  // A row was given under that beginning: it stays one of the session's, or is removed.
  void keep_shown(Session& session, int64_t shown, bool shown_final);
  Number root(Number number) const;
  // For so many rows that what is fetched for one step is in the cache yet for the next.
  static constexpr size_t kGroup = analytics::KeyNumbers::kGroup;
  void add_group(const RowKeys& keys, std::span<const int64_t> rows, const int64_t* times);
  // Adds rows to their places_.
  void add_placed(std::span<const int64_t> rows);
  // Whether there is room for so many sessions, of keys that are new.
  bool make_room(size_t rows);
  void forget_keys();

  void enter(Number number);
  void collect(int64_t limit);
  void sort(std::vector<Number>& sessions) const;
  bool is_listed(Number number) const { return records_.is_taken(number) && session(number).bucket == kListed; }
  void set_touched(Session& session, bool touched);
  void end(Number number);
  // A session of that key as it is loaded, which `link` is to lead to; its own link comes back.
  Number* load_session(KeyTable::Number key, Number* link, int64_t start, int64_t last, int64_t shown, uint8_t flags);
  static uint8_t flags_of(const Session& session);
  void save_removals(StateWriter& to) const;
  void load_removals(StateReader& from);

  const int64_t gap_, keep_, bucket_width_;
  const size_t memory_bytes_;
  KeyTable table_{sizeof(Number)};  // The latest session of each key + 1.
  analytics::Forgetting forgetting_;
  Records records_;
  std::map<int64_t, std::vector<Number>> calendar_;
  std::vector<Number> due_, early_;  // In the order in which they are given, the last first.
  std::vector<Number> giving_;
  std::vector<Removal> removals_;
  size_t removals_given_ = 0;
  int64_t forgotten_end_ = kNone, collected_ = kNone;
  size_t touched_ = 0, late_ = 0;
  // For a call.
  std::array<KeyTable::Number, kGroup> numbers_;
  std::vector<int64_t> rows_;
  std::vector<Number> places_, joined_;
  std::vector<const char*> from_;
  std::vector<char*> to_;
  const std::vector<char> zero_;  // The record of what is removed.
};

}  // namespace levada::window
