// Starts, asks and ends consumers.
#include "consumer.h"

#include <algorithm>
#include <array>
#include <string_view>

// Newer than the header in Debian 12, and in every library that check_version lets pass.
#if RD_KAFKA_VERSION < 0x020400ff
extern "C" {
const char* rd_kafka_consumer_group_metadata_member_id(const rd_kafka_consumer_group_metadata_t*);
int32_t rd_kafka_consumer_group_metadata_generation_id(const rd_kafka_consumer_group_metadata_t*);
}
#endif

namespace levada::kafka_source {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::seconds kLeaveTimeout{5};
// How long a coordinator that cannot be reached, or that has not answered yet, is waited for.
constexpr std::chrono::seconds kUnreachableTimeout{1};

Done done(rd_kafka_error_t* error) {
  const KafkaError held(error);
  if (held) return retry(held.text());
  return {};
}

struct FreeMetadata {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
struct FreeTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, FreeMetadata>;

Result<Metadata> metadata_of(rd_kafka_t* handle, bool all, rd_kafka_topic_t* topic, nanoseconds timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (const auto error = rd_kafka_metadata(handle, all, topic, &metadata, milliseconds(timeout)))
    return retry(rd_kafka_err2str(error));
  return Metadata(metadata);
}

// A member with a name stays in its group when it is closed; one of the newer
// protocol leaves by other means.
bool has_to_ask_to_leave(const KafkaConf& conf) {
  const auto get = [&](const char* property) {
    char text[64] = "";
    size_t size = sizeof text;
    return rd_kafka_conf_get(conf.get(), property, text, &size) == RD_KAFKA_CONF_OK ? std::string(text) : std::string();
  };
  return get("group.instance.id").empty() && get("group.protocol") != "consumer";
}

void add_partitions(const rd_kafka_metadata_topic_t& topic, rd_kafka_topic_partition_list_t& to) {
  for (int at = 0; at < topic.partition_cnt; ++at)
    rd_kafka_topic_partition_list_add(&to, topic.topic, topic.partitions[at].id);
}

}  // namespace

std::string text_of(rd_kafka_resp_err_t error) {
  return std::string(rd_kafka_err2name(error)) + ": " + rd_kafka_err2str(error);
}

Result<std::unique_ptr<Consumer>> Consumer::start(const KafkaConf& conf, Listener& listener, LogLimiter& log) {
  std::unique_ptr<Consumer> consumer(new Consumer(listener, log));
  consumer->asks_to_leave_ = has_to_ask_to_leave(conf);
  KafkaConf own = conf;
  rd_kafka_conf_set_rebalance_cb(
      own.get(), [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
        of(opaque).rebalance(error, *partitions);
      });
  rd_kafka_conf_set_offset_commit_cb(
      own.get(), [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* offsets, void* opaque) {
        auto& consumer = of(opaque);
        if (!error) consumer.reached();
        consumer.listener_->committed(error, offsets);
      });
  LEVADA_TRY(consumer->Client::start(RD_KAFKA_CONSUMER, std::move(own)));
  rd_kafka_poll_set_consumer(consumer->handle_);
  consumer->queue_.reset(rd_kafka_queue_get_consumer(consumer->handle_));
  return consumer;
}

Consumer::~Consumer() {
  if (!handle_) return;
  leave(nanoseconds(0));
  queue_.reset();
  rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void Consumer::leave(nanoseconds timeout) {
  if (std::exchange(closing_, true) || !subscribed_) return;
  const auto end = std::chrono::steady_clock::now() + timeout;
  wait_for_coordinator(timeout);
  if (asks_to_leave_) unsubscribe(end - std::chrono::steady_clock::now());
  const Held<rd_kafka_queue_t> rest(rd_kafka_queue_new(handle_));
  const KafkaError failed(rd_kafka_consumer_close_queue(handle_, rest.get()));
  const auto deadline = std::chrono::steady_clock::now() + kLeaveTimeout;
  while (!failed && !rd_kafka_consumer_closed(handle_) && std::chrono::steady_clock::now() < deadline) {
    std::array<rd_kafka_message_t*, 100> messages{};
    const auto count = rd_kafka_consume_batch_queue(rest.get(), 10, messages.data(), messages.size());
    for (ssize_t at = 0; at < count; ++at) rd_kafka_message_destroy(messages[static_cast<size_t>(at)]);
  }
}

// A broker answers the requests of a connection in order, and one to join a group only when all
// members have joined. The request to leave would wait behind it, and the group then for a member
// that is gone, until its session has timed out. So this asks for something else first, which is
// answered behind the join: whatever the answer is.
void Consumer::wait_for_coordinator(nanoseconds timeout) {
  if (unreachable()) timeout = std::min<nanoseconds>(timeout, kUnreachableTimeout);
  if (timeout <= nanoseconds(0)) return;
  const auto list = partition_list();
  rd_kafka_topic_partition_list_add(list.get(), "levada", 0);
  (void)rd_kafka_committed(handle_, list.get(), milliseconds(timeout));
}

// A member that has no partitions, and whose group assigns step by step, does not ask to leave
// when it is closed (librdkafka 2.16 and before): the group waits for it until its session has
// timed out, and commits of other members that stop meanwhile are not answered. It does ask
// where it subscribes to nothing first, as soon as it has its place in the group. Until then
// it has no id, or still has it.
void Consumer::unsubscribe(nanoseconds timeout) {
  if (timeout <= nanoseconds(0)) return;
  const auto serve_until = [&](nanoseconds limit, auto condition) {
    const auto end = std::chrono::steady_clock::now() + std::min(limit, timeout);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      rd_kafka_message_t* dropped = nullptr;
      if (consume(std::chrono::milliseconds(10), &dropped, 1) > 0) rd_kafka_message_destroy(dropped);
    }
  };
  const auto is_member = [&] { return !membership().member.empty(); };
  serve_until(kUnreachableTimeout, is_member);
  if (rd_kafka_unsubscribe(handle_)) return;
  serve_until(unreachable() ? kUnreachableTimeout : timeout, [&] { return !is_member(); });
}

Done Consumer::connect_to(const Topics& topics, nanoseconds timeout) {
  LEVADA_TRY(connect(timeout));
  if (auto found = find(topics, timeout); !found) return std::move(found).error();
  return {};
}

Result<TopicPartitionList> Consumer::find(const Topics& topics, nanoseconds timeout) const {
  auto partitions = partition_list();
  if (topics.has_patterns()) {
    auto metadata = metadata_of(handle_, true, nullptr, timeout);
    if (!metadata) return std::move(metadata).error().at("the list of topics");
    for (int at = 0; at < (*metadata)->topic_cnt; ++at)
      if (const auto& topic = (*metadata)->topics[at]; !topic.err && topics.match(topic.topic))
        add_partitions(topic, *partitions);
  }
  for (const auto& name : topics.names()) {
    const std::unique_ptr<rd_kafka_topic_t, FreeTopic> topic(rd_kafka_topic_new(handle_, name.c_str(), nullptr));
    if (!topic) return retry("topic \"" + name + "\": " + text_of(rd_kafka_last_error()));
    auto metadata = metadata_of(handle_, false, topic.get(), timeout);
    if (!metadata) return std::move(metadata).error().at("topic \"" + name + "\"");
    for (int at = 0; at < (*metadata)->topic_cnt; ++at) {
      const auto& found = (*metadata)->topics[at];
      if (found.err) return retry("topic \"" + name + "\": " + text_of(found.err));
      if (found.partition_cnt == 0) return retry("topic \"" + name + "\" has no partitions yet");
      // One that a pattern has found, too, is in the list already.
      for (int each = 0; each < found.partition_cnt; ++each)
        if (const auto id = found.partitions[each].id;
            !rd_kafka_topic_partition_list_find(partitions.get(), found.topic, id))
          rd_kafka_topic_partition_list_add(partitions.get(), found.topic, id);
    }
  }
  return partitions;
}

Done Consumer::subscribe(const Topics& topics) {
  const auto list = partition_list(topics.all().size());
  for (const auto& topic : topics.all())
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(handle_, list.get())) return retry("subscribe: " + text_of(error));
  subscribed_ = true;
  return {};
}

