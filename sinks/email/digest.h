// The rows since the last commit, as mails: rows with the same sender, recipients and subject go
// together.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cool_down.h"
#include "levada/batch.h"
#include "levada/pattern.h"
#include "message.h"
#include "settings.h"

namespace levada::email {

class Digest {
 public:
  static Result<Digest> from(const EmailSettings& settings);

  void clear();
  // Takes the rows of a batch at the time since 1970. Those of which no mail can be made are
  // rejected in it; gives how many are held back because their key cools down.
  int64_t add(Batch& batch, CoolDown& cool_down, std::chrono::nanoseconds now);

  size_t mails() const { return groups_.size(); }
  Mail mail(size_t number) const;
  void reject(size_t number, const std::string& reason);
  // Puts the rejected rows of one batch into `rejected`; false where there are none left.
  bool hand_over(Batch& rejected);

 private:
  struct Row {
    size_t batch;
    int64_t row;
  };
  struct Group {
    Mail mail;  // Its text is what rows have put into it.
    std::vector<Row> rows;
  };
  struct Bound {
    Pattern::Bound from, subject, text, key;
    std::vector<Pattern::Bound> to;
  };

  // What the row would be; its text stands in `text`. Fails with the reason.
  Result<Mail> make(const Batch& batch, const Bound& bound, int64_t row, std::string& text) const;
  std::string all_columns(const Batch& batch, int64_t row) const;

  Pattern from_, subject_;
  std::vector<Pattern> to_;
  std::optional<Pattern> text_, key_;
  size_t rows_max_ = 100;

  std::vector<Batch> held_;
  std::vector<std::vector<Rejection>> rejections_;  // Of each batch.
  std::vector<Group> groups_;
  std::map<std::string, size_t> numbers_;  // Of groups, by what tells them apart.
};

}  // namespace levada::email
