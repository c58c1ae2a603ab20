// What a call that can fail returns: a value, or what its caller does next and why.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "levada/plugin.h"

namespace levada {

// What the caller does next; there is no code for "went wrong somehow".
enum class Code : levada_code {
  ok = LEVADA_OK,
  idle = LEVADA_IDLE,
  end = LEVADA_END,
  retry = LEVADA_RETRY,
  reject = LEVADA_REJECT,
  fatal = LEVADA_FATAL,
};

struct [[nodiscard]] Error {
  Code code;
  std::string message;
  std::string option = {};  // From create: the option at fault, "columns.ip.type".

  // Says where it happened while the error travels up: "open /var/log/x: permission denied".
  Error at(std::string_view where) && { return {code, std::string(where) + ": " + message, std::move(option)}; }
};

inline Error idle() { return {Code::idle, {}}; }
inline Error end() { return {Code::end, {}}; }
inline Error retry(std::string why) { return {Code::retry, std::move(why)}; }
inline Error reject(std::string why) { return {Code::reject, std::move(why)}; }
inline Error fatal(std::string why) { return {Code::fatal, std::move(why)}; }
// A value of `option` that create cannot accept.
inline Error wrong(std::string option, std::string why) { return {Code::fatal, std::move(why), std::move(option)}; }

template <class T = std::monostate>
class [[nodiscard]] Result {
 public:
  Result()
    requires std::same_as<T, std::monostate>
      : state_(std::in_place_index<0>) {}
  template <class U = T>
    requires std::constructible_from<T, U&&> && (!std::same_as<std::remove_cvref_t<U>, Error>) &&
             (!std::same_as<std::remove_cvref_t<U>, Result>)  //
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }
  Code code() const { return ok() ? Code::ok : error().code; }

 private:
  std::variant<T, Error> state_;
};

using Done = Result<>;

// Leaves the function with the error, if there is one.
#define LEVADA_TRY(expression)                                                                \
  do {                                                                                        \
    if (auto levada_done = (expression); !levada_done) return std::move(levada_done).error(); \
  } while (false)

}  // namespace levada
