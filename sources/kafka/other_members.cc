// Asks what the group has committed, and looks for rows behind it.
#include "other_members.h"

#include <algorithm>

#include "kafka/client.h"
#include "offsets.h"
#include "start.h"

namespace levada::kafka_source {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kInterval{1}, kFindTimeout{5}, kLookTimeout{10};

// A consumer that is in no group.
class Reader : public Client {
 public:
  explicit Reader(LogLimiter& log) : Client(log) {}
  ~Reader() {
    if (handle_) rd_kafka_destroy(handle_);
  }
  Done start(const KafkaConf& conf, const rd_kafka_topic_partition_list_t& from) {
    LEVADA_TRY(Client::start(RD_KAFKA_CONSUMER, conf));
    rd_kafka_poll_set_consumer(handle_);
    if (const auto error = rd_kafka_assign(handle_, &from)) return retry(text_of(error));
    return {};
  }
  // A message, or an error as one; null: there is none yet.
  Held<rd_kafka_message_t> next() { return Held<rd_kafka_message_t>(rd_kafka_consumer_poll(handle_, 100)); }
  // Nothing more of this partition.
  void stop(const rd_kafka_message_t& message) {
    const auto list = partition_list();
    rd_kafka_topic_partition_list_add(list.get(), rd_kafka_topic_name(message.rkt), message.partition);
    (void)rd_kafka_pause_partitions(handle_, list.get());
  }
};

}  // namespace

bool OtherMembers::have_read_all(Streams ours) {
  if (answer_.valid()) {
    if (answer_.wait_for(seconds(0)) != std::future_status::ready) return false;
    const auto left = answer_.get();
    if (left && left->empty() && ours == asked_for_) return true;
    if (!left) log_.write(4, "GROUP", left.error().message);
    else if (!left->empty()) say(*left);
    if (ours == asked_for_) next_ = host_.monotonic() + kInterval;
  }
  if (host_.monotonic() < next_) return false;
  asked_for_ = std::move(ours);
  answer_ = std::async(std::launch::async, [this] {
    auto answer = unread(asked_for_);
    consumer_.wake();
    return answer;
  });
  return false;
}

void OtherMembers::say(const Streams& unread) const {
  const auto more = unread.size() - 1;
  log_.write(5, "GROUP",
             "all partitions that this member has are read; it waits for what other members of the group have not "
             "committed yet: " +
                 *unread.begin() + (more ? " and " + std::to_string(more) + " more" : std::string()));
}

Result<OtherMembers::Streams> OtherMembers::unread(const Streams& ours) {
  auto all = consumer_.find(topics_, kFindTimeout);
  if (!all) return std::move(all).error();
  const auto others = partition_list();
  for (int at = 0; at < (*all)->cnt; ++at)
    if (const auto& each = (*all)->elems[at]; !ours.contains(stream_of(each.topic, each.partition)))
      rd_kafka_topic_partition_list_add(others.get(), each.topic, each.partition);
  if (others->cnt == 0) return Streams{};
  LEVADA_TRY(note_ends(*others));
  auto committed = committed_of(consumer_.handle(), *others);
  if (!committed) return std::move(committed).error();
  std::vector<End> ends;
  for (int at = 0; at < others->cnt; ++at) {
    const auto& each = (*committed)->elems[at];
    const auto end = ends_[stream_of(each.topic, each.partition)];
    if (std::max<int64_t>(each.offset, 0) < end) ends.push_back({each.topic, each.partition, each.offset, end});
  }
  return with_rows(ends);
}

Done OtherMembers::note_ends(const rd_kafka_topic_partition_list_t& partitions) {
  const auto seen_first = partition_list();
  for (int at = 0; at < partitions.cnt; ++at)
    if (const auto& each = partitions.elems[at]; !ends_.contains(stream_of(each.topic, each.partition)))
      rd_kafka_topic_partition_list_add(seen_first.get(), each.topic, each.partition);
  if (seen_first->cnt == 0) return {};
  auto ends = offsets_at(consumer_.handle(), *seen_first, RD_KAFKA_OFFSET_END, "the latest offset");
  if (!ends) return std::move(ends).error();
  for (int at = 0; at < (*ends)->cnt; ++at)
    ends_[stream_of((*ends)->elems[at].topic, (*ends)->elems[at].partition)] = (*ends)->elems[at].offset;
  return {};
}

// An offset that is not committed may be that of no row: transactions end with marks that take an
// offset each, rows of aborted ones do not count, and others were deleted.
Result<OtherMembers::Streams> OtherMembers::with_rows(const std::vector<End>& ends) const {
  Streams found, open;
  std::map<std::string, int64_t> end_of;
  const auto from = partition_list(ends.size());
  for (const auto& each : ends) {
    const auto stream = stream_of(each.topic, each.partition);
    open.insert(stream);
    end_of[stream] = each.end;
    rd_kafka_topic_partition_list_add(from.get(), each.topic.c_str(), each.partition)->offset =
        each.committed < 0 ? RD_KAFKA_OFFSET_BEGINNING : each.committed;
  }
  if (open.empty()) return found;
  KafkaConf conf = conf_;
  LEVADA_TRY(conf.set("auto.offset.reset", "earliest", ""));
  Reader reader(log_);
  LEVADA_TRY(reader.start(conf, *from));
  const auto deadline = steady_clock::now() + kLookTimeout;
  while (!open.empty()) {
    if (steady_clock::now() > deadline) return retry("rows of other members cannot be looked for: no answer");
    const auto message = reader.next();
    if (!message) continue;
    const auto error = message->err;
    if (error && error != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      log_.write(5, "GROUP", rd_kafka_message_errstr(message.get()));
      continue;
    }
    const auto stream = stream_of(rd_kafka_topic_name(message->rkt), message->partition);
    if (open.erase(stream) == 0) continue;
    if (!error && message->offset < end_of[stream]) found.insert(stream);
    reader.stop(*message);
  }
  return found;
}

}  // namespace levada::kafka_source
