// Options that several components share. Their settings stand in a struct of their own, from which
// the settings of each component are derived:
//   struct Server { std::string address; };
//   inline constexpr std::array kServerOptions = {required<&Server::address>("address", "")};
//   struct Settings : Server { std::string key; };
//   static constexpr auto options = join_options(inherited<Settings, kServerOptions>(),
//                                                std::array{required<&Settings::key>("key", "")});
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "levada/options.h"

namespace levada {

namespace detail {

template <class Settings, const auto& shared, size_t... at>
constexpr std::array<Option<Settings>, sizeof...(at)> inherited(std::index_sequence<at...>) {
  return {Option<Settings>{shared[at].description, [](Settings& settings, const levada_value& value) {
                             shared[at].assign(settings, value);
                           }}...};
}

}  // namespace detail

// The shared options `from .. to - 1`, as those of settings that are derived from theirs.
template <class Settings, const auto& shared, size_t from = 0, size_t to = shared.size()>
constexpr std::array<Option<Settings>, to - from> inherited() {
  constexpr auto all = detail::inherited<Settings, shared>(std::make_index_sequence<shared.size()>());
  std::array<Option<Settings>, to - from> part{};
  for (size_t at = from; at < to; ++at) part[at - from] = all[at];
  return part;
}

// The options of all these arrays, in this order.
template <class Settings, size_t... counts>
constexpr std::array<Option<Settings>, (counts + ...)> join_options(
    const std::array<Option<Settings>, counts>&... parts) {
  std::array<Option<Settings>, (counts + ...)> all{};
  size_t at = 0;
  const auto add = [&](const auto& part) {
    for (const auto& option : part) all[at++] = option;
  };
  (add(parts), ...);
  return all;
}

}  // namespace levada
