// The states of a transaction, and what becomes of it when a call fails.
#include "transactions.h"

#include <cstdio>
#include <random>
#include <utility>

namespace levada::kafka_sink {
namespace {

using std::chrono::nanoseconds;

// Until a predecessor's transaction is rolled back.
constexpr std::chrono::seconds kTakeOverTimeout{10};
constexpr std::chrono::seconds kAbortTimeout{10};
// What was produced gets to the broker before an abort, if that is quick: an abort
// right behind it is what brokers least expect. A purge would leave a gap in the
// sequence of an idempotent producer.
constexpr std::chrono::seconds kAbortFlush{1};
// A call that is cut short begins anew: it gets the time for a round trip to a slow broker.
constexpr std::chrono::seconds kOffsetsTimeout{1};

std::string random_id() {
  std::random_device random;
  char text[32];
  std::snprintf(text, sizeof text, "levada-%08x%08x", random(), random());
  return text;
}

// The id in the instance's folder, made on first use; durable before anything is written under it.
Result<std::string> kept_id(Host host) {
  const auto files = host.files();
  const auto folder = host.data_dir();
  const auto path = folder + "/transactional_id";
  if (files.exists(path)) {
    auto text = files.read_whole(path);
    if (!text) return std::move(text).error();
    if (text->ends_with('\n')) text->pop_back();
    if (text->empty()) return fatal(path + " is empty: remove it for a new id, or set transactional_id");
    return text;
  }
  const auto id = random_id();
  LEVADA_TRY(files.make_folder(folder));
  LEVADA_TRY(files.replace(path, id + "\n"));
  LEVADA_TRY(files.sync_folder(folder.substr(0, folder.find_last_of('/'))));
  return id;
}

bool is_fencing(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

}  // namespace

Transactions::Transactions(const KafkaSettings& settings, KafkaConf reader, Host host, LogLimiter& log)
    : host_(host),
      timeout_(settings.transaction_timeout),
      topic_(settings.positions_topic, std::move(reader), log),
      id_(settings.transactional_id.value_or("")) {
  if (settings.group_offsets) group_offsets_.emplace(host);
}

Done Transactions::name(KafkaConf& conf) {
  if (id_.empty()) {
    auto id = kept_id(host_);
    if (!id) return std::move(id).error();
    id_ = *std::move(id);
  }
  return conf.set("transactional.id", id_, "transactional_id");
}

Done Transactions::take_over(Producer& producer) {
  if (state_ != State::alone) LEVADA_TRY(fence(producer));
  auto found = topic_.read(id_, PositionsTopic::Until::end);
  if (!found) return std::move(found).error();
  if (!is_ours(*found)) return taken_over("it has committed other positions");
  if (group_offsets_) {
    const auto cluster = cluster_id(producer.handle(), kTakeOverTimeout);
    if (cluster.empty()) return retry("no broker tells the id of the cluster");
    group_offsets_->set_cluster(cluster);
  }
  committed_ = next_ = *std::move(found);
  known_ = true;
  state_ = State::ready;
  return {};
}

Done Transactions::fence(Producer& producer) {
  state_ = State::fresh;
  if (fenced_by_time_) {
    // If it was another agent, it stays: what it has committed is not
    // behind what our sources have read.
    auto found = topic_.read(id_, PositionsTopic::Until::first_open_transaction);
    if (!found) return std::move(found).error();
    if (!is_ours(*found)) return taken_over("it has committed other positions");
    fenced_by_time_ = false;
  }
  if (const KafkaError error(rd_kafka_init_transactions(producer.handle(), milliseconds(kTakeOverTimeout))); error) {
    if (error.retriable()) return retry("transactions cannot begin yet: " + error.text());
    return failed(producer, error, "transactions cannot begin");
  }
  state_ = State::alone;
  return {};
}

Done Transactions::abort(Producer& producer) {
  if (state_ != State::open) return {};
  producer.serve(kAbortFlush);
  const KafkaError error(rd_kafka_abort_transaction(producer.handle(), milliseconds(kAbortTimeout)));
  if (error) return failed(producer, error, "the transaction could not be rolled back");
  next_ = committed_;
  state_ = State::ready;
  return {};
}

std::vector<Position> Transactions::positions() const {
  std::vector<Position> all;
  for (const auto& [stream, position] : committed_) all.push_back(position);
  return all;
}

Done Transactions::begin(Producer& producer) {
  if (state_ == State::open) return {};
  if (const KafkaError error(rd_kafka_begin_transaction(producer.handle())); error)
    return failed(producer, error, "no transaction could be begun");
  began_ = host_.monotonic();
  offsets_sent_ = false;
  state_ = State::open;
  return {};
}

// What lies behind rows that were fenced stays as it was: whoever reads
// on from there must find them.
Positions Transactions::next_after(const Checkpoint& checkpoint) const {
  Positions next;
  for (const auto& position : checkpoint.positions) {
    if (!group_offsets_ || !group_offsets_->stale(position.position)) {
      next[position.stream] = position;
    } else if (const auto known = committed_.find(position.stream); known != committed_.end()) {
      next.insert(*known);
    }
  }
  return next;
}

Result<int64_t> Transactions::write_positions(Producer& producer, const Checkpoint& checkpoint) {
  next_ = next_after(checkpoint);
  if (next_ == committed_) return 0;
  LEVADA_TRY(begin(producer));
  return topic_.write(producer, id_, committed_, next_);
}

Done Transactions::commit(Producer& producer, nanoseconds timeout) {
  if (state_ == State::ready) return {};
  if (group_offsets_ && !offsets_sent_) {
    LEVADA_TRY(
        group_offsets_->send(producer.handle(), committed_, next_, std::max<nanoseconds>(timeout, kOffsetsTimeout)));
    offsets_sent_ = true;
  }
  state_ = State::committing;
  const KafkaError error(rd_kafka_commit_transaction(producer.handle(), milliseconds(timeout)));
  if (error && error.retriable()) return levada::idle();
  if (error) return failed(producer, error, "the transaction could not be committed");
  committed_ = next_;
  state_ = State::ready;
  return {};
}

Error Transactions::failed(Producer& producer, const KafkaError& error, const char* what) {
  if (auto fatal_error = producer.fatal_error()) return ended(*fatal_error);
  // A transaction that must be rolled back can be, unless nobody knows whether it was committed.
  if (state_ != State::open || !error.requires_abort()) state_ = State::ended;
  return retry(std::string(what) + ": " + error.text());
}

Error Transactions::ended(const FatalError& why) {
  if (!is_fencing(why.code)) {
    state_ = State::ended;
    return retry("librdkafka cannot go on, a new producer takes over: " + why.text);
  }
  // The coordinator fences a producer, too, whose transaction it has given up.
  const bool was_open = state_ == State::open || state_ == State::committing;
  if (state_ != State::ended) fenced_by_time_ = was_open && host_.monotonic() - began_ >= timeout_;
  state_ = State::ended;
  if (fenced_by_time_) return retry("the transaction took longer than transaction_timeout: " + why.text);
  return taken_over(why.text);
}

Error Transactions::taken_over(const std::string& why) const {
  return fatal("another agent has taken over the transactional id \"" + id_ + "\": " + why +
               ". Run one of them only, or give each sink a transactional_id of its own");
}

}  // namespace levada::kafka_sink
