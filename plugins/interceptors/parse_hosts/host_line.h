// A line of a list: what stands in it before its comment.
#pragma once

#include <string_view>
#include <vector>

#include "host_name.h"

namespace levada::parse_hosts {

// `names`: the text as a whole is a name; `urls`: it begins with a URL; `automatic`: each line is
// read as what it looks like.
enum class Format { hosts, domains, adblock, urls, names, automatic };

struct HostLine {
  std::string_view ip;                  // Empty where the list has none.
  std::vector<std::string_view> names;  // As they stand there.
  Fault fault = Fault::none;            // Of the line as a whole; without one and without names it says nothing.
};

// In place of what the line was before; the parts lie in the text.
void read_line(std::string_view text, Format format, HostLine& to);

}  // namespace levada::parse_hosts
