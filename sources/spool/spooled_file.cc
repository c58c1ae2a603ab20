#include "spooled_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace levada::spool {

uint64_t link_of(const std::string& name) { return XXH3_64bits(name.data(), name.size()) | 1; }

}  // namespace levada::spool
