// What a user most likely meant by a name that does not exist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace levada::agent {

// How many letters must be put in, left out, replaced or swapped with their
// neighbour to make `b` of `a`.
size_t edit_distance(std::string_view a, std::string_view b);

// The name closest to `written`, the first of equals; empty if none is close enough to be meant.
std::string nearest(std::string_view written, const std::vector<std::string>& names);

// `; did you mean "spool"?`, or nothing where no name is near.
std::string did_you_mean(std::string_view written, const std::vector<std::string>& names);

}  // namespace levada::agent
