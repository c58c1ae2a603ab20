// What a user does with a table from the command line: create, history, show, optimize, vacuum,
// restore, cat.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "lake/stores/file_store.h"
#include "levada/host.h"
#include "levada/result.h"

namespace levada::delta {

// arguments[0] is the verb, behind it stand its options as they were written. What there is to read
// goes to `write`, in pieces.
Done run_command(lake::FileStore& store, Host host, std::span<const std::string_view> arguments,
                 const std::function<void(std::string_view)>& write);

}  // namespace levada::delta
