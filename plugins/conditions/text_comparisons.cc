// Conditions that set a column against texts and regular expressions. A timestamp
// can be set against its text.
#include <re2/re2.h>

#include <cstring>
#include <unordered_set>

#include "class_pattern.h"
#include "comparisons.h"
#include "levada/time.h"
#include "text_condition.h"

namespace levada::conditions {
namespace {

// Size and first four bytes are told in one comparison; a short text as a whole in two.
class Equal {
 public:
  explicit Equal(std::string text) : text_(std::move(text)) {
    const auto view = View::of(text_, 0, 0);
    std::memcpy(words_, &view, sizeof view);
  }
  bool operator()(std::string_view text) const { return text == text_; }
  bool operator()(const Views& views, const View& view) const {
    uint64_t words[2];
    std::memcpy(words, &view, sizeof view);
    if (view.is_inline()) return words[0] == words_[0] && words[1] == words_[1];
    return words[0] == words_[0] && views.text(view) == text_;
  }

 private:
  std::string text_;
  uint64_t words_[2];
};

struct Ordered {
  Operator how;
  std::string literal;
  bool operator()(std::string_view text) const {
    switch (how) {
      case Operator::equal: return text == literal;
      case Operator::less: return text < literal;
      case Operator::less_or_equal: return text <= literal;
      case Operator::greater: return text > literal;
      case Operator::greater_or_equal: return text >= literal;
    }
    return false;
  }
};

struct Hash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

struct OneOfTexts {
  std::unordered_set<std::string, Hash, std::equal_to<>> texts;
  bool operator()(std::string_view text) const { return texts.find(text) != texts.end(); }
};

struct Contains {
  std::string part;
  bool operator()(std::string_view text) const {
    return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
  }
};
struct StartsWith {
  std::string part;
  bool operator()(std::string_view text) const { return text.starts_with(part); }
};
struct EndsWith {
  std::string part;
  bool operator()(std::string_view text) const { return text.ends_with(part); }
};

struct Matches {
  std::shared_ptr<const re2::RE2> expression;
  bool operator()(std::string_view text) const {
    return expression->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
  }
};

// Against a column of text its test; against timestamps the time that the literal says.
template <class Test>
class LiteralCondition final : public Condition {
 public:
  LiteralCondition(std::string column, Operator how, std::string literal, Test test)
      : column_(std::move(column)),
        how_(how),
        literal_(std::move(literal)),
        time_us_(parse_rfc3339(literal_)),
        on_text_(column_, std::move(test)) {}

  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    const auto* column = batch.find(column_);
    if (!column || column->is_textual()) return on_text_.narrow(batch, mask, remarks);
    if (column->type() == Type::timestamp && time_us_) {
      if (!on_time_) on_time_ = compare(column_, how_, Number(*time_us_));
      // The microseconds of a timestamp column stand in memory as those of an int64 column do.
      Batch times(batch.rows());
      times.set(Column(column_, Type::int64, column->shared()));
      return on_time_->narrow(times, mask, remarks);
    }
    remarks.add("the column \"" + column_ + "\" is " + name_of(column->type()) + " and is set against the text '" +
                literal_ + "': no row meets that");
    mask.reset(batch.rows(), 0);
  }

 private:
  std::string column_;
  Operator how_;
  std::string literal_;
  std::optional<int64_t> time_us_;
  TextCondition<Test> on_text_;
  ConditionPtr on_time_;
};

// Against columns of text by hash; against others it says what the
// comparisons one by one would say.
class OneOfManyTexts final : public Condition {
 public:
  OneOfManyTexts(std::string column, std::vector<std::string> texts)
      : column_(std::move(column)),
        texts_(std::move(texts)),
        on_text_(column_, OneOfTexts{{texts_.begin(), texts_.end()}}) {}

  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    const auto* column = batch.find(column_);
    if (!column || column->is_textual()) return on_text_.narrow(batch, mask, remarks);
    if (!one_by_one_) {
      std::vector<ConditionPtr> parts;
      for (const auto& text : texts_) parts.push_back(compare(column_, Operator::equal, text));
      one_by_one_ = any_of(std::move(parts));
    }
    one_by_one_->narrow(batch, mask, remarks);
  }

 private:
  std::string column_;
  std::vector<std::string> texts_;
  TextCondition<OneOfTexts> on_text_;
  ConditionPtr one_by_one_;
};

template <class Test>
ConditionPtr against_literal(std::string column, Operator how, std::string literal, Test test) {
  return std::make_unique<LiteralCondition<Test>>(std::move(column), how, std::move(literal), std::move(test));
}

}  // namespace

ConditionPtr compare(std::string column, Operator how, std::string text) {
  if (how == Operator::equal) return against_literal(std::move(column), how, text, Equal(text));
  return against_literal(std::move(column), how, text, Ordered{how, text});
}

ConditionPtr is_one_of(std::string column, std::vector<std::string> texts) {
  // Up to here comparing views one by one beats hashing.
  constexpr size_t kFew = 8;
  if (texts.size() <= kFew) {
    std::vector<ConditionPtr> parts;
    for (auto& text : texts) parts.push_back(compare(column, Operator::equal, std::move(text)));
    return any_of(std::move(parts));
  }
  return std::make_unique<OneOfManyTexts>(std::move(column), std::move(texts));
}

ConditionPtr contains(std::string column, std::string part) {
  return on_text(std::move(column), Contains{std::move(part)});
}
ConditionPtr starts_with(std::string column, std::string part) {
  return on_text(std::move(column), StartsWith{std::move(part)});
}
ConditionPtr ends_with(std::string column, std::string part) {
  return on_text(std::move(column), EndsWith{std::move(part)});
}
ConditionPtr is_digits(std::string column) { return on_text(std::move(column), *ClassPattern::parse("^[0-9]+$")); }

Result<ConditionPtr> matches(std::string column, const std::string& expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<re2::RE2>(expression, options);
  if (!compiled->ok()) return fatal("\"" + expression + "\" is no regular expression: " + compiled->error());
  if (const auto plain = ClassPattern::parse(expression)) return on_text(std::move(column), *plain);
  return on_text(std::move(column), Matches{std::move(compiled)});
}

}  // namespace levada::conditions
