// The source's calls.
#include "kafka_source.h"

#include <algorithm>

#include "configuration.h"
#include "owner.h"

namespace levada::kafka_source {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How long open waits for a broker before it lets the host decide.
constexpr std::chrono::seconds kConnectTimeout{3};
// How long the last commits, and to leave the group, may take when the source is done with, at
// least. A group whose members change takes no commits before all of them have joined again, or
// those that are gone have timed out.
constexpr std::chrono::seconds kFinishTimeout{30}, kFinishAfterSession{15};
// How long the host may leave out polls until the source looks after its group itself.
constexpr std::chrono::seconds kUnpolledFor{5};

std::string default_group(std::string_view component) {
  return "levada-" + std::string(component.substr(component.find('.') + 1));
}

// What stays so until somebody does something about it.
bool needs_help(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL: return true;
    default: return false;
  }
}

// What counts only when the rows of the partition before it are handed out.
bool is_of_order(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__PARTITION_EOF || error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET;
}

}  // namespace

Result<std::unique_ptr<KafkaSource>> KafkaSource::create(Settings settings, Host host) {
  auto topics = Topics::from(settings.topics);
  if (!topics) return std::move(topics).error();
  std::optional<Share> share;
  if (settings.share) {
    share = Share::parse(*settings.share);
    if (!share) return wrong("share", "\"" + *settings.share + "\" is no share; write \"2/5\" for the second of five");
  }
  auto start = StartRule::from(settings.start, settings.offsets);
  if (!start) return std::move(start).error();
  const auto group = settings.group.value_or(default_group(host.component()));
  if (group.empty()) return wrong("group", "is empty");
  auto conf = consumer_conf(settings, group);
  if (!conf) return std::move(conf).error();
  if (settings.until_idle && settings.until_idle->count() < 0) return wrong("until_idle", "must not be negative");
  if (settings.align.count() < 0) return wrong("align", "must not be negative");
  if (settings.batch_rows < 1 || settings.batch_rows > 1'000'000) return wrong("batch_rows", "must be 1 to 1000000");
  if (settings.batch_bytes.bytes < 1 || settings.batch_bytes.bytes > (1 << 30))
    return wrong("batch_bytes", "must be 1 byte to 1GiB");
  Parsed parsed{group, *std::move(topics), share, *std::move(start), *std::move(conf)};
  return std::unique_ptr<KafkaSource>(new KafkaSource(settings, host, std::move(parsed)));
}

KafkaSource::KafkaSource(const Settings& settings, Host host, Parsed parsed)
    : host_(host),
      parsed_(std::move(parsed)),
      commit_offsets_(settings.commit_offsets),
      until_idle_(settings.until_idle),
      maker_(settings.columns),
      log_(host),
      assignment_(host, parsed_.topics, log_),
      inbox_(settings.batch_rows, settings.batch_bytes.bytes),
      alignment_(settings.align, settings.batch_rows, settings.batch_bytes.bytes) {}

KafkaSource::~KafkaSource() {
  background_.reset();
  const milliseconds session(number_of(parsed_.conf, "session.timeout.ms"));
  stop(std::max<nanoseconds>(kFinishTimeout, session + kFinishAfterSession));
}

void KafkaSource::stop(nanoseconds timeout) {
  if (!consumer_) return;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  offset_resolver_.reset();
  other_members_.reset();
  inbox_.clear();
  alignment_.clear();
  assignment_.finish(timeout);
  consumer_->leave(deadline - std::chrono::steady_clock::now());
  consumer_.reset();
}

Done KafkaSource::open(std::span<const Position> positions) {
  const std::lock_guard lock(mutex_);
  auto owner = owner_of(host_);
  if (!owner) return std::move(owner).error();
  owner_ = *std::move(owner);
  LEVADA_TRY(start());
  assignment_.set_checkpoints(positions);
  if (parsed_.share) return {};
  const auto patience = unpolled_for();
  background_.emplace(patience / 5, [this] { serve_unpolled(); });
  return {};
}

nanoseconds KafkaSource::unpolled_for() const {
  return std::min<nanoseconds>(kUnpolledFor, milliseconds(number_of(parsed_.conf, "max.poll.interval.ms") / 4));
}

