// Partitions are acknowledged, committed and let go of.
#include <algorithm>
#include <cstring>

#include "assignment.h"

namespace levada::kafka_source {
namespace {

using Stage = Partition::Stage;

using std::chrono::steady_clock;

constexpr std::chrono::seconds kCommitInterval{1};
// Before a commit that failed is tried again. In real time: the network is waited for.
constexpr std::chrono::milliseconds kRetryCommitAfter{50};
// How long commits may take in the end where no broker can be reached.
constexpr std::chrono::seconds kUnreachableTimeout{3};

bool is_ours(const Partition& partition) { return partition.stage != Stage::away; }

// The group goes on without this member: it takes no commit of it any more. A generation that is
// over says nothing of that: members of a cooperative group keep partitions from one to the next.
bool is_fencing(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
         error == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
}

// While the group's members change.
bool is_rebalance(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

TopicPartitionList copy_of(const rd_kafka_topic_partition_list_t& list) {
  return TopicPartitionList(rd_kafka_topic_partition_list_copy(&list));
}

}  // namespace

void Assignment::acknowledge(const std::string& stream, std::string_view position) {
  const auto at = partitions_.find(stream);
  const auto read = read_kafka_position(position);
  if (at == partitions_.end() || !read) return;
  auto& mine = at->second;
  // Rows that were handed out before the partition was lost say nothing of
  // those since it has come back.
  const bool late = read->generation < mine.generation || read->member != membership_.member;
  if (!is_ours(mine) || late || read->offset > mine.next || read->offset < mine.acknowledged) return;
  mine.acknowledged = read->offset;
  if (mine.committed != read->offset) mine.to_commit = read->offset;
}

void Assignment::commit(bool now) {
  if (!rules_.commit_offsets || (!now && host_.monotonic() < next_commit_)) return;
  if (steady_clock::now() < retry_commit_) return;
  const auto metadata = metadata_of_owner(rules_.owner);
  const auto list = partition_list();
  for (auto& [stream, partition] : partitions_) {
    if (!is_ours(partition) || !partition.to_commit || partition.committing) continue;
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number);
    entry->offset = *partition.to_commit;
    entry->metadata = rd_kafka_mem_malloc(consumer_->handle(), metadata.size());
    std::memcpy(entry->metadata, metadata.data(), metadata.size());
    entry->metadata_size = metadata.size();
    partition.committing = partition.to_commit;
  }
  if (list->cnt == 0) return;
  next_commit_ = host_.monotonic() + kCommitInterval;
  if (const auto done = consumer_->commit(*list); !done) {
    log_.write(4, "COMMIT", "offsets could not be committed: " + done.error().message);
    for (auto& [stream, partition] : partitions_) partition.committing.reset();
  }
}

void Assignment::committed(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* offsets) {
  for (int at = 0; offsets && at < offsets->cnt; ++at) {
    const auto& each = offsets->elems[at];
    auto* mine = find(each.topic, each.partition);
    if (!mine || mine->committing != each.offset) continue;
    mine->committing.reset();
    const auto failure = error ? error : each.err;
    if (!failure) mine->committed = each.offset;
    if ((!failure || is_fencing(failure)) && mine->to_commit == each.offset) mine->to_commit.reset();
    if (!failure) continue;
    retry_commit_ = steady_clock::now() + kRetryCommitAfter;
    if (is_fencing(failure)) host_.debug(mine->stream + ": the commit came too late: " + text_of(failure));
    else if (is_rebalance(failure)) host_.debug(mine->stream + ": not committed yet: " + text_of(failure));
    else log_.write(5, "COMMIT", mine->stream + ": not committed, trying again: " + text_of(failure));
  }
}

void Assignment::revoked(const rd_kafka_topic_partition_list_t& partitions, bool lost) {
  const auto list = copy_of(partitions);
  assign_due_ = false;
  for (int at = 0; at < list->cnt; ++at) {
    auto* mine = find(list->elems[at].topic, list->elems[at].partition);
    if (!mine) continue;
    mine->handed_over = false;
    const bool untouched = mine->stage == Stage::placing && !mine->out_of_range;
    mine->stage = lost || untouched ? Stage::away : Stage::leaving;
  }
  if (lost) {
    host_.warning("the group has taken " + std::to_string(list->cnt) +
                  " partitions away; rows that are not acknowledged yet may be read by another member, too");
    leaving_.reset();
    if (const auto done = consumer_->unassign(*list); !done) log_.write(7, "REVOKE", done.error().message);
    return;
  }
  // librdkafka fetches nothing until unassign.
  leaving_ = copy_of(*list);
  leave_by_ = host_.monotonic() + rules_.leave_timeout;
  let_go();
}

bool Assignment::may_go(const Partition& partition) const {
  return partition.stage != Stage::leaving ||
         (partition.settled() && !(rules_.commit_offsets && (partition.to_commit || partition.committing)));
}

void Assignment::let_go() {
  if (!leaving_) return;
  const bool too_late = host_.monotonic() >= leave_by_;
  commit(true);
  if (!too_late)
    for (const auto& [stream, partition] : partitions_)
      if (!may_go(partition)) return;
  for (auto& [stream, partition] : partitions_) {
    if (partition.stage != Stage::leaving) continue;
    if (!partition.settled())
      host_.warning(stream + ": offsets " + std::to_string(partition.acknowledged) + " to " +
                    std::to_string(partition.next - 1) +
                    " were handed out and never acknowledged in time; another member reads them, too");
    partition.stage = Stage::away;
  }
  const auto list = std::move(leaving_);
  if (const auto done = consumer_->unassign(*list); !done)
    log_.write(4, "REVOKE", "partitions could not be let go of: " + done.error().message);
}

void Assignment::finish(std::chrono::nanoseconds timeout) {
  const auto begin = steady_clock::now();
  const auto in_time = [&] {
    const auto spent = steady_clock::now() - begin;
    return spent < timeout && !(consumer_->unreachable() && spent >= kUnreachableTimeout);
  };
  const auto due = [&] {
    return rules_.commit_offsets && std::any_of(partitions_.begin(), partitions_.end(), [](const auto& each) {
             return is_ours(each.second) && (each.second.to_commit || each.second.committing);
           });
  };
  while (due() && in_time()) {
    commit(true);
    rd_kafka_message_t* dropped = nullptr;
    if (consumer_->consume(std::chrono::milliseconds(10), &dropped, 1) > 0) rd_kafka_message_destroy(dropped);
  }
  if (due())
    host_.warning(
        "offsets of rows that are stored could not be committed in time; another member reads these rows, too");
  // Without an answer librdkafka would wait for one when it is closed.
  if (leaving_) {
    leave_by_ = {};
    let_go();
  }
  if (assign_due_) {
    assign_due_ = false;
    const auto list = partition_list(partitions_.size());
    for (const auto& [stream, partition] : partitions_)
      if (is_ours(partition) && !partition.handed_over && partition.stage != Stage::leaving)
        rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)->offset =
            RD_KAFKA_OFFSET_END;
    if (const auto done = consumer_->assign(*list); !done) log_.write(7, "ASSIGN", done.error().message);
  }
}

}  // namespace levada::kafka_source
