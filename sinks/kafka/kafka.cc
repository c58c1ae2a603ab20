// The sink's calls: taking batches, waiting for reports, committing, starting over.
#include "kafka.h"

#include <utility>

namespace levada {
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
  auto configuration = Configuration::from(settings);
  if (!configuration) return std::move(configuration).error();
  auto maker = MessageMaker::from(settings);
  if (!maker) return std::move(maker).error();
  auto partitions = topic_number(settings.partitions, "partitions");
  if (!partitions) return std::move(partitions).error();
  auto replication = topic_number(settings.replication, "replication");
  if (!replication) return std::move(replication).error();
  if (!settings.create_topics)
    for (const auto& [set, option] : {std::pair{settings.partitions.has_value(), "partitions"},
                                      {settings.replication.has_value(), "replication"},
                                      {static_cast<bool>(settings.topic_settings), "topic_settings"}})
      if (set) return wrong(option, "has no effect without create_topics = true");

  std::unique_ptr<Kafka> sink(new Kafka(settings, host, *std::move(configuration), *std::move(maker)));
  sink->new_topics_ = {settings.create_topics, *partitions, *replication, flatten(settings.topic_settings)};
  return sink;
}

Kafka::Kafka(const Settings& settings, Host host, Configuration configuration, MessageMaker maker)
    : host_(host),
      window_size_(settings.window),
      window_bytes_(settings.window_bytes.bytes),
      constant_topic_(maker.one_topic() ? settings.topic : ""),
      configuration_(std::move(configuration)),
      maker_(std::move(maker)),
      log_(host),
      rows_delivered_(host.counter("rows_delivered")),
      bytes_delivered_(host.counter("bytes_delivered")),
      values_replaced_(host.counter("values_replaced")),
      producers_replaced_(host.counter("producers_replaced")) {}

Done Kafka::start() {
  auto started = Producer::start(configuration_, new_topics_, window_, log_);
  if (!started) return std::move(started).error();
  producer_ = *std::move(started);
  return {};
}

Done Kafka::open() {
  if (!producer_) LEVADA_TRY(start());
  LEVADA_TRY(producer_->connect(kConnectTimeout));
  if (!constant_topic_.empty()) {
    auto topic = producer_->topic(constant_topic_);
    if (!topic) return std::move(topic).error();
  }
  return {};
}

// What is under way cannot be called back: it may still arrive, and will be written once more.
Result<std::vector<Position>> Kafka::recover() {
  const bool stale = !producer_ || !window_.empty() || window_.failure();
  if (stale) producer_.reset();
  window_.forget();
  feeding_ = {};
  bound_.reset();
  touched_.clear();
  if (stale) {
    producers_replaced_.add();
    LEVADA_TRY(start());
  }
  return std::vector<Position>();
}

Done Kafka::write(Batch& batch, nanoseconds timeout) {
  LEVADA_TRY(maker_.check(batch));
  work(timeout, [&] { return feeding_.done() && !window_.to_send_alone(); });
  if (window_.failure()) return *window_.failure();
  if (!feeding_.done() || window_.to_send_alone()) return levada::idle();
  if (batch.rows() == 0) return {};
  const auto rows = batch.rows();
  feeding_ = {window_.open(std::move(batch)), 0, rows};
  bound_.reset();
  feed();
  if (window_.failure()) return *window_.failure();
  return {};
}

Done Kafka::commit(const Token&, nanoseconds timeout, Batch& rejected) {
  work(timeout, [&] { return window_.empty(); });
  if (window_.failure()) return *window_.failure();
  if (!window_.empty()) return levada::idle();
  rejected = window_.rejected().take();
  return {};
}

Done Kafka::idle() {
  work(nanoseconds(0), [] { return true; });
  return {};
}

// Takes in reports and feeds, until that is enough, nothing can go on, or the time is up. The time is real: it is the
// network that is waited for.
template <class Enough>
void Kafka::work(nanoseconds timeout, Enough enough) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto left = nanoseconds(0);
  do {
    producer_->serve(left);
    if (auto why = producer_->fatal_error()) window_.fail(retry(*std::move(why)));
    feed();
    left = deadline - std::chrono::steady_clock::now();
  } while (!enough() && !window_.failure() && left > nanoseconds(0));
  count();
}

void Kafka::count() {
  const auto delivered = window_.take_delivered();
  if (delivered.rows > 0) rows_delivered_.add(delivered.rows);
  if (delivered.bytes > 0) bytes_delivered_.add(delivered.bytes);
  if (const auto replaced = maker_.take_replaced(); replaced > 0) values_replaced_.add(replaced);
}

}  // namespace levada

LEVADA_PLUGIN("kafka", "0.1.0", "Apache-2.0",
              levada::sink<levada::Kafka>("kafka", "Writes rows to topics of Apache Kafka."))
