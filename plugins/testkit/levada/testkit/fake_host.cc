// The services of the fake host.
#include "levada/testkit/fake_host.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

namespace levada::testkit {

namespace {

std::atomic<size_t> lent_bytes{0};

// As small as was asked for, and full of rubbish: who reads what nobody wrote gets nonsense, not zeros.
void* allocate(size_t bytes, size_t* capacity) {
  *capacity = std::max<size_t>((bytes + 63) & ~size_t{63}, 64);
  void* data = std::aligned_alloc(64, *capacity + 64);
  if (data == nullptr) return nullptr;
  std::memset(data, 0xA5, *capacity + 64);
  lent_bytes += *capacity;
  return data;
}

void release(void* data, size_t capacity) {
  lent_bytes -= capacity;
  std::free(data);
}

constexpr levada_memory kMemory = {sizeof kMemory, allocate, release};

}  // namespace

size_t memory_in_use() { return lent_bytes; }

FakeHost::FakeHost(std::string component)
    : component_(std::move(component)), data_dir_("/var/lib/levada/" + component_) {
  log_service_ = {sizeof log_service_, [](const levada_host* host, int32_t level, levada_bytes message) {
                    constexpr const char* kLevels[] = {"DEBUG ", "INFO ", "WARNING ", "ERROR "};
                    auto& self = of(host);
                    const std::lock_guard lock(self.mutex_);
                    self.log_.push_back(kLevels[level] + std::string(message.data, message.size));
                  }};
  metrics_service_ = {sizeof metrics_service_, [](const levada_host* host, const char* name) {
                        auto& self = of(host);
                        const std::lock_guard lock(self.mutex_);
                        auto& counter = self.counters_[name];
                        if (!counter) counter = std::make_unique<int64_t>(0);
                        return counter.get();
                      }};
  clock_service_ = {sizeof clock_service_, [](const levada_host* host) { return of(host).clock_.now().count(); },
                    [](const levada_host* host) { return of(host).clock_.monotonic().count(); }};
  shown_.self = this;
  shown_.host.size = sizeof shown_.host;
  shown_.host.component = {component_.data(), component_.size()};
  shown_.host.data_dir = {data_dir_.data(), data_dir_.size()};
  shown_.host.service = [](const levada_host* host, const char* id) { return of(host).service(id); };
}

const void* FakeHost::service(std::string_view id) const {
  if (std::find(missing_.begin(), missing_.end(), id) != missing_.end()) return nullptr;
  if (id == LEVADA_LOG) return &log_service_;
  if (id == LEVADA_METRICS) return &metrics_service_;
  if (id == LEVADA_CLOCK) return &clock_service_;
  if (id == LEVADA_FILES) return files_.table();
  if (id == LEVADA_MEMORY) return &kMemory;
  return nullptr;
}

int64_t FakeHost::count(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto counter = counters_.find(name);
  return counter == counters_.end() ? 0 : __atomic_load_n(counter->second.get(), __ATOMIC_RELAXED);
}

std::vector<std::string> FakeHost::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

bool FakeHost::logged(std::string_view part) const {
  const auto lines = log();
  return std::any_of(lines.begin(), lines.end(),
                     [&](const auto& line) { return line.find(part) != std::string::npos; });
}

}  // namespace levada::testkit
