// A stateful interceptor of an outsider: how long before each row the one of the same key was, by
// the times of the events, whatever order they come in.
#include <levada/event_order.h>
#include <levada/key_table.h>
#include <levada/sdk.h>

struct SinceLast final : levada::StatefulInterceptor {
  struct Settings : levada::EventTimeSettings {
    std::vector<std::string> keys;
  };
  static constexpr auto options =
      levada::join_options(levada::event_time_options<Settings>(),
                           std::array{levada::required<&Settings::keys>("keys", "The columns that make up the key.")});

  static levada::Result<std::unique_ptr<SinceLast>> create(Settings settings, levada::Host host) {
    LEVADA_TRY(levada::check(settings));
    if (settings.keys.empty()) return levada::wrong("keys", "a key needs at least one column");
    return std::make_unique<SinceLast>(settings, host);
  }
  SinceLast(const Settings& settings, levada::Host host)
      : order(settings, levada::OnLate::reject, levada::Size{64 << 20}, host), keys(settings.keys) {}

  levada::Done intercept(levada::Batch& batch) override {
    order.take(batch);
    see(batch);
    return {};
  }
  std::chrono::nanoseconds deadline() override { return order.deadline(); }
  levada::Result<levada::Batch> advance(std::chrono::nanoseconds now, bool ended) override {
    auto batch = order.advance(now, ended);
    if (batch) see(*batch);
    return batch;
  }

  // Rows in the order of their times, which order.times() has.
  void see(levada::Batch& batch) {
    keys.read(batch);
    levada::ValueBuilder<int64_t> since(batch.rows());
    for (int64_t row = 0; row < batch.rows(); ++row) {
      auto& last = table.state<int64_t>(table.find_or_add(keys[row]));
      const int64_t time = order.times()[static_cast<size_t>(row)];
      last == 0 ? since.append_null() : since.append(time - last);
      last = time;
    }
    batch.set(std::move(since).finish("since_last_us", levada::Type::int64));
  }

  levada::Done save(std::string& to) override {
    levada::StateWriter writer(to, "since_last 1", joined_keys());
    order.save(writer);
    table.save(writer);
    writer.finish();
    return {};
  }
  levada::Done load(std::string_view state) override {
    if (state.empty()) return begin_anew();
    auto reader = levada::StateReader::open(state, "since_last 1", joined_keys());
    if (!reader) return std::move(reader).error();
    order.load(*reader);
    table.load(*reader, keys.columns().size());
    return reader->finish();
  }
  levada::Done begin_anew() {
    order.forget();
    table.clear();
    return {};
  }
  std::string joined_keys() const {
    std::string all;
    for (const auto& name : keys.columns()) all += name + '\n';
    return all;
  }

  levada::EventOrder order;
  levada::RowKeys keys;
  levada::KeyTable table{sizeof(int64_t)};  // The time of each key's last row.
};

LEVADA_PLUGIN("since_last", "1.0.0", "MIT",
              levada::interceptor<SinceLast>("since_last", "How long before each row the one of its key was."))
