// How the columns of a file are encoded and compressed. For files that include Arrow anyway.
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/properties.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lake/partitioned_writer.h"

namespace levada::lake {

enum class ColumnEncoding : uint8_t { dictionary, differences, lengths, plain };

struct LeafEncoding {
  std::string path;  // "id", "user.id", "tags.list.element"
  ColumnEncoding encoding;
  bool is_compressed;
};

// One for each column and each leaf of a nested one, by a look at rows that are about to be
// written: columns of few different values get a dictionary; integers and times of many are stored
// as differences; text of many stands behind all its lengths, where compression goes through it
// quickest. Differences that do not get a twentieth smaller by compression go without.
std::vector<LeafEncoding> choose_encodings(const arrow::RecordBatch& sample, const WriterSettings& settings);

std::shared_ptr<parquet::WriterProperties> properties_of(const WriterSettings& settings,
                                                         const std::vector<LeafEncoding>& encodings,
                                                         arrow::MemoryPool* pool);

// Fails where a codec does not know the level, with the option at fault.
Done check_compression(const WriterSettings& settings);

}  // namespace levada::lake
