// The questions, each with its time limit.
#include "offset_resolver.h"

#include "kafka/position.h"
#include "offsets.h"

namespace levada::kafka_source {
namespace {

constexpr std::chrono::seconds kTimeout{5};

TopicPartitionList list_of(const std::vector<Wanted>& wanted) {
  auto list = partition_list(wanted.size());
  for (const auto& each : wanted) rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition);
  return list;
}

std::optional<Committed> committed_in(const rd_kafka_topic_partition_t& found) {
  if (found.offset < 0) return std::nullopt;
  const std::string_view metadata(static_cast<const char*>(found.metadata), found.metadata ? found.metadata_size : 0);
  return Committed{found.offset, std::string(owner_of_metadata(metadata).value_or(""))};
}

const rd_kafka_topic_partition_t& find(const TopicPartitionList& list, const Wanted& wanted) {
  return *rd_kafka_topic_partition_list_find(list.get(), wanted.topic.c_str(), wanted.partition);
}

}  // namespace

template <class Work>
void OffsetResolver::start(Work work) {
  answer_ = std::async(std::launch::async, [this, work = std::move(work)]() -> Result<Found> {
    auto found = work();
    consumer_.wake();
    return found;
  });
}

void OffsetResolver::place(std::vector<Wanted> wanted) {
  start([this, wanted = std::move(wanted)] { return find_places(wanted); });
}

void OffsetResolver::look_around(const Topics& topics) {
  start([this, &topics]() -> Result<Found> {
    auto partitions = consumer_.find(topics, kTimeout);
    if (!partitions) return std::move(partitions).error();
    return Found{*std::move(partitions), {}};
  });
}

std::optional<Result<OffsetResolver::Found>> OffsetResolver::take() {
  if (!answer_.valid() || answer_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
  return answer_.get();
}

Result<OffsetResolver::Found> OffsetResolver::find_places(const std::vector<Wanted>& wanted) const {
  rd_kafka_t* const handle = consumer_.handle();
  const auto partitions = list_of(wanted);
  auto committed = committed_of(handle, *partitions);
  if (!committed) return std::move(committed).error();
  auto earliest = offsets_at(handle, *partitions, RD_KAFKA_OFFSET_BEGINNING, "the earliest offset");
  if (!earliest) return std::move(earliest).error();
  auto latest = offsets_at(handle, *partitions, RD_KAFKA_OFFSET_END, "the latest offset");
  if (!latest) return std::move(latest).error();
  Result<TopicPartitionList> at_time = TopicPartitionList();
  if (rules_.start.kind == StartRule::Kind::time)
    at_time = offsets_at(handle, *partitions, rules_.start.milliseconds, "the offset for a time");
  if (!at_time) return std::move(at_time).error();

  const auto by_rule = [&](const Wanted& each) {
    switch (rules_.start.kind) {
      case StartRule::Kind::earliest: break;
      case StartRule::Kind::latest: return find(*latest, each).offset;
      case StartRule::Kind::time: {
        // Negative: all rows are older.
        const auto offset = find(*at_time, each).offset;
        return offset < 0 ? find(*latest, each).offset : offset;
      }
      case StartRule::Kind::offsets: {
        const auto given = rules_.start.offsets.find(stream_of(each.topic, each.partition));
        if (given != rules_.start.offsets.end()) return given->second;
      }
    }
    return find(*earliest, each).offset;
  };

  Found found;
  for (const auto& each : wanted) {
    const Known known{each.checkpoint, committed_in(find(*committed, each)), rules_.shared, each.came_back};
    const auto start = each.out_of_range ? each.checkpoint : known_start(known, rules_.owner);
    Placed placed{each.topic, each.partition, start ? *start : by_rule(each), {}, !start, false, 0, false};
    if (known.committed) placed.committed = known.committed->offset;
    const auto first = find(*earliest, each).offset;
    if (placed.offset < first) placed.rows_missing = first - placed.offset;
    // Only the broker that refused it knows: the latest offset may be behind for a while.
    placed.beyond_end = each.out_of_range && placed.offset >= first;
    if (placed.beyond_end || placed.rows_missing > 0) placed.offset = first;
    placed.jump = each.checkpoint && !each.came_back && placed.offset != *each.checkpoint;
    found.placed.push_back(std::move(placed));
  }
  return found;
}

}  // namespace levada::kafka_source
