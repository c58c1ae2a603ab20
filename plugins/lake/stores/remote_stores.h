// Stores that are reached over HTTP, from their address and the options that users set for them.
#pragma once

#include <memory>

#include "lake/stores/file_store.h"
#include "lake/stores/url.h"
#include "levada/host.h"
#include "levada/options.h"
#include "levada/result.h"

namespace levada::lake {

// Touches nothing. What is wrong is said of the option "path", or of "storage.NAME".
Result<std::unique_ptr<FileStore>> open_remote_store(const StoreAddress& address, Host host, const Tree& options);

}  // namespace levada::lake
