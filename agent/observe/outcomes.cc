#include "agent/observe/outcomes.h"

#include <map>
#include <mutex>
#include <utility>

namespace levada::agent {
namespace {

constexpr size_t kMost = 10'000;

struct Shown {
  std::mutex mutex;
  std::map<std::string, std::vector<OutcomeItem>> items;
};

Shown& shown() {
  static Shown all;
  return all;
}

}  // namespace

void show_outcomes(const std::string& source, std::vector<OutcomeItem> items) {
  const std::lock_guard lock(shown().mutex);
  shown().items[source] = std::move(items);
}

std::vector<OutcomeItem> outcomes_of(const std::string& source) {
  const std::lock_guard lock(shown().mutex);
  const auto found = shown().items.find(source);
  return found == shown().items.end() ? std::vector<OutcomeItem>() : found->second;
}

std::vector<OutcomeItem> ask_for_outcomes(const levada_outcomes* table, void* instance) {
  std::vector<OutcomeItem> items;
  if (!table || !LEVADA_HAS(levada_outcomes, table, list)) return items;
  const auto take = [](void* to, const levada_outcome* item) {
    if (!LEVADA_HAS(levada_outcome, item, bytes)) return;
    auto& all = *static_cast<std::vector<OutcomeItem>*>(to);
    if (all.size() < kMost)
      all.push_back({item->state, std::string(detail::view(item->name)), std::string(detail::view(item->reason)),
                     item->status, item->rows, item->bytes});
  };
  table->list(instance, take, &items);
  return items;
}

}  // namespace levada::agent
