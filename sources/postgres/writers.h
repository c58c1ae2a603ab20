// Transactions that write to the tables of a query, and waiting for their end: a number that a
// sequence gives may be committed behind a greater one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace levada::postgres_source {

struct Writer {
  std::string transaction;  // Its virtual number, or that of a prepared one.
  std::string process;      // Of the server; empty: it is prepared for a second phase.
};

// An SQL query for the writers, with these two as its columns, as part of a statement that reads
// the tables, too.
std::string_view writers_sql();

// Waits for the writers of a moment, and for no later ones.
class WriterWait {
 public:
  void begin(std::vector<Writer> writers) { left_ = std::move(writers); }
  // `now`: those that there are at present.
  void update(std::vector<Writer> now);
  bool is_over() const { return left_.empty(); }
  // Their processes: "7, 8"
  std::string shown() const;

 private:
  std::vector<Writer> left_;
};

}  // namespace levada::postgres_source
