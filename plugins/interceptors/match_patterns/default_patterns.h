// The patterns of an interceptor that names none.
#pragma once

namespace levada::match_patterns {

// A file of patterns, as one that a user writes.
extern const char* const kDefaultPatterns;

}  // namespace levada::match_patterns
