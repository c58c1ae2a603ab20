// The interceptor count_values.
#include "count_values.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "analytics/event_by_event.h"

namespace levada::count_values {
namespace {

constexpr const char* kKind = "count_values 1";

std::string options_of(const CountValues::Settings& settings) {
  std::string text = "columns:";
  for (const auto& column : settings.columns) text += ' ' + column;
  return text + "; batch_rows: " + std::to_string(settings.batch_rows) +
         "; values_max: " + std::to_string(settings.values_max);
}

bool is_meant(const std::string& name, const std::string& pattern) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

}  // namespace

// The rows that come out.
class CountValues::Rows {
 public:
  void add(std::string_view stream, int64_t batch, std::string_view column, const std::string* value, int64_t count) {
    streams_.append(stream);
    batches_.append(batch);
    columns_.append(column);
    value ? values_.append(*value) : values_.append_null();
    counts_.append(count);
  }
  Batch finish() && {
    Batch batch(counts_.rows());
    batch.set(std::move(streams_).finish("stream", Type::text));
    batch.set(std::move(batches_).finish("batch", Type::int64));
    batch.set(std::move(columns_).finish("column", Type::text));
    batch.set(std::move(values_).finish("value", Type::text));
    batch.set(std::move(counts_).finish("rows", Type::int64));
    return batch;
  }

 private:
  TextBuilder streams_, columns_, values_;
  ValueBuilder<int64_t> batches_, counts_;
};

Result<std::unique_ptr<CountValues>> CountValues::create(Settings settings, Host) {
  if (settings.columns.empty()) return wrong("columns", "name one at least");
  for (auto column = settings.columns.begin(); column != settings.columns.end(); ++column) {
    if (column->empty()) return wrong("columns", "a column needs a name");
    if (std::find(settings.columns.begin(), column, *column) != column)
      return wrong("columns", "\"" + *column + "\" stands in it twice");
  }
  if (settings.batch_rows < 1) return wrong("batch_rows", "must be 1 or more");
  if (settings.values_max < 1) return wrong("values_max", "must be 1 or more");
  return std::unique_ptr<CountValues>(new CountValues(std::move(settings)));
}

CountValues::CountValues(Settings settings) : settings_(std::move(settings)), options_(options_of(settings_)) {}

Result<std::vector<CountedColumn>> CountValues::counted(const Batch& batch) const {
  std::vector<CountedColumn> all;
  for (const auto& column : batch.columns()) {
    const auto meant = std::find_if(settings_.columns.begin(), settings_.columns.end(),
                                    [&](const auto& each) { return is_meant(column.name(), each); });
    if (meant == settings_.columns.end()) continue;
    if (auto counted = CountedColumn::of(column)) all.push_back(*std::move(counted));
    else if (*meant == column.name())
      return fatal("the column \"" + column.name() + "\" is " + name_of(column.type()) +
                   ": only booleans, text and lists of text can be counted");
  }
  return all;
}

Done CountValues::intercept(Batch& batch) {
  auto columns = counted(batch);
  if (!columns) return std::move(columns).error();
  auto at = streams_.find(batch.stream);
  if (at == streams_.end()) at = streams_.emplace(batch.stream, Stream()).first;
  Stream& stream = at->second;
  Rows rows;
  for (int64_t first = 0; first < batch.rows();) {
    const int64_t count = std::min(settings_.batch_rows - stream.rows % settings_.batch_rows, batch.rows() - first);
    for (auto& column : *columns) {
      auto counts = stream.columns.find(column.name());
      if (counts == stream.columns.end()) counts = stream.columns.emplace(column.name(), ValueCounts()).first;
      column.count(first, count, settings_.values_max, counts->second);
    }
    first += count;
    stream.rows += count;
    if (stream.rows % settings_.batch_rows == 0) give(at->first, stream, rows);
  }
  analytics::replace_rows(batch, std::move(rows).finish());
  return {};
}

void CountValues::give(std::string_view name, Stream& stream, Rows& to) const {
  const int64_t number = (stream.rows - 1) / settings_.batch_rows;
  for (const auto& [column, counts] : stream.columns) {
    for (const auto& [value, count] : counts.values()) to.add(name, number, column, &value, count);
    if (counts.others() > 0) to.add(name, number, column, nullptr, counts.others());
  }
  stream.columns.clear();
}

Result<Batch> CountValues::advance(std::chrono::nanoseconds, bool ended) {
  if (!ended) return idle();
  Rows rows;
  for (auto& [name, stream] : streams_) give(name, stream, rows);
  Batch batch = std::move(rows).finish();
  if (batch.rows() == 0) return idle();
  return batch;
}

Done CountValues::save(std::string& to) {
  StateWriter writer(to, kKind, options_);
  writer.value(static_cast<uint64_t>(streams_.size()));
  for (const auto& [name, stream] : streams_) {
    writer.text(name);
    writer.value(stream.rows);
    writer.value(static_cast<uint64_t>(stream.columns.size()));
    for (const auto& [column, counts] : stream.columns) {
      writer.text(column);
      writer.value(counts.others());
      writer.value(static_cast<uint64_t>(counts.values().size()));
      for (const auto& [value, count] : counts.values()) {
        writer.text(value);
        writer.value(count);
      }
    }
  }
  writer.finish();
  return {};
}

Done CountValues::load(std::string_view state) {
  std::map<std::string, Stream, std::less<>> streams;
  if (!state.empty()) {
    auto reader = StateReader::open(state, kKind, options_);
    if (!reader) return std::move(reader).error();
    for (auto count = reader->value<uint64_t>(); count > 0 && reader->good(); --count) {
      auto& stream = streams[std::string(reader->text())];
      stream.rows = reader->value<int64_t>();
      for (auto columns = reader->value<uint64_t>(); columns > 0 && reader->good(); --columns) {
        auto& counts = stream.columns[std::string(reader->text())];
        counts.add_others(reader->value<int64_t>());
        for (auto values = reader->value<uint64_t>(); values > 0 && reader->good(); --values) {
          const auto value = reader->text();
          counts.add(value, reader->value<int64_t>(), settings_.values_max);
        }
      }
    }
    LEVADA_TRY(reader->finish());
  }
  streams_ = std::move(streams);
  return {};
}

}  // namespace levada::count_values

LEVADA_PLUGIN("count_values", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::count_values::CountValues>(
                  "count_values", "Counts how often the values of columns come, for each so many rows of a stream."))
