#include "agent/plugin_host/context.h"

#include <string_view>

#include "agent/env/system_clock.h"
#include "agent/env/system_files.h"
#include "agent/env/system_random.h"
#include "agent/observe/log.h"

namespace levada::agent {

Services SystemServices::services() {
  return {system_files(), system_clock(), &memory_, log_service(), &metrics_, system_random(),
          &data_dirs_,    &progress_,     &taps_,   &backlogs_,    &letters_};
}

Context::Context(const Services& services, std::string component, std::string data_dir, bool until_drained)
    : services_(services), component_(std::move(component)), data_dir_(std::move(data_dir)) {
  whole_.host = {sizeof(levada_host),
                 until_drained ? 1u : 0u,
                 {component_.data(), component_.size()},
                 {data_dir_.data(), data_dir_.size()},
                 service};
  whole_.context = this;
  metrics_ = {sizeof metrics_, [](const levada_host* host, const char* name) {
                const auto& context = of(host);
                return context.services_.metrics->cell(context.component_, name);
              }};
  observe_ = {sizeof observe_, services_.metrics,
              [](void* metrics, void (*counter)(void*, levada_bytes, levada_bytes, int64_t), void* to) {
                static_cast<const Metrics*>(metrics)->each(
                    [&](const std::string& component, const std::string& name, int64_t value) {
                      counter(to, {component.data(), component.size()}, {name.data(), name.size()}, value);
                    });
              }};
}

const void* Context::service(const levada_host* host, const char* id) {
  const auto& context = of(host);
  const std::string_view name = id;
  if (name == LEVADA_LOG) return context.services_.log;
  if (name == LEVADA_METRICS) return &context.metrics_;
  if (name == LEVADA_OBSERVE) return &context.observe_;
  if (name == LEVADA_CLOCK) return context.services_.clock;
  if (name == LEVADA_RANDOM) return context.services_.random;
  if (name == LEVADA_MEMORY) return context.services_.memory ? context.services_.memory->table() : nullptr;
  if (name == LEVADA_FILES) return context.services_.files;
  return nullptr;
}

}  // namespace levada::agent
