// Reads positions back as a consumer of all partitions, and produces those that have changed.
#include "positions_topic.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "in_flight_messages.h"
#include "levada/positions.h"

namespace levada::kafka_sink {
namespace {

using std::chrono::steady_clock;

// For an answer of a broker, and for all of the topic.
constexpr std::chrono::seconds kAnswerTimeout{10};
constexpr std::chrono::seconds kReadTimeout{30};

struct FreeTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, FreeTopic>;

std::string key_prefix(const std::string& id) {
  std::string key;
  append_escaped(key, id);
  return key + '\t';
}

// How many partitions the topic has; 0: it is not there.
Result<int32_t> partitions_of(rd_kafka_t* client, rd_kafka_topic_t* topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (const auto error = rd_kafka_metadata(client, 0, topic, &metadata, milliseconds(kAnswerTimeout)))
    return retry(rd_kafka_err2str(error));
  const auto error = metadata->topic_cnt ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  const int32_t count = metadata->topic_cnt ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
  if (error) return retry(rd_kafka_err2str(error));
  return count;
}

// Consumes partitions of the topic from their beginnings; stops in the end.
class Reading {
 public:
  explicit Reading(rd_kafka_t* client, rd_kafka_topic_t* topic) : topic_(topic), queue_(rd_kafka_queue_new(client)) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    for (const auto& [partition, end] : ends_) rd_kafka_consume_stop(topic_, partition);
  }

  Done start(int32_t partition, int64_t end) {
    if (rd_kafka_consume_start_queue(topic_, partition, RD_KAFKA_OFFSET_BEGINNING, queue_.get()))
      return retry(rd_kafka_err2str(rd_kafka_last_error()));
    ends_[partition] = end;
    ++missing_;
    return {};
  }
  // Gives each record to `take(key, value)`, until all partitions are through.
  template <class Take>
  Done all(Take take) {
    const auto deadline = steady_clock::now() + kReadTimeout;
    while (missing_ > 0) {
      const auto left = deadline - steady_clock::now();
      if (left.count() <= 0)
        return retry(
            "it was not read to its end in time: no broker answers, or another agent has left a transaction open "
            "there, which ends by that agent's transaction_timeout");
      const Held<rd_kafka_message_t> message(rd_kafka_consume_queue(queue_.get(), milliseconds(left)));
      if (!message) continue;
      auto next = message->offset + 1;
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        next = message->offset;
      } else if (message->err) {
        return retry(rd_kafka_message_errstr(message.get()));
      } else {
        take(text(message->key, message->key_len),
             message->payload ? std::optional(text(message->payload, message->len)) : std::nullopt);
      }
      int64_t& end = ends_[message->partition];
      if (end > 0 && next >= end) {
        end = 0;
        --missing_;
      }
    }
    return {};
  }

 private:
  static std::string_view text(const void* data, size_t size) { return {static_cast<const char*>(data), size}; }

  rd_kafka_topic_t* const topic_;
  const Held<rd_kafka_queue_t> queue_;
  std::map<int32_t, int64_t> ends_;  // 0: reached.
  int missing_ = 0;
};

}  // namespace

Result<Held<rd_kafka_t>> PositionsTopic::consumer(const char* isolation) const {
  KafkaConf conf = reader_;
  LEVADA_TRY(conf.set("isolation.level", isolation, ""));
  rd_kafka_conf_t* own = conf.copy();
  rd_kafka_conf_set_opaque(own, &log_);
  rd_kafka_conf_set_log_cb(own, [](const rd_kafka_t* handle, int level, const char* facility, const char* message) {
    static_cast<LogLimiter*>(rd_kafka_opaque(handle))->write(level, facility, message);
  });
  rd_kafka_conf_set_error_cb(own, [](rd_kafka_t*, int, const char*, void*) {});
  char why[512];
  if (rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, own, why, sizeof why)) return Held<rd_kafka_t>(client);
  rd_kafka_conf_destroy(own);
  return retry(std::string("librdkafka could not start a consumer: ") + why);
}

