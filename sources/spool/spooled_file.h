// What is known of a file: which one it is, and how far it has been read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "levada/host.h"
#include "rows/file_identity.h"
#include "rows/place.h"

namespace levada::spool {

using rows::born_apart;
using rows::FileId;
using rows::FileIdHash;
using rows::Head;
using rows::id_of;
using rows::Identity;
using rows::Place;
using rows::read_head;

// Of a second name; never 0.
uint64_t link_of(const std::string& name);

// A file read in one go: from its start or from where the last pass ended, to its end or to
// where reading failed. Passes are numbered in the order in which their rows came, and come
// again in that order after a crash.
struct Pass {
  uint64_t number = 0;
  std::string file;  // Path below the folder, as it was when the pass began.
  Identity identity;
  Place from;
  std::optional<Place> to;  // Once it has ended.
  // Once it has ended: what the file looked like.
  uint64_t bytes = 0;
  int64_t modified_ns = 0;
  bool finished = false;   // It ended because the file did.
  bool damaged = false;    // What is compressed in it broke off.
  bool set_aside = false;  // It was changed afterwards, and gets another name instead of being completed.
};

}  // namespace levada::spool
