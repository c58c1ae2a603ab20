#include "rounds.h"

#include <charconv>

#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::http_fetch {
namespace {

constexpr std::string_view kFirstLine = "levada fetch round 1";

}  // namespace

Done Rounds::begin(uint64_t before) {
  LEVADA_TRY(files_.make_folder(folder_));
  auto text = load_checked(files_, path(), kFirstLine);
  if (!text && text.code() != Code::reject) return std::move(text).error();
  // A damaged one is as none: what was fetched is known by its positions.
  uint64_t number = 0;
  bool is_open = false;
  if (text && *text) {
    std::string_view rest = **text;
    const auto line = take_line(rest);
    const auto parts = tab_separated(line.value_or(""));
    if (parts.size() == 2) {
      std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), number);
      is_open = parts[1] == "open";
    }
  }
  number_ = number;
  if (is_open && number >= before) {
    is_open_ = true;
    return {};
  }
  number_ = std::max(number, before) + 1;
  return save(true);
}

Done Rounds::end() {
  if (!is_open_) return {};
  return save(false);
}

Done Rounds::save(bool is_open) {
  LEVADA_TRY(save_checked(files_, path(), kFirstLine, std::to_string(number_) + (is_open ? "\topen\n" : "\tended\n")));
  is_open_ = is_open;
  return {};
}

}  // namespace levada::http_fetch
