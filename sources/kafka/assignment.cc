// Partitions come and are read.
#include "assignment.h"

#include <algorithm>

namespace levada::kafka_source {

using Stage = Partition::Stage;

void Assignment::start(Consumer& consumer, OffsetResolver& offset_resolver, Rules rules) {
  consumer_ = &consumer;
  offset_resolver_ = &offset_resolver;
  rules_ = std::move(rules);
  membership_ = {};
  for (auto& [stream, partition] : partitions_) {
    partition.stage = Stage::away;
    partition.committing.reset();
  }
  told_ = assign_due_ = placing_ = announcing_ = false;
  leaving_.reset();
  next_look_ = {};
}

void Assignment::set_checkpoints(std::span<const Position> positions) {
  checkpoints_.clear();
  for (const auto& each : positions) {
    auto checkpoint = read_kafka_position(each.position);
    if (!checkpoint) {
      host_.warning("stream " + each.stream + ": the position \"" + each.position + "\" is none of a Kafka source");
    } else if (checkpoint->cluster != rules_.cluster) {
      host_.warning("stream " + each.stream + ": the position is one in cluster " + checkpoint->cluster +
                    ", and this is " + rules_.cluster + "; it does not count");
    } else {
      checkpoints_[each.stream] = *std::move(checkpoint);
    }
  }
}

Done Assignment::serve() {
  if (auto answer = offset_resolver_->take()) {
    if (!*answer) return std::move(*answer).error();
    if ((*answer)->partitions) look_at(*(*answer)->partitions);
    else apply((*answer)->placed);
  }
  if (!offset_resolver_->busy()) ask();
  commit(false);
  let_go();
  return {};
}

void Assignment::ask() {
  if (placing_) {
    std::vector<Wanted> all;
    for (auto& [stream, partition] : partitions_) {
      if (partition.stage != Stage::placing) continue;
      partition.asked = true;
      all.push_back(wanted(partition));
    }
    placing_ = !all.empty();
    if (placing_) return offset_resolver_->place(std::move(all));
  }
  if (!rules_.share || host_.monotonic() < next_look_) return;
  next_look_ = host_.monotonic() + rules_.look_interval;
  offset_resolver_->look_around(topics_);
}

Wanted Assignment::wanted(const Partition& partition) const {
  Wanted wanted{partition.topic, partition.number, std::nullopt, partition.held_before, partition.out_of_range};
  if (partition.out_of_range || (partition.held_before && rules_.share)) {
    wanted.checkpoint = partition.next;
  } else if (partition.held_before) {
    wanted.checkpoint = partition.acknowledged;
  } else if (const auto checkpoint = checkpoints_.find(partition.stream); checkpoint != checkpoints_.end()) {
    wanted.checkpoint = checkpoint->second.offset;
  }
  return wanted;
}

// With a share: what is there, and not here yet.
void Assignment::look_at(const rd_kafka_topic_partition_list_t& found) {
  for (int at = 0; at < found.cnt; ++at) {
    const auto& each = found.elems[at];
    if (!rules_.share->owns(each.partition)) continue;
    if (auto& mine = partition(each.topic, each.partition); mine.stage == Stage::away) arrive(mine);
  }
  told_ = true;
}

void Assignment::assigned(const rd_kafka_topic_partition_list_t& partitions) {
  membership_ = consumer_->membership();
  for (int at = 0; at < partitions.cnt; ++at)
    arrive(partition(partitions.elems[at].topic, partitions.elems[at].partition));
  told_ = assign_due_ = true;
  hand_over();
}

void Assignment::arrive(Partition& partition) {
  placing_ = true;
  partition.stage = Stage::placing;
  partition.asked = partition.out_of_range = partition.handed_over = partition.at_end = partition.reached_end = false;
  partition.generation = membership_.generation;
  partition.to_commit.reset();
  partition.committing.reset();
}

void Assignment::apply(const std::vector<Placed>& placed) {
  const auto starts = partition_list(placed.size()), restarts = partition_list();
  for (const auto& each : placed) {
    auto* mine = find(each.topic.c_str(), each.partition);
    // One that has gone and come since it was asked for is asked for anew.
    if (!mine || mine->stage != Stage::placing || !mine->asked) continue;
    report_missing(*mine, each);
    const bool starts_anew = !mine->out_of_range || each.beyond_end;
    auto& list = mine->out_of_range ? restarts : starts;
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset = each.offset;
    mine->announced = !(each.by_rule || each.jump || mine->out_of_range);
    announcing_ |= !mine->announced;
    mine->stage = Stage::reading;
    mine->held_before = true;
    mine->out_of_range = false;
    mine->next = each.offset;
    mine->time = Partition::kUnread;
    mine->placement += 1;
    if (starts_anew) mine->acknowledged = each.offset;
  }
  const auto note = [&](const char* what, const Done& done) {
    if (!done) log_.write(4, what, std::string(what) + ": " + done.error().message);
  };
  if (restarts->cnt > 0) note("restart", consumer_->restart(*restarts, *being_read()));
  if (rules_.share && starts->cnt > 0) note("assign", consumer_->assign(*starts));
  hand_over();
}

TopicPartitionList Assignment::being_read() const {
  auto list = partition_list(partitions_.size());
  for (const auto& [stream, partition] : partitions_)
    if (partition.stage == Stage::reading)
      rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)->offset = partition.next;
  return list;
}

