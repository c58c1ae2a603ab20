// The sink's calls: taking batches, waiting for reports, committing, starting over.
#include "kafka.h"

#include <algorithm>
#include <utility>

#include "levada/topics.h"

namespace levada::kafka_sink {
namespace {

using std::chrono::nanoseconds;

// How long open waits for a broker before it lets the host decide.
constexpr std::chrono::seconds kConnectTimeout{3};

Result<int> topic_number(const std::optional<int64_t>& value, const char* option) {
  if (!value) return -1;
  if (*value < 1 || *value > 1'000'000) return wrong(option, "must be at least 1");
  return static_cast<int>(*value);
}

}  // namespace

Result<std::unique_ptr<Kafka>> Kafka::create(Settings settings, Host host) {
  auto conf = producer_conf(settings);
  if (!conf) return std::move(conf).error();
  auto reader = reader_conf(settings);
  if (!reader) return std::move(reader).error();
  auto admin = admin_conf(settings);
  if (!admin) return std::move(admin).error();
  auto maker = MessageMaker::from(settings);
  if (!maker) return std::move(maker).error();
  auto partitions = topic_number(settings.partitions, "partitions");
  if (!partitions) return std::move(partitions).error();
  auto replication = topic_number(settings.replication, "replication");
  if (!replication) return std::move(replication).error();
  auto topics = declared_topics(settings);
  if (!topics) return std::move(topics).error();
  if (settings.apply_topics && topics->empty()) return wrong("apply_topics", "has no effect without topics");
  if (!settings.create_topics && topics->empty())
    for (const auto& [set, option] : {std::pair{settings.partitions.has_value(), "partitions"},
                                      {settings.replication.has_value(), "replication"},
                                      {static_cast<bool>(settings.topic_settings), "topic_settings"}})
      if (set) return wrong(option, "has no effect without create_topics = true or topics");

  auto sink = std::unique_ptr<Kafka>(
      new Kafka(settings, host, *std::move(conf), *std::move(reader), *std::move(admin), *std::move(maker)));
  sink->topics_ = *std::move(topics);
  if (settings.create_topics) sink->new_topic_ = NewTopic{*partitions, *replication, flatten(settings.topic_settings)};
  return sink;
}

Kafka::Kafka(const Settings& settings, Host host, KafkaConf conf, KafkaConf reader, KafkaConf admin, MessageMaker maker)
    : host_(host),
      in_flight_rows_(settings.in_flight),
      in_flight_bytes_(settings.in_flight_bytes.bytes),
      constant_topic_(maker.one_topic() ? settings.topic : ""),
      apply_topics_(settings.apply_topics),
      conf_(std::move(conf)),
      admin_conf_(std::move(admin)),
      maker_(std::move(maker)),
      log_(host),
      in_flight_(settings.transactions),
      rows_delivered_(host.counter("rows_delivered")),
      bytes_delivered_(host.counter("bytes_delivered")),
      values_replaced_(host.counter("values_replaced")),
      producers_replaced_(host.counter("producers_replaced")),
      transactions_(settings.transactions ? std::make_unique<Transactions>(settings, std::move(reader), host, log_)
                                          : nullptr) {}

Done Kafka::start() {
  if (transactions_) LEVADA_TRY(transactions_->name(conf_));
  auto started = Producer::start(conf_, new_topic_, in_flight_, log_);
  if (!started) return std::move(started).error();
  producer_ = *std::move(started);
  return {};
}

Done Kafka::open() {
  if (!producer_) LEVADA_TRY(start());
  LEVADA_TRY(producer_->connect(kConnectTimeout));
  if (apply_topics_) LEVADA_TRY(apply_topics(admin_conf_, topics_, log_, host_));
  if (!constant_topic_.empty()) {
    auto topic = producer_->topic(constant_topic_);
    if (!topic) return std::move(topic).error();
  }
  if (transactions_) LEVADA_TRY(transactions_->open(*producer_));
  return {};
}

// Without transactions what is under way cannot be called back: it may still arrive,
// and will be written once more.
Result<std::vector<Position>> Kafka::recover() {
  if (transactions_) return roll_back();
  const bool stale = !producer_ || !in_flight_.empty() || in_flight_.failure();
  if (stale) producer_.reset();
  forget();
  if (stale) {
    producers_replaced_.add();
    LEVADA_TRY(start());
  }
  return std::vector<Position>();
}

Result<std::vector<Position>> Kafka::roll_back() {
  if (producer_) {
    // Reports of what is rolled back still come, so the rows' memory stays until then.
    const Done aborted = transactions_->abort(*producer_);
    if (aborted.code() == Code::fatal) return aborted.error();
    if (!aborted) host_.info(aborted.error().message);
    // Behind a row that the broker has refused librdkafka leaves a gap in the
    // sequence of the next transaction.
    const bool gap = !in_flight_.blamed().empty();
    if (!aborted || gap || transactions_->needs_new_producer() || in_flight_.messages() > 0) {
      transactions_->use_new_producer();
      producer_.reset();
      producers_replaced_.add();
    }
  }
  blamed_.remember(in_flight_.take_blamed());
  forget();
  if (!producer_) LEVADA_TRY(start());
  if (!transactions_->ready()) LEVADA_TRY(transactions_->take_over(*producer_));
  return transactions_->positions();
}

void Kafka::forget() {
  in_flight_.forget();
  feeding_ = {};
  bound_.reset();
  for (Topic* topic : touched_) topic->messages.clear();
  touched_.clear();
  made_bytes_ = 0;
  positions_written_ = false;
}

Done Kafka::write(Batch& batch, nanoseconds timeout) {
  LEVADA_TRY(maker_.check(batch));
  if (transactions_) LEVADA_TRY(transactions_->check(batch));
  work(timeout, [&] { return feeding_.done() && !in_flight_.to_send_alone(); });
  if (in_flight_.failure()) return *in_flight_.failure();
  if (!feeding_.done() || in_flight_.to_send_alone()) return levada::idle();
  if (batch.rows() == 0) return {};
  const auto rows = batch.rows();
  std::vector<BlamedRows::Care> care;
  if (transactions_) {
    if (transactions_->fenced(batch)) return {};
    LEVADA_TRY(transactions_->begin(*producer_));
    if (!blamed_.empty()) care = blamed_.of(batch);
  }
  feeding_ = {in_flight_.open(std::move(batch)), 0, rows, std::move(care)};
  bound_.reset();
  feed();
  if (in_flight_.failure()) return *in_flight_.failure();
  return {};
}

Done Kafka::commit(const Checkpoint& checkpoint, nanoseconds timeout, Batch& rejected) {
  if (transactions_) return commit_transaction(checkpoint, timeout, rejected);
  work(timeout, [&] { return in_flight_.empty(); });
  if (in_flight_.failure()) return *in_flight_.failure();
  if (!in_flight_.empty()) return levada::idle();
  rejected = in_flight_.rejected().take();
  return {};
}

Done Kafka::commit_transaction(const Checkpoint& checkpoint, nanoseconds timeout, Batch& rejected) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto left = [&] { return std::max<nanoseconds>(deadline - std::chrono::steady_clock::now(), nanoseconds(0)); };
  work(timeout, [&] { return feeding_.done(); });
  if (in_flight_.failure()) return *in_flight_.failure();
  if (!feeding_.done()) return levada::idle();
  if (!positions_written_) {
    auto messages = transactions_->write_positions(*producer_, checkpoint);
    if (!messages) return std::move(messages).error();
    in_flight_.sent(*messages);
    positions_written_ = true;
  }
  work(left(), [&] { return in_flight_.empty() && in_flight_.messages() == 0; });
  if (in_flight_.failure()) return *in_flight_.failure();
  if (!in_flight_.empty() || in_flight_.messages() > 0) return levada::idle();
  // Before the transaction is committed they must be on the host's disk: it has
  // them there when it calls again.
  if (!in_flight_.rejected().empty()) {
    rejected = in_flight_.rejected().take();
    return levada::idle();
  }
  LEVADA_TRY(transactions_->commit(*producer_, left()));
  positions_written_ = false;
  blamed_.clear();
  return {};
}

