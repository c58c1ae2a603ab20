#include "page_rows.h"

#include <bit>
#include <cstring>
#include <limits>

#include "levada/builders.h"
#include "postgres/types.h"

namespace levada::postgres_source {

namespace {

using namespace postgres;

template <class Word>
Word word_at(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (sizeof(Word) == 2) return __builtin_bswap16(word);
  else if constexpr (sizeof(Word) == 4) return __builtin_bswap32(word);
  else return __builtin_bswap64(word);
}

// Of points in time that levada has: PostgreSQL's infinity is the last or the first one.
int64_t time_of(const char* from) {
  const auto since_2000 = static_cast<int64_t>(word_at<uint64_t>(from));
  if (since_2000 == std::numeric_limits<int64_t>::min()) return since_2000;
  int64_t time;
  return __builtin_add_overflow(since_2000, kEpochMicroseconds, &time) ? std::numeric_limits<int64_t>::max() : time;
}

class ColumnReader {
 public:
  ColumnReader(const PGresult& result, int number, const QueryColumn& column, size_t& bytes)
      : result_(result), number_(number), column_(column), bytes_(bytes) {}

  Column read() {
    switch (column_.type) {
      case kBoolean: return booleans();
      case kInt2:
        return values<int64_t>(Type::int64, [](const char* at) { return static_cast<int16_t>(word_at<uint16_t>(at)); });
      case kInt4:
        return values<int64_t>(Type::int64, [](const char* at) { return static_cast<int32_t>(word_at<uint32_t>(at)); });
      case kInt8:
        return values<int64_t>(Type::int64, [](const char* at) { return static_cast<int64_t>(word_at<uint64_t>(at)); });
      case kOid: return values<int64_t>(Type::int64, [](const char* at) { return word_at<uint32_t>(at); });
      case kFloat4:
        return values<double>(Type::float64,
                              [](const char* at) { return std::bit_cast<float>(word_at<uint32_t>(at)); });
      case kFloat8:
        return values<double>(Type::float64,
                              [](const char* at) { return std::bit_cast<double>(word_at<uint64_t>(at)); });
      case kTimestamp:
      case kTimestampTz: return values<int64_t>(Type::timestamp, time_of);
      case kBytes: return texts(Type::bytes);
      default: return texts(Type::text);
    }
  }

 private:
  int rows() const { return PQntuples(&result_); }
  bool is_null(int row) const { return PQgetisnull(&result_, row, number_) != 0; }
  const char* at(int row) const { return PQgetvalue(&result_, row, number_); }

  template <class T, class Read>
  Column values(Type type, Read&& read) {
    ValueBuilder<T> builder(rows());
    for (int row = 0; row < rows(); ++row) is_null(row) ? builder.append_null() : builder.append(read(at(row)));
    bytes_ += static_cast<size_t>(rows()) * sizeof(T);
    return std::move(builder).finish(column_.name, type);
  }
  Column booleans() {
    BooleanBuilder builder;
    for (int row = 0; row < rows(); ++row) is_null(row) ? builder.append_null() : builder.append(*at(row) != 0);
    return std::move(builder).finish(column_.name);
  }
  Column texts(Type type) {
    TextBuilder builder(rows());
    for (int row = 0; row < rows(); ++row) {
      const auto size = static_cast<size_t>(PQgetlength(&result_, row, number_));
      is_null(row) ? builder.append_null() : builder.append({at(row), size});
      bytes_ += size + sizeof(View);
    }
    return std::move(builder).finish(column_.name, type);
  }

  const PGresult& result_;
  const int number_;
  const QueryColumn& column_;
  size_t& bytes_;
};

}  // namespace

Batch rows_of(const PGresult& result, const std::vector<QueryColumn>& columns, size_t& bytes) {
  Batch batch(PQntuples(&result));
  bytes = 0;
  for (size_t at = 0; at < columns.size(); ++at)
    batch.set(ColumnReader(result, static_cast<int>(at), columns[at], bytes).read());
  return batch;
}

}  // namespace levada::postgres_source
