// Reads the actions of a checkpoint, a few thousand at a time: classic ones, those in several
// parts, and those with sidecars.
#pragma once

#include <functional>

#include "actions.h"
#include "lake/stores/file_store.h"
#include "levada/result.h"
#include "log_files.h"

namespace levada::delta {

// Gives the actions of these kinds. RETRY where a file of it is missing, FATAL where one is
// damaged.
Done read_checkpoint(lake::FileStore& store, const CheckpointFiles& files, unsigned kinds,
                     const std::function<Done(Action&)>& visit);

}  // namespace levada::delta
