// Which partition is next.
#include "alignment.h"

#include <algorithm>

namespace levada::kafka_source {
namespace {

constexpr int64_t kNever = Inbox::kNever;

bool is_read(const Partition& partition) { return partition.stage == Partition::Stage::reading; }

// The end that librdkafka tells comes some time after the last row; what the broker said with that
// row is known at once.
bool is_at_end(const Partition& partition, const Consumer& consumer) {
  if (partition.at_end) return true;
  const auto ends = consumer.known_ends(partition.topic, partition.number);
  return ends && partition.next >= ends->second;
}

}  // namespace

void Alignment::keep(const Partition& partition, Inbox& from, Consumer& consumer) {
  auto& lane = lanes_.try_emplace(&partition, batch_rows_, batch_bytes_).first->second;
  if (lane.placement != partition.placement) {
    lane.inbox.clear();
    lane.placement = partition.placement;
  }
  const auto& first = from.front();
  const auto* const topic = first.rkt;
  const auto number = first.partition;
  while (!from.empty() && from.front().rkt == topic && from.front().partition == number) lane.inbox.add(from.release());
  if (!lane.set_apart && lane.inbox.full()) {
    lane.set_apart = consumer.queue_of(partition.topic, partition.number);
    if (lane.set_apart) rd_kafka_queue_forward(lane.set_apart.get(), nullptr);
  }
}

// What has come meanwhile goes to the end of the common queue.
void Alignment::put_back(Lane& lane, const Consumer& consumer) {
  if (const auto queue = std::move(lane.set_apart)) consumer.rejoin(*queue);
}

// What was fetched before a partition left, or was placed again, is not handed out.
void Alignment::forget_what_is_not_read(const Consumer& consumer) {
  for (auto& [partition, lane] : lanes_) {
    if (!is_read(*partition) || lane.placement != partition->placement) lane.inbox.clear();
    if (lane.inbox.empty()) put_back(lane, consumer);
  }
}

Alignment::Next Alignment::next(const Assignment& assignment, const Consumer& consumer) {
  if (!on()) return {};
  forget_what_is_not_read(consumer);
  // The first row that waits, the partition that is furthest behind, and the next one to it. A row
  // without a time waits for none, and none for it.
  Inbox* first = nullptr;
  const Partition* first_of = nullptr;
  const Partition* lowest_of = nullptr;
  int64_t first_time = kNever, lowest = kNever, second = kNever;
  Inbox* end = nullptr;
  assignment.for_each_read([&](const Partition& partition) {
    int64_t time = kNever;
    const auto at = lanes_.find(&partition);
    if (at != lanes_.end() && !at->second.inbox.empty()) {
      auto& inbox = at->second.inbox;
      if (inbox.front().err) {
        end = &inbox;
        return;
      }
      const auto waiting = time_of(inbox.front());
      if (!first || waiting < first_time) {
        first = &inbox;
        first_of = &partition;
        first_time = waiting;
      }
      if (waiting != kTimeless) time = waiting;
    } else if (!is_at_end(partition, consumer)) {
      time = partition.time == kTimeless ? kNever : partition.time;
    }
    if (time < lowest) {
      second = lowest;
      lowest = time;
      lowest_of = &partition;
    } else {
      second = std::min(second, time);
    }
  });
  if (end) return {end, kNever};
  if (!first) return {};
  const auto behind = first_of == lowest_of ? second : lowest;
  const auto latest = behind < kNever - align_ ? behind + align_ : kNever;
  if (first_time > latest) return {};
  return {first, latest};
}

}  // namespace levada::kafka_source
