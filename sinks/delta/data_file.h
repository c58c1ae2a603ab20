// What a table's log says of a data file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actions.h"
#include "lake/partitioned_writer.h"

namespace levada::delta {

// The path of a file as a URI, and back: all but letters, digits and "-._/=" of ASCII is written as
// %XX.
std::string encode_path(std::string_view path);
std::string decode_path(std::string_view encoded);
// The folders of partitions, by names that all programs write alike into URIs: "host=%C3%A4" for
// "host=ä", at most 240 bytes of each. What a partition is stands in the log. Where a URI is not as
// they would write it, Spark's VACUUM removes the file, and delta-rs doubles its rows.
std::string plain_folder(std::string_view folder);
// Whether an encoded path is no path in the table's folder: "/data/x", "s3://other/x", "file:/x".
bool lies_elsewhere(std::string_view encoded);

// The statistics of a file as JSON.
std::string stats_of(const lake::WrittenFile& file);

// The action that adds the file. A partition value that is an empty text becomes null.
AddFile add_of(const lake::WrittenFile& file, const std::vector<std::string>& partition_columns, int64_t now_ms);

}  // namespace levada::delta
