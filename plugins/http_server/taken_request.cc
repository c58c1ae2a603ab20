#include "http_server/taken_request.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace levada::http_server {
namespace {

// The bodies of all rows: each request's text is copied once, and its rows are views of the copy.
Column bodies_of(const std::vector<TakenRequest>& requests, int64_t rows) {
  const size_t bytes = std::accumulate(requests.begin(), requests.end(), size_t{0},
                                       [](size_t sum, const auto& each) { return sum + each.rows.text.size(); });
  Buffer buffer(std::max<size_t>(bytes, 1));
  TextBuilder bodies(rows);
  const auto number = bodies.lend(buffer, bytes);
  View* to = bodies.extend(rows);
  size_t begin = 0;
  for (const auto& request : requests) {
    std::memcpy(buffer.data() + begin, request.rows.text.data(), request.rows.text.size());
    for (const auto& part : request.rows.rows) {
      const auto offset = begin + part.offset;
      View::put(to++, {buffer.data() + offset, part.size}, number, static_cast<int32_t>(offset));
    }
    begin += request.rows.text.size();
  }
  bodies.filled(rows);
  return std::move(bodies).finish("body", Type::bytes);
}

// A column with a text for each request; `text_of` gives it, or null.
template <class TextOf>
Column of_requests(const std::string& name, const std::vector<TakenRequest>& requests, int64_t rows, TextOf text_of) {
  TextBuilder texts;
  ValueBuilder<int32_t> indices(rows);
  for (const auto& request : requests) {
    const std::string* text = text_of(request);
    if (text) texts.append(*text);
    for (uint64_t row = 0; row < request.row_count; ++row)
      text ? indices.append(static_cast<int32_t>(texts.rows() - 1)) : indices.append_null();
  }
  // A dictionary of nulls alone has an entry that nobody uses.
  if (texts.rows() == 0) texts.append("");
  return std::move(indices).finish(name, std::move(texts).finish("", Type::text));
}

Column times_of(const std::string& name, const std::vector<TakenRequest>& requests, int64_t rows) {
  ValueBuilder<int64_t> times(rows);
  for (const auto& request : requests) {
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(request.time).count();
    for (uint64_t row = 0; row < request.row_count; ++row) times.append(time);
  }
  return std::move(times).finish(name, Type::timestamp);
}

// A column with a text for each row.
Column of_rows(const std::string& name, const std::vector<TakenRequest>& requests, size_t column, int64_t rows) {
  TextBuilder texts(rows);
  for (const auto& request : requests)
    for (const auto& part : request.rows.more[column]) {
      if (part.size == Part::kMissing) texts.append_null();
      else texts.append(std::string_view(request.rows.text).substr(part.offset, part.size));
    }
  return std::move(texts).finish(name, Type::text);
}

}  // namespace

Batch batch_of(const Route& route, const std::vector<TakenRequest>& requests) {
  int64_t rows = 0;
  for (const auto& request : requests) rows += static_cast<int64_t>(request.row_count);
  Batch batch(rows);
  batch.set(bodies_of(requests, rows));
  if (!route.id_column.empty())
    batch.set(of_requests(route.id_column, requests, rows, [](const TakenRequest& each) { return &each.id; }));
  if (!route.time_column.empty()) batch.set(times_of(route.time_column, requests, rows));
  for (const auto& [column, text] : route.columns) batch.set(repeat(column, text, rows));
  size_t value = 0;
  for (const auto* named : {&route.headers, &route.query})
    for (const auto& [column, name] : *named) {
      batch.set(of_requests(column, requests, rows, [value](const TakenRequest& each) {
        return each.values[value] ? &*each.values[value] : nullptr;
      }));
      ++value;
    }
  for (size_t at = 0; at < route.row_columns.size(); ++at)
    batch.set(of_rows(route.row_columns[at], requests, at, rows));
  return batch;
}

}  // namespace levada::http_server
