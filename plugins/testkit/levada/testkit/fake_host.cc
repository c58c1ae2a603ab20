// The services of the fake host.
#include "levada/testkit/fake_host.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>

namespace levada::testkit {

namespace {

// What one host has lent. It outlives the host, as the contract has it: never freed.
struct Lent {
  std::atomic<size_t> bytes{0};
  levada_memory table{};
};

std::mutex all_mutex;
std::deque<Lent>& all_lent() {
  static auto* const kAll = new std::deque<Lent>;
  return *kAll;
}

// As small as was asked for, and full of rubbish: who reads what nobody
// wrote gets nonsense, not zeros.
void* allocate(void* lent, size_t bytes, size_t* capacity) {
  *capacity = std::max<size_t>((bytes + 63) & ~size_t{63}, 64);
  void* data = std::aligned_alloc(64, *capacity + 64);
  if (data == nullptr) return nullptr;
  std::memset(data, 0xA5, *capacity + 64);
  static_cast<Lent*>(lent)->bytes += *capacity;
  return data;
}

void release(void* lent, void* data, size_t capacity) {
  static_cast<Lent*>(lent)->bytes -= capacity;
  std::free(data);
}

const levada_memory* new_memory() {
  const std::lock_guard lock(all_mutex);
  auto& lent = all_lent().emplace_back();
  lent.table = {sizeof lent.table, &lent, allocate, release};
  return &lent.table;
}

}  // namespace

size_t memory_in_use() {
  const std::lock_guard lock(all_mutex);
  size_t bytes = 0;
  for (const auto& lent : all_lent()) bytes += lent.bytes;
  return bytes;
}

FakeHost::FakeHost(std::string component)
    : component_(std::move(component)),
      data_dir_("/var/lib/levada/" + component_),
      memory_(new_memory()),
      scope_(memory_) {
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
  observe_service_ = {sizeof observe_service_, this,
                      [](void* self, void (*counter)(void*, levada_bytes, levada_bytes, int64_t), void* to) {
                        auto& host = *static_cast<FakeHost*>(self);
                        const std::lock_guard lock(host.mutex_);
                        std::map<std::pair<std::string, std::string>, int64_t> all = host.others_;
                        for (const auto& [name, value] : host.counters_) all[{host.component_, name}] = *value;
                        for (const auto& [key, value] : all)
                          counter(to, {key.first.data(), key.first.size()}, {key.second.data(), key.second.size()},
                                  value);
                      }};
  shown_.self = this;
  shown_.host.size = sizeof shown_.host;
  shown_.host.component = {component_.data(), component_.size()};
  shown_.host.data_dir = {data_dir_.data(), data_dir_.size()};
  shown_.host.service = [](const levada_host* host, const char* id) { return of(host).service(id); };
}

FakeHost::FakeHost(std::string component, FakeHost& other) : FakeHost(std::move(component)) {
  clock_ = other.clock_;
  random_ = other.random_;
  files_ = other.files_;
}

const void* FakeHost::service(std::string_view id) const {
  if (std::find(missing_.begin(), missing_.end(), id) != missing_.end()) return nullptr;
  if (id == LEVADA_LOG) return &log_service_;
  if (id == LEVADA_METRICS) return &metrics_service_;
  if (id == LEVADA_OBSERVE) return &observe_service_;
  if (id == LEVADA_CLOCK) return clock_->table();
  if (id == LEVADA_RANDOM) return random_->table();
  if (id == LEVADA_FILES) return files_->table();
  if (id == LEVADA_MEMORY) return memory_;
  return nullptr;
}

size_t FakeHost::memory_in_use() const { return static_cast<const Lent*>(memory_->context)->bytes; }

int64_t FakeHost::count(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto counter = counters_.find(name);
  return counter == counters_.end() ? 0 : __atomic_load_n(counter->second.get(), __ATOMIC_RELAXED);
}

void FakeHost::set_counter(const std::string& component, const std::string& name, int64_t value) {
  const std::lock_guard lock(mutex_);
  others_[{component, name}] = value;
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
