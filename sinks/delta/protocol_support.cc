#include "protocol_support.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace levada::delta {
namespace {

// A writer of appends has nothing to do for these, or does it.
constexpr std::array<std::string_view, 9> kWritten = {"appendOnly",     "invariants",          "changeDataFeed",
                                                      "timestampNtz",   "v2Checkpoint",        "deletionVectors",
                                                      "domainMetadata", "vacuumProtocolCheck", "typeWidening"};
constexpr std::array<std::string_view, 5> kRead = {"timestampNtz", "v2Checkpoint", "deletionVectors",
                                                   "vacuumProtocolCheck", "typeWidening"};
constexpr int32_t kReaderWithFeatures = 3;
constexpr int32_t kWriterWithFeatures = 7;

Error refused(const std::string& what, std::string_view feature) {
  return fatal("the table uses " + std::string(feature) + ", which levada does not " + what);
}

Done check_features(const std::optional<std::vector<std::string>>& features, std::span<const std::string_view> known,
                    const std::string& what) {
  if (!features) return {};
  for (const auto& feature : *features)
    if (std::find(known.begin(), known.end(), feature) == known.end()) return refused(what, "the feature " + feature);
  return {};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

// What older protocols allow without naming it as a feature.
Done check_metadata(const Metadata& metadata, const std::string& what) {
  const auto is_on = [&](std::string_view property) {
    const auto* value = find(metadata.configuration, property);
    return value && *value == "true";
  };
  const auto* mapping = find(metadata.configuration, "delta.columnMapping.mode");
  if (mapping && *mapping != "none") return refused(what, "the feature columnMapping");
  if (metadata.provider != "parquet") return refused(what, "files of the format " + metadata.provider);
  if (what == "read") return {};
  for (const auto& [name, value] : metadata.configuration)
    if (name.starts_with("delta.constraints.")) return refused(what, "the feature checkConstraints");
  if (is_on("delta.enableRowTracking")) return refused(what, "the feature rowTracking");
  if (is_on("delta.enableInCommitTimestamps")) return refused(what, "the feature inCommitTimestamp");
  if (is_on("delta.enableIcebergCompatV1") || is_on("delta.enableIcebergCompatV2"))
    return refused(what, "the feature icebergCompat");
  for (const auto& [mark, feature] : {std::pair{"delta.generationExpression", "generatedColumns"},
                                      {"delta.identity.", "identityColumns"},
                                      {"delta.invariants", "invariants (of columns)"},
                                      {"CURRENT_DEFAULT", "allowColumnDefaults"}})
    if (contains(metadata.schema, mark)) return refused(what, "the feature " + std::string(feature));
  return {};
}

Done check_reader(const Protocol& protocol, const std::string& what) {
  if (protocol.min_reader > kReaderWithFeatures)
    return refused(what, "the reader version " + std::to_string(protocol.min_reader));
  return check_features(protocol.reader_features, kRead, what);
}

}  // namespace

Done check_readable(const Snapshot& snapshot) {
  LEVADA_TRY(check_reader(snapshot.protocol, "read"));
  return check_metadata(snapshot.metadata, "read");
}

Done check_writable(const Snapshot& snapshot) {
  LEVADA_TRY(check_features(snapshot.protocol.writer_features, kWritten, "write"));
  if (snapshot.protocol.min_writer > kWriterWithFeatures)
    return refused("write", "the writer version " + std::to_string(snapshot.protocol.min_writer));
  LEVADA_TRY(check_reader(snapshot.protocol, "write"));
  return check_metadata(snapshot.metadata, "write");
}

Protocol protocol_for(const TableSchema& schema) {
  for (const auto& field : schema.fields())
    if (has_timestamp_ntz(field.type))
      return {kReaderWithFeatures, kWriterWithFeatures, std::vector<std::string>{"timestampNtz"},
              std::vector<std::string>{"appendOnly", "invariants", "timestampNtz"}};
  return {1, 2};
}

}  // namespace levada::delta
