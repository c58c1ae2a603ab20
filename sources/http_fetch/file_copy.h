// Brings a file onto the spool step by step, as Fetch does with what a server has.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bodies.h"
#include "fetch.h"

namespace levada::http_fetch {

class FileCopy {
 public:
  FileCopy(const FetchRules& rules, const Entry& entry, const Bodies& bodies, Version known, const Files& files)
      : rules_(rules), entry_(entry), bodies_(bodies), known_(std::move(known)), files_(files) {}

  // Goes on; nothing while there is more to do. A failure is one of the spool's disk.
  Result<std::optional<Attempt>> proceed();
  BodyWriter& body() { return *body_; }
  // Size and time of the file, as text.
  const std::string& etag() const { return etag_; }
  uint64_t received() const { return body_ ? body_->received() : 0; }

 private:
  Attempt failed(std::string reason);

  const FetchRules& rules_;
  const Entry& entry_;
  const Bodies& bodies_;
  const Version known_;
  const Files files_;
  File file_;
  std::unique_ptr<BodyWriter> body_;
  std::string etag_;
};

}  // namespace levada::http_fetch