// While rows wait for room downstream the host does not poll. The group would take the partitions
// away after max.poll.interval.ms, and its other members wait for partitions that they are to get.
void KafkaSource::serve_unpolled() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || !consumer_ || std::chrono::steady_clock::now() - polled_ < unpolled_for()) return;
  consumer_->pause();
  paused_ = true;
  if (const auto done = assignment_.serve(); !done) log_.write(5, "CONSUME", done.error().message);
  rd_kafka_message_t* message = nullptr;
  while (consumer_->consume(nanoseconds(0), &message, 1) > 0) inbox_.add(message);
}

Done KafkaSource::start() {
  auto consumer = Consumer::start(parsed_.conf, assignment_, log_);
  if (!consumer) return std::move(consumer).error();
  LEVADA_TRY((*consumer)->connect_to(parsed_.topics, kConnectTimeout));
  const auto cluster = cluster_id((*consumer)->handle(), kConnectTimeout);
  if (!parsed_.share) LEVADA_TRY((*consumer)->subscribe(parsed_.topics));
  consumer_ = *std::move(consumer);
  OffsetResolver::Rules start_rules{parsed_.start, owner_, !parsed_.share};
  offset_resolver_ = std::make_unique<OffsetResolver>(*consumer_, std::move(start_rules));
  other_members_ = std::make_unique<OtherMembers>(host_, *consumer_, parsed_.topics, parsed_.conf, log_);
  Assignment::Rules rules{cluster, parsed_.group, owner_, parsed_.share, commit_offsets_, {}, {}};
  rules.leave_timeout = milliseconds(number_of(parsed_.conf, "max.poll.interval.ms") / 2);
  rules.look_interval =
      milliseconds(std::max<int64_t>(number_of(parsed_.conf, "topic.metadata.refresh.interval.ms"), 100));
  assignment_.start(*consumer_, *offset_resolver_, std::move(rules));
  return {};
}

// The timeout is in real time: it is the network that is waited for.
Result<Batch> KafkaSource::poll(nanoseconds timeout) {
  const std::lock_guard lock(mutex_);
  if (ended_) return end();
  if (!consumer_) LEVADA_TRY(start());
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto left = timeout;
  polled_ = std::chrono::steady_clock::now();
  if (std::exchange(paused_, false)) consumer_->resume();
  do {
    LEVADA_TRY(assignment_.serve());
    if (auto* partition = assignment_.unannounced()) return announcement(*partition);
    if (inbox_.empty() && !alignment_.next(assignment_, *consumer_).inbox)
      inbox_.fill(*consumer_, std::max(left, nanoseconds(0)));
    if (const auto refusal = consumer_->take_refusal()) return retry(*refusal);
    if (auto batch = next_batch(); batch || batch.code() != Code::idle) return batch;
    if (const auto why = consumer_->fatal_error()) {
      stop(nanoseconds(0));
      return retry("librdkafka cannot go on, a new consumer takes over: " + why->text);
    }
    if (finished()) {
      ended_ = true;
      return end();
    }
    left = deadline - std::chrono::steady_clock::now();
  } while (left > nanoseconds(0));
  return idle();
}

Result<Batch> KafkaSource::next_batch() {
  if (alignment_.on()) LEVADA_TRY(sort_by_partition());
  for (;;) {
    const auto next = alignment_.on() ? alignment_.next(assignment_, *consumer_)
                                      : Alignment::Next{inbox_.empty() ? nullptr : &inbox_, Inbox::kNever};
    if (!next.inbox) return idle();
    if (auto batch = take_front(*next.inbox, next.latest); batch || batch.code() != Code::idle) return batch;
  }
}

// Ends stay in the order of the rows.
Done KafkaSource::sort_by_partition() {
  while (!inbox_.empty()) {
    auto& front = inbox_.front();
    if (front.err && !is_of_order(front.err)) {
      auto done = take_error(front);
      inbox_.pop();
      LEVADA_TRY(std::move(done));
    } else if (const auto* partition = assignment_.readable(rd_kafka_topic_name(front.rkt), front.partition)) {
      alignment_.keep(*partition, inbox_, *consumer_);
    } else {
      inbox_.pop();
    }
  }
  return {};
}

