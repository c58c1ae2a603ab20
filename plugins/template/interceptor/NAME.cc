// @NAME@: puts a prefix in front of each body.
#include "@NAME@.h"

// Checks the settings and touches nothing outside: `levada check` calls it.
levada::Result<std::unique_ptr<@CLASS@>> @CLASS@::create(Settings settings, levada::Host) {
  if (settings.prefix.empty()) return levada::wrong("prefix", "must not be empty");
  auto made = std::make_unique<@CLASS@>();
  made->prefix_ = std::move(settings.prefix);
  return made;
}

levada::Done @CLASS@::intercept(levada::Batch& batch) {
  for (auto event : batch) {
    if (event.body().empty()) {
      event.reject("the body is empty");
    } else {
      event.set_body(prefix_ + std::string(event.body()));
    }
  }
  return {};
}

LEVADA_PLUGIN("@NAME@", "0.1.0", "Apache-2.0",
              levada::interceptor<@CLASS@>("@NAME@", "Puts a prefix in front of each body."))
