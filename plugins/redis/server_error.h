// What is to be done about an error that the server answers with.
#pragma once

#include <string_view>

#include "levada/result.h"

namespace levada::redis {

// RETRY: the server's state, which passes. FATAL: the configuration, or a kind of server that is
// not supported. REJECT: this command, whatever is tried. In the server's words.
Error meaning_of(std::string_view server_error);

}  // namespace levada::redis
