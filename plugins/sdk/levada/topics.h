// An extension of a component that declares topics: what `levada topics` asks it to do.
#pragma once

#include "levada/sdk.h"

extern "C" {

/* A levada_commands. Its first argument is "plan", for a list of what would be done to make the
 * topics as the component's options say, or "apply", to do it. It gives nothing where none are
 * declared, and fails where some cannot be made so, behind the list. The component was created and
 * is not opened. [control] */
#define LEVADA_TOPICS "levada.topics/1"

}  // extern "C"
