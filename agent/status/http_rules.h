// Who may ask the status server for what.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace levada::agent {

// Without telling by the time it takes how much of it is right.
bool is_token(std::string_view given, std::string_view token);
// "Bearer TOKEN", whatever the case of the first word: TOKEN; else empty.
std::string_view bearer_of(std::string_view authorization);
// Whether the Host header names this machine, by an address of its own or as localhost: a page of
// another site, whose name was made to lead here, does not.
bool is_own_host(std::string_view host, std::string_view own_address);

// Decodes %XX; with `plus` '+' is a space. What is no escape stays as it is.
std::string decoded(std::string_view text, bool plus);
// "/path?a=1&b=2" to path and parameters.
std::string read_target(std::string_view target, std::map<std::string, std::string>& query);
// For a parameter of a target.
std::string encoded(std::string_view text);

}  // namespace levada::agent
