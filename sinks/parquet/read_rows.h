// The rows of Parquet files, for tests.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>

#include <memory>
#include <string>
#include <vector>

namespace levada::parquet_sink {

// Null where it is no whole Parquet file.
inline std::shared_ptr<arrow::Table> read_table(const std::string& content) {
  auto reader = parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(content)),
                                         arrow::default_memory_pool());
  if (!reader.ok()) return nullptr;
  auto table = (*reader)->ReadTable();
  return table.ok() ? (*table)->CombineChunks().ValueOr(nullptr) : nullptr;
}

// Values with a bar between; "<broken>" for what is no whole file.
inline std::vector<std::string> read_rows(const std::string& content) {
  const auto table = read_table(content);
  if (!table) return {"<broken>"};
  std::vector<std::string> rows;
  for (int64_t row = 0; row < table->num_rows(); ++row) {
    std::string line;
    for (const auto& column : table->columns())
      line += (line.empty() ? "" : "|") + (*column->GetScalar(row))->ToString();
    rows.push_back(std::move(line));
  }
  return rows;
}

}  // namespace levada::parquet_sink