// The batch that is at the front; IDLE where something else was, which is dealt with.
Result<Batch> KafkaSource::take_front(Inbox& from, int64_t latest) {
  auto& front = from.front();
  if (front.err) {
    auto done = take_error(front);
    from.pop();
    if (!done) return std::move(done).error();
    return idle();
  }
  auto run = from.run(latest);
  auto* partition = assignment_.readable(rd_kafka_topic_name(front.rkt), front.partition);
  // What was fetched before the partition left, or was placed again, is not handed out.
  const auto fresh = [&](const auto* message) { return partition && message->offset >= partition->next; };
  const auto skipped = static_cast<size_t>(std::find_if(run.begin(), run.end(), fresh) - run.begin());
  run = run.subspan(skipped);
  from.drop(skipped);
  if (run.empty()) return idle();
  auto batch = maker_.make(run);
  partition->next = run.back()->offset + 1;
  partition->time = time_of(*run.back());
  partition->at_end = false;
  partition->announced = true;
  from.drop(run.size());
  batch.stream = partition->stream;
  batch.position = assignment_.position_of(*partition);
  was_quiet_ = false;
  return batch;
}

Done KafkaSource::take_error(const rd_kafka_message_t& message) {
  const char* topic = message.rkt ? rd_kafka_topic_name(message.rkt) : "";
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    assignment_.at_end(topic, message.partition);
  } else if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    assignment_.out_of_range(topic, message.partition);
  } else if (needs_help(message.err)) {
    return retry(rd_kafka_message_errstr(&message));
  } else {
    log_.write(4, "CONSUME", rd_kafka_message_errstr(&message));
  }
  return {};
}

// Without rows: so that a partition without any is found again where it was first looked at, and
// the host hears where it goes on if that is not where its sinks stand.
Batch KafkaSource::announcement(Partition& partition) {
  partition.announced = true;
  Batch batch;
  batch.jump = true;
  batch.stream = partition.stream;
  batch.position = assignment_.position_of(partition);
  return batch;
}

bool KafkaSource::finished() {
  if (!until_idle_ && !host_.until_drained()) return false;
  if (!read_all_of_its_own()) return false;
  return parsed_.share || other_members_->have_read_all(assignment_.held());
}

bool KafkaSource::read_all_of_its_own() {
  if (!assignment_.complete()) return false;
  if (host_.until_drained() && assignment_.all_reached_end()) return true;
  const bool quiet = assignment_.all_at_end();
  if (!quiet || !was_quiet_) idle_since_ = host_.monotonic();
  was_quiet_ = quiet;
  return until_idle_ && quiet && host_.monotonic() - idle_since_ >= *until_idle_;
}

Done KafkaSource::acknowledge(std::string_view stream, std::string_view position) {
  const std::lock_guard lock(mutex_);
  assignment_.acknowledge(std::string(stream), position);
  return {};
}

const void* KafkaSource::extension(std::string_view id) {
  return id == LEVADA_BACKLOG ? levada::backlog<KafkaSource>() : nullptr;
}

std::vector<BacklogItem> KafkaSource::backlog() {
  constexpr size_t kMostNamed = 99;
  const std::lock_guard lock(mutex_);
  std::vector<BacklogItem> items;
  if (!consumer_) return items;
  BacklogItem others{.unit = LEVADA_BACKLOG_ROWS, .count = 0, .total = 0};
  assignment_.for_each_read([&](const Partition& partition) {
    const auto ends = consumer_->known_ends(partition.topic, partition.number);
    if (!ends) return;
    BacklogItem item{.name = partition.topic + "/" + std::to_string(partition.number),
                     .unit = LEVADA_BACKLOG_ROWS,
                     .done = std::max<int64_t>(partition.next - ends->first, 0),
                     .total = std::max<int64_t>(ends->second - ends->first, 0)};
    if (items.size() < kMostNamed) return items.push_back(std::move(item));
    others.count += 1;
    others.done += item.done;
    others.total += item.total;
  });
  if (others.count > 0) items.push_back(std::move(others));
  return items;
}

}  // namespace levada::kafka_source
