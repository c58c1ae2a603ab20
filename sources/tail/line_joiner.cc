#include "line_joiner.h"

#include <vector>

#include "levada/builders.h"

namespace levada::tail {

Result<LineJoiner> LineJoiner::make(const std::string& start, size_t row_bytes) {
  LineJoiner made;
  RE2::Options options;
  options.set_log_errors(false);
  // Lines may be anything; a byte is a character then.
  options.set_encoding(RE2::Options::EncodingLatin1);
  made.start_ = std::make_unique<RE2>(start, options);
  made.row_bytes_ = row_bytes;
  if (!made.start_->ok()) return fatal(made.start_->error());
  return made;
}

LineJoiner::Joined LineJoiner::join(const Batch& lines, bool complete) const {
  const Column* const bodies = lines.body();
  const Column* const reasons = lines.text("reason");
  std::vector<int64_t> firsts;
  TextBuilder texts(lines.rows());
  std::string row;
  bool may_go_on = false;
  const auto end_row = [&] {
    if (!firsts.empty()) bodies->null(firsts.back()) ? texts.append_null() : texts.append(row);
  };
  for (int64_t line = 0; line < lines.rows(); ++line) {
    const auto text = bodies->text(line);
    const bool rejected = reasons && !reasons->null(line);
    const bool goes_on =
        may_go_on && !rejected && row.size() + 1 + text.size() <= row_bytes_ && !RE2::PartialMatch(text, *start_);
    if (goes_on) {
      (row += '\n') += text;
      continue;
    }
    end_row();
    firsts.push_back(line);
    row = text;
    may_go_on = !rejected;
  }
  Joined joined{Batch(lines), std::nullopt};
  if (!complete && may_go_on) {
    joined.open_line = firsts.back();
    firsts.pop_back();
  } else {
    end_row();
  }
  joined.rows.take(firsts);
  joined.rows.set(std::move(texts).finish("body", bodies->type()));
  return joined;
}

}  // namespace levada::tail
