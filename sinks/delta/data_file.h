// What a table's log says of a data file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actions.h"
#include "lake/partitioned_writer.h"

namespace levada::delta {

// The path of a file as a URI, and back. It is the same text as Java's java.net.URI makes: Spark's
// VACUUM compares texts, and removes files whose paths are written otherwise.
std::string encode_path(std::string_view path);
std::string decode_path(std::string_view encoded);
// Whether an encoded path is no path in the table's folder: "/data/x", "s3://other/x", "file:/x".
bool lies_elsewhere(std::string_view encoded);

// The statistics of a file as JSON.
std::string stats_of(const lake::WrittenFile& file);

// The action that adds the file. A partition value that is an empty text becomes null.
AddFile add_of(const lake::WrittenFile& file, const std::vector<std::string>& partition_columns, int64_t now_ms);

}  // namespace levada::delta