// librdkafka gets back what it has assigned, with the offsets to start at.
void Assignment::hand_over() {
  if (!assign_due_) return;
  const auto list = partition_list(partitions_.size());
  for (const auto& [stream, partition] : partitions_) {
    if (partition.stage == Stage::placing && !partition.out_of_range) return;
    if (partition.stage == Stage::reading && !partition.handed_over)
      rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)->offset = partition.next;
  }
  assign_due_ = false;
  const auto done = consumer_->assign(*list);
  for (auto& [stream, partition] : partitions_)
    if (partition.stage == Stage::reading) partition.handed_over = true;
  if (!done) log_.write(4, "assign", "assign: " + done.error().message);
}

void Assignment::report_missing(const Partition& partition, const Placed& placed) {
  if (placed.rows_missing > 0) {
    rows_missing_.add(placed.rows_missing);
    host_.error(partition.stream + ": " + std::to_string(placed.rows_missing) + " rows are missing, offsets " +
                std::to_string(placed.offset - placed.rows_missing) + " to " + std::to_string(placed.offset - 1) +
                ": they were deleted before they were read; reading on at " + std::to_string(placed.offset));
  }
  if (placed.beyond_end)
    host_.error(partition.stream + ": ends before offset " + std::to_string(partition.next) +
                ", which was read up to: the topic was made anew, or has lost rows; reading it from its beginning, " +
                std::to_string(placed.offset));
}

Partition* Assignment::find(const char* topic, int32_t number) {
  const auto at = partitions_.find(stream_of(topic, number));
  return at == partitions_.end() ? nullptr : &at->second;
}

Partition& Assignment::partition(const char* topic, int32_t number) {
  const auto stream = stream_of(topic, number);
  auto& mine = partitions_[stream];
  mine.topic = topic;
  mine.number = number;
  mine.stream = stream;
  return mine;
}

Partition* Assignment::readable(const char* topic, int32_t partition) {
  auto* mine = find(topic, partition);
  return mine && mine->stage == Stage::reading ? mine : nullptr;
}

Partition* Assignment::unannounced() {
  if (!announcing_) return nullptr;
  for (auto& [stream, partition] : partitions_)
    if (partition.stage == Stage::reading && !partition.announced) return &partition;
  announcing_ = false;
  return nullptr;
}

std::string Assignment::position_of(const Partition& partition) const {
  return write_kafka_position({rules_.cluster, rules_.share ? "" : rules_.group, rules_.owner, partition.topic,
                               partition.number, partition.next, membership_.member, membership_.generation});
}

void Assignment::at_end(const char* topic, int32_t partition) {
  if (auto* mine = readable(topic, partition)) mine->at_end = mine->reached_end = true;
}

void Assignment::out_of_range(const char* topic, int32_t partition) {
  auto* mine = readable(topic, partition);
  if (!mine) return;
  placing_ = true;
  mine->stage = Stage::placing;
  mine->asked = false;
  mine->out_of_range = true;
}

bool Assignment::complete() const {
  if (!told_ || assign_due_ || leaving_) return false;
  return std::none_of(partitions_.begin(), partitions_.end(),
                      [](const auto& each) { return each.second.stage == Stage::placing; });
}

std::set<std::string> Assignment::held() const {
  std::set<std::string> streams;
  for (const auto& [stream, partition] : partitions_)
    if (partition.stage != Stage::away) streams.insert(stream);
  return streams;
}

bool Assignment::all_at_end() const {
  return std::all_of(partitions_.begin(), partitions_.end(),
                     [](const auto& each) { return each.second.stage != Stage::reading || each.second.at_end; });
}

bool Assignment::all_reached_end() const {
  return std::all_of(partitions_.begin(), partitions_.end(),
                     [](const auto& each) { return each.second.stage != Stage::reading || each.second.reached_end; });
}

}  // namespace levada::kafka_source
