// What is written of the rows of a batch: the body, the other columns as a JSON object, or all
// columns as an Avro record.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "block.h"
#include "files/avro_rows.h"
#include "json/json_writer.h"
#include "levada/batch.h"
#include "settings.h"

namespace levada::hdfs_sink {

class RowSource {
 public:
  RowSource(HdfsSettings::Format format, std::optional<std::string> time_column)
      : format_(format), time_column_(std::move(time_column)) {}

  // FATAL where the rows cannot be written as the settings say. The batch outlives what is asked
  // for of it. `arrival`: the time of rows that have none, in microseconds since 1970.
  Done bind(const Batch& batch, int64_t arrival) {
    body_ = batch.body();
    arrival_ = arrival;
    times_ = time_column_ ? batch.find(*time_column_) : nullptr;
    if (times_ && times_->type() != Type::timestamp)
      return fatal("column \"" + times_->name() + "\" is " + name_of(times_->type()) +
                   ", and time_column must be a timestamp");
    if (format_ == HdfsSettings::Format::body) {
      if (body_) return {};
      return fatal(
          "the rows have no body column, an interceptor has dropped it: set format = \"json\" to write the other "
          "columns");
    }
    if (format_ == HdfsSettings::Format::json) {
      const std::string body = "body";
      json_.emplace(choose_columns(batch, {}, {&body, 1}), JsonStyle{});
      return {};
    }
    avro_.emplace(choose_columns(batch, {}, {}));
    if (!schema_ || *schema_ != avro_->schema()) schema_ = std::make_shared<const std::string>(avro_->schema());
    return {};
  }

  void append_text(int64_t row, Block& to) {
    if (!json_) return to.append(body_->text(row));
    char* const start = to.reserve(json_->bound(row));
    to.use(static_cast<size_t>(json_->write(row, start) - start));
  }
  void append_record(int64_t row, Block& to) {
    char* const start = to.reserve(avro_->bound(row));
    to.use(static_cast<size_t>(avro_->write(row, start) - start));
  }
  // Of the records; null where there are none.
  const std::shared_ptr<const std::string>& schema() const { return schema_; }
  // Valid until the next call.
  std::string_view text(int64_t row) {
    if (!json_) return body_->text(row);
    scratch_.clear();
    append_text(row, scratch_);
    return scratch_.view();
  }
  const Column* times() const { return times_; }
  // In microseconds since 1970.
  int64_t time(int64_t row) const { return times_ && !times_->null(row) ? times_->values<int64_t>()[row] : arrival_; }
  // Values so far of this batch that JSON cannot hold.
  int64_t values_replaced() const { return json_ ? json_->replaced() : 0; }

 private:
  const HdfsSettings::Format format_;
  const std::optional<std::string> time_column_;
  const Column* body_ = nullptr;
  const Column* times_ = nullptr;
  int64_t arrival_ = 0;
  std::optional<JsonWriter> json_;
  std::optional<files::AvroRows> avro_;
  std::shared_ptr<const std::string> schema_;
  Block scratch_;
};

}  // namespace levada::hdfs_sink
