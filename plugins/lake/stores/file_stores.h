// Which kind of store an address is of.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lake/stores/file_store.h"
#include "levada/host.h"
#include "levada/options.h"
#include "levada/result.h"

namespace levada::lake {

// A store at "/data/views", "file:///data/views", or, by the scheme, elsewhere. Touches nothing:
// the first call of the store does. `options`: what the user set for stores of that kind; may be
// empty. What is wrong is said of the option "path", or of the one at fault.
Result<std::unique_ptr<FileStore>> open_file_store(std::string_view address, Host host, const Tree& options = {});

// The folder of a local address; empty where it is of another kind.
std::string local_folder(std::string_view address);

}  // namespace levada::lake
