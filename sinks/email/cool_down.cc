#include "cool_down.h"

#include <charconv>

#include "levada/checked_text.h"
#include "levada/positions.h"

namespace levada::email {

// A clock that was set back makes no key wait for longer than the span.
bool CoolDown::is_over(const Key& key, std::chrono::nanoseconds now, int64_t times) const {
  return now.count() < key.mailed || (now.count() - key.mailed) / times >= span_.count();
}

CoolDown::Verdict CoolDown::see(const std::string& key, std::chrono::nanoseconds now) {
  const auto [found, is_new] = keys_.try_emplace(key);
  Key& state = found->second;
  if (!is_new && !is_over(state, now, 1)) {
    ++state.held_back;
    return {false, 0};
  }
  const Verdict verdict{true, state.held_back};
  state = {now.count(), 0};
  return verdict;
}

// For a while a key is still good for telling how many rows it had.
void CoolDown::forget(std::chrono::nanoseconds now) {
  std::erase_if(keys_, [&](const auto& each) { return is_over(each.second, now, each.second.held_back > 0 ? 2 : 1); });
}

std::string CoolDown::encoded() const {
  std::string text;
  for (const auto& [key, state] : keys_) {
    text += std::to_string(state.mailed) + '\t' + std::to_string(state.held_back) + '\t';
    append_escaped(text, key);
    text += '\n';
  }
  return text;
}

Done CoolDown::load(std::string_view text) {
  std::map<std::string, Key> keys;
  while (const auto line = take_line(text)) {
    const auto parts = tab_separated(*line);
    Key state;
    const auto number = [](std::string_view digits, int64_t& to) {
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
      return error == std::errc() && end == digits.data() + digits.size() && to >= 0;
    };
    if (parts.size() != 3 || !number(parts[0], state.mailed) || !number(parts[1], state.held_back))
      return reject("a key of the cool-down is damaged");
    keys.insert_or_assign(unescaped(parts[2]), state);
  }
  if (!text.empty()) return reject("the keys of the cool-down do not end with a line");
  keys_ = std::move(keys);
  return {};
}

}  // namespace levada::email
