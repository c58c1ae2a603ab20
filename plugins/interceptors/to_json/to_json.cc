// The interceptor to_json.
#include "to_json.h"

#include <algorithm>

namespace levada::to_json {

namespace {
// The size of a buffer of bodies, unless one body may need more.
constexpr size_t kBufferBytes = size_t{1} << 20;
}  // namespace

ToJson::ToJson(Settings settings, const Host& host)
    : settings_(std::move(settings)), replaced_(host.counter("values_replaced")) {
  style_.time = settings_.timestamps;
  style_.write_nulls = settings_.nulls == Nulls::write;
  style_.raw = settings_.raw;
}

Result<std::unique_ptr<ToJson>> ToJson::create(Settings settings, Host host) {
  auto sorted = settings.columns;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    return wrong("columns", "\"" + *twice + "\" stands here twice, and an object has each key once");
  return std::unique_ptr<ToJson>(new ToJson(std::move(settings), host));
}

Done ToJson::intercept(Batch& batch) {
  JsonWriter writer(choose_columns(batch, settings_.columns, settings_.exclude), style_);
  TextBuilder bodies(batch.rows());
  for (int64_t row = 0; row < batch.rows();) row = fill_buffer(writer, row, batch.rows(), bodies);
  batch.set(std::move(bodies).finish("body", Type::bytes));
  replaced_.add(writer.replaced());
  return {};
}

int64_t ToJson::fill_buffer(JsonWriter& writer, int64_t row, int64_t rows, TextBuilder& bodies) {
  size_t bound = writer.bound(row);
  // Of a small batch, no more than it can need if its rows are alike.
  Buffer buffer(std::max(bound, std::min(kBufferBytes, bound * static_cast<size_t>(rows - row))));
  char* const end = buffer.data() + buffer.capacity();
  char* at = buffer.data();
  ends_.clear();
  while (bound <= static_cast<size_t>(end - at)) {
    at = writer.write(row, at);
    ends_.push_back(at);
    if (++row == rows) break;
    bound = writer.bound(row);
  }
  const auto number = bodies.lend(buffer, static_cast<size_t>(at - buffer.data()));
  const auto count = static_cast<int64_t>(ends_.size());
  View* view = bodies.extend(count);
  const char* begin = buffer.data();
  for (const char* body_end : ends_) {
    View::put(view++, {begin, static_cast<size_t>(body_end - begin)}, number,
              static_cast<int32_t>(begin - buffer.data()));
    begin = body_end;
  }
  bodies.filled(count);
  return row;
}

}  // namespace levada::to_json

LEVADA_PLUGIN("to_json", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::to_json::ToJson>("to_json",
                                                           "Makes the body of each row a JSON object of its columns."))