Done PositionsTopic::open(Producer& producer) const {
  auto client = consumer("read_committed");
  if (!client) return std::move(client).error();
  const TopicHandle topic(rd_kafka_topic_new(client->get(), name_.c_str(), nullptr));
  auto partitions = partitions_of(client->get(), topic.get());
  if (!partitions) return std::move(partitions).error().at("topic \"" + name_ + "\"");
  if (*partitions > 0) return {};
  // Small segments: what is read back on start is what compaction has not got to.
  return producer.create_topic(name_, {1, -1, {{"cleanup.policy", "compact"}, {"segment.bytes", "16777216"}}});
}

Result<Positions> PositionsTopic::read(const std::string& id, Until until) const {
  const auto where = "topic \"" + name_ + "\"";
  auto reader = consumer("read_committed");
  if (!reader) return std::move(reader).error();
  // "The end" is a different one for a consumer that does not see open transactions.
  auto measurer = until == Until::end ? consumer("read_uncommitted") : Result<Held<rd_kafka_t>>(Held<rd_kafka_t>());
  if (!measurer) return std::move(measurer).error();
  rd_kafka_t* const measuring = *measurer ? measurer->get() : reader->get();

  // The measurer is asked first: it finds the leaders of a topic that it
  // has metadata of without a wait.
  const TopicHandle measured(rd_kafka_topic_new(measuring, name_.c_str(), nullptr));
  auto partitions = partitions_of(measuring, measured.get());
  if (!partitions) return std::move(partitions).error().at(where);
  const TopicHandle topic(rd_kafka_topic_new(reader->get(), name_.c_str(), nullptr));
  if (*partitions == 0) return retry(where + " is not there");
  Reading reading(reader->get(), topic.get());
  for (int32_t partition = 0; partition < *partitions; ++partition) {
    int64_t begin = 0, end = 0;
    if (const auto error = rd_kafka_query_watermark_offsets(measuring, name_.c_str(), partition, &begin, &end,
                                                            milliseconds(kAnswerTimeout)))
      return retry(where + ": " + rd_kafka_err2str(error));
    if (end > begin) LEVADA_TRY(reading.start(partition, end));
  }

  const auto prefix = key_prefix(id);
  Positions positions;
  Done done = reading.all([&](std::string_view key, std::optional<std::string_view> value) {
    if (!key.starts_with(prefix)) return;
    const auto stream = unescaped(key.substr(prefix.size()));
    if (!value) {
      positions.erase(stream);
    } else if (auto position = read_position(*value)) {
      positions[stream] = *std::move(position);
    }
  });
  if (!done) return std::move(done).error().at(where);
  return positions;
}

Result<int64_t> PositionsTopic::write(Producer& producer, const std::string& id, const Positions& from,
                                      const Positions& to) const {
  const auto prefix = key_prefix(id);
  int64_t produced = 0;
  const auto produce = [&](const std::string& stream, const std::string* value) -> Done {
    std::string key = prefix;
    append_escaped(key, stream);
    rd_kafka_vu_t parts[5] = {};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = name_.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_KEY;
    parts[1].u.mem = {key.data(), key.size()};
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    if (value) parts[2].u.mem = {const_cast<char*>(value->data()), value->size()};
    parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[3].u.i = RD_KAFKA_MSG_F_COPY;
    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[4].u.ptr = reinterpret_cast<void*>(InFlightMessages::kNoRow);
    if (const KafkaError error(rd_kafka_produceva(producer.handle(), parts, std::size(parts))); error)
      return retry("topic \"" + name_ + "\": " + error.text());
    ++produced;
    return {};
  };
  for (const auto& [stream, position] : to) {
    const auto known = from.find(stream);
    if (known != from.end() && known->second == position) continue;
    std::string line;
    append_position(line, position);
    LEVADA_TRY(produce(stream, &line));
  }
  for (const auto& [stream, position] : from)
    if (!to.contains(stream)) LEVADA_TRY(produce(stream, nullptr));
  return produced;
}

}  // namespace levada::kafka_sink