size_t Consumer::consume(nanoseconds timeout, rd_kafka_message_t** to, size_t room) {
  const auto some = [&](int wait, size_t at, size_t most) {
    const auto count = rd_kafka_consume_batch_queue(queue_.get(), wait, to + at, most);
    return count > 0 ? static_cast<size_t>(count) : size_t{0};
  };
  // The call waits until it has all that it may take: so for one first, and then for none.
  const size_t first = some(milliseconds(timeout), 0, 1);
  if (first == 0 || room == 1) return first;
  return first + some(0, first, room - first);
}

void Consumer::rebalance(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t& partitions) {
  if (closing_ || (error != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && error != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)) {
    const auto ignored = error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? assign(partitions) : unassign(partitions);
    if (!ignored) log_->write(7, "REBALANCE", ignored.error().message);
    return;
  }
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return listener_->assigned(partitions);
  listener_->revoked(partitions, rd_kafka_assignment_lost(handle_) != 0);
}

Done Consumer::assign(const rd_kafka_topic_partition_list_t& partitions) {
  if (!eager()) return done(rd_kafka_incremental_assign(handle_, &partitions));
  if (const auto error = rd_kafka_assign(handle_, &partitions)) return retry(text_of(error));
  return {};
}

Done Consumer::unassign(const rd_kafka_topic_partition_list_t& partitions) {
  if (!eager()) return done(rd_kafka_incremental_unassign(handle_, &partitions));
  if (const auto error = rd_kafka_assign(handle_, nullptr)) return retry(text_of(error));
  return {};
}