Done Kafka::idle() {
  work(nanoseconds(0), [] { return true; });
  return {};
}

const void* Kafka::extension(std::string_view id) { return id == LEVADA_TOPICS ? levada::commands<Kafka>() : nullptr; }

Done Kafka::command(std::span<const std::string_view> arguments, const std::function<void(std::string_view)>& write) {
  return run_topics_command(admin_conf_, topics_, log_, arguments, write);
}

// Takes in reports and feeds, until that is enough, nothing can go on, or the time is up. The time
// is real: it is the network that is waited for.
template <class Enough>
void Kafka::work(nanoseconds timeout, Enough enough) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto left = nanoseconds(0);
  do {
    producer_->serve(left);
    if (const auto why = producer_->fatal_error()) {
      if (transactions_) in_flight_.fail_for(transactions_->ended(*why));
      in_flight_.fail(retry("librdkafka cannot go on, a new producer takes over: " + why->text));
    }
    // librdkafka logs in again and again, and what is under way stays so.
    if (const auto refusal = producer_->take_refusal()) log_.write(3, "LOGIN", *refusal);
    feed();
    left = deadline - std::chrono::steady_clock::now();
  } while (!enough() && !in_flight_.failure() && left > nanoseconds(0));
  count();
}

void Kafka::count() {
  const auto delivered = in_flight_.take_delivered();
  if (delivered.rows > 0) rows_delivered_.add(delivered.rows);
  if (delivered.bytes > 0) bytes_delivered_.add(delivered.bytes);
  if (const auto replaced = maker_.take_replaced(); replaced > 0) values_replaced_.add(replaced);
}

}  // namespace levada::kafka_sink

LEVADA_PLUGIN("kafka", "0.1.0", "Apache-2.0",
              levada::sink<levada::kafka_sink::Kafka>("kafka", "Writes rows to topics of Apache Kafka."))
