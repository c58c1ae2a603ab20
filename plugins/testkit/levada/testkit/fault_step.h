// How many calls lie between two that a test lets fail in turn.
#pragma once

#include <cstdint>

namespace levada::testkit {

// Each call. Under a sanitizer, where all takes ten times as long, some of them: that each call may
// fail is shown without one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int64_t kFaultStep = 11;
#else
inline constexpr int64_t kFaultStep = 1;
#endif

}  // namespace levada::testkit