// A partition that has had an error of offsets has been stopped: there, a seek fails.
Done Consumer::restart(const rd_kafka_topic_partition_list_t& some, const rd_kafka_topic_partition_list_t& all) {
  if (eager()) return assign(all);
  LEVADA_TRY(unassign(some));
  return assign(some);
}

TopicPartitionList Consumer::assignment() const {
  rd_kafka_topic_partition_list_t* list = nullptr;
  (void)rd_kafka_assignment(handle_, &list);
  return TopicPartitionList(list);
}

void Consumer::pause() {
  if (const auto list = assignment()) (void)rd_kafka_pause_partitions(handle_, list.get());
}

void Consumer::resume() {
  if (const auto list = assignment()) (void)rd_kafka_resume_partitions(handle_, list.get());
}

std::optional<std::pair<int64_t, int64_t>> Consumer::known_ends(const std::string& topic, int32_t partition) const {
  int64_t first = 0, end = 0;
  if (rd_kafka_get_watermark_offsets(handle_, topic.c_str(), partition, &first, &end)) return std::nullopt;
  if (end < 0) return std::nullopt;
  // Of the first one nothing is known before librdkafka has asked.
  return std::pair(std::max<int64_t>(first, 0), end);
}

Done Consumer::commit(const rd_kafka_topic_partition_list_t& offsets) {
  if (const auto error = rd_kafka_commit(handle_, &offsets, 1)) return retry(text_of(error));
  return {};
}

Membership Consumer::membership() const {
  const Held<rd_kafka_consumer_group_metadata_t> group(rd_kafka_consumer_group_metadata(handle_));
  if (!group) return {};
  const char* member = rd_kafka_consumer_group_metadata_member_id(group.get());
  return {member ? member : "", rd_kafka_consumer_group_metadata_generation_id(group.get())};
}

}  // namespace levada::kafka_source
