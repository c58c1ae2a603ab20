// Options: each is named once, with the member of Settings that it fills; its type follows from the
// member's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "levada/plugin.h"
#include "levada/result.h"

namespace levada {

// Bytes, written 4096 or "64KiB".
struct Size {
  int64_t bytes = 0;
};

// What the user wrote under a tree option; the text lives as long as create runs.
class Tree {
 public:
  Tree() = default;
  explicit Tree(const levada_value& value) : value_(&value) {}
  explicit operator bool() const { return value_ && value_->set; }
  std::string_view key() const { return {value_->key.data, value_->key.size}; }
  uint32_t type() const { return value_->type; }
  // The text of a string.
  std::string_view text() const { return {value_->text.data, value_->text.size}; }
  int64_t integer() const { return value_->integer; }
  double number() const { return value_->number; }
  size_t size() const { return value_ ? value_->count : 0; }
  Tree operator[](size_t at) const { return Tree(value_->items[at]); }
  Tree find(std::string_view key) const {
    for (size_t at = 0; at < size(); ++at)
      if ((*this)[at].key() == key) return (*this)[at];
    return {};
  }

 private:
  const levada_value* value_ = nullptr;
};

template <class Settings>
struct Option {
  levada_option description;
  void (*assign)(Settings&, const levada_value&);

  constexpr Option secret() const { return flagged(LEVADA_SECRET); }
  constexpr Option advanced() const { return flagged(LEVADA_ADVANCED); }
  constexpr Option reads_folder() const { return flagged(LEVADA_READS_FOLDER); }
  constexpr Option writes_folder() const { return flagged(LEVADA_WRITES_FOLDER); }
  // Gives an option of the agent's another default.
  constexpr Option of_agent() const { return flagged(LEVADA_OF_AGENT); }

 private:
  constexpr Option flagged(uint32_t flag) const {
    Option changed = *this;
    changed.description.flags |= flag;
    return changed;
  }
};

namespace detail {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
constexpr uint32_t option_type() {
  if constexpr (is_optional<T>::value) return option_type<typename T::value_type>();
  else if constexpr (std::is_same_v<T, bool>) return LEVADA_BOOLEAN;
  else if constexpr (std::is_same_v<T, Size>) return LEVADA_SIZE;
  else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) return LEVADA_DURATION;
  else if constexpr (std::is_enum_v<T>) return LEVADA_CHOICE;
  else if constexpr (std::is_integral_v<T>) return LEVADA_INTEGER;
  else if constexpr (std::is_floating_point_v<T>) return LEVADA_NUMBER;
  else if constexpr (std::is_same_v<T, std::vector<std::string>>) return LEVADA_STRINGS;
  else if constexpr (std::is_same_v<T, std::vector<std::pair<std::string, std::string>>>) return LEVADA_TABLE;
  else if constexpr (std::is_same_v<T, Tree>) return LEVADA_TREE;
  else {
    static_assert(std::is_same_v<T, std::string>, "an option cannot have this type");
    return LEVADA_STRING;
  }
}

template <class T>
T read(const levada_value& value) {
  const auto text = [](levada_bytes bytes) { return std::string(bytes.data, bytes.size); };
  if constexpr (is_optional<T>::value) {
    if (!value.set) return std::nullopt;
    return read<typename T::value_type>(value);
  } else if constexpr (std::is_same_v<T, Size>) {
    return Size{value.integer};
  } else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) {
    return std::chrono::nanoseconds(value.integer);
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    return static_cast<T>(value.integer);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value.number);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    T all;
    for (size_t at = 0; at < value.count; ++at) all.push_back(text(value.items[at].text));
    return all;
  } else if constexpr (std::is_same_v<T, std::vector<std::pair<std::string, std::string>>>) {
    T all;
    for (size_t at = 0; at < value.count; ++at) all.emplace_back(text(value.items[at].key), text(value.items[at].text));
    return all;
  } else if constexpr (std::is_same_v<T, Tree>) {
    return Tree(value);
  } else {
    return text(value.text);
  }
}

template <class>
struct member;
template <class S, class T>
struct member<T S::*> {
  using owner = S;
  using type = T;
};

template <auto field>
constexpr auto make_option(const char* name, const char* choices, const char* fallback, const char* summary,
                           uint32_t flags) {
  using M = member<decltype(field)>;
  return Option<typename M::owner>{
      {name, option_type<typename M::type>(), flags, choices, fallback, summary},
      [](typename M::owner& settings, const levada_value& value) { settings.*field = read<typename M::type>(value); }};
}

}  // namespace detail

// The user must set it.
template <auto field>
constexpr auto required(const char* name, const char* summary) {
  return detail::make_option<field>(name, nullptr, nullptr, summary, LEVADA_REQUIRED);
}

// With a default, written as TOML: `"5s"`, `true`, `["a"]`. Null: none (let the member be a
// std::optional, a list or a table).
template <auto field>
constexpr auto optional(const char* name, const char* fallback, const char* summary) {
  return detail::make_option<field>(name, nullptr, fallback, summary, 0);
}

// One of some names, "rename|move|delete", in the order of the member's enum; or a list of such
// names.
template <auto field>
constexpr auto choice(const char* name, const char* choices, const char* fallback, const char* summary) {
  return detail::make_option<field>(name, choices, fallback, summary, fallback ? 0 : LEVADA_REQUIRED);
}

}  // namespace levada
