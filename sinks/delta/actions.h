// What the log of a Delta table is made of: the actions of a commit or a checkpoint, with the
// members that have to be carried on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace levada::delta {

// Texts by name, in the order in which they stood; a value may be null.
using Map = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Null where the name is missing or its value is null.
const std::string* find(const Map& map, std::string_view name);

struct Protocol {
  int32_t min_reader = 1;
  int32_t min_writer = 2;
  std::optional<std::vector<std::string>> reader_features = {};
  std::optional<std::vector<std::string>> writer_features = {};
  bool operator==(const Protocol&) const = default;
};

struct Metadata {
  std::string id;
  std::optional<std::string> name = {};
  std::optional<std::string> description = {};
  std::string provider = "parquet";
  Map options = {};
  std::string schema;  // As JSON.
  std::vector<std::string> partition_columns = {};
  Map configuration = {};
  std::optional<int64_t> created_ms = {};
  bool operator==(const Metadata&) const = default;
};

// Which rows of a file count no more.
struct DeletionVector {
  std::string storage;
  std::string path;
  std::optional<int64_t> offset = {};
  int64_t bytes = 0;
  int64_t rows = 0;
  // Tells it from other ones of the same file.
  std::string id() const { return storage + path + (offset ? "@" + std::to_string(*offset) : ""); }
  bool operator==(const DeletionVector&) const = default;
};

struct AddFile {
  std::string path;  // Encoded as a URI.
  Map partition_values = {};
  int64_t bytes = 0;
  int64_t modified_ms = 0;
  bool data_change = true;
  std::optional<std::string> stats = {};  // As JSON.
  std::optional<Map> tags = {};
  std::optional<DeletionVector> deletion_vector = {};
  std::optional<int64_t> base_row_id = {};
  std::optional<int64_t> default_row_commit_version = {};
  std::optional<std::string> clustering_provider = {};
  bool operator==(const AddFile&) const = default;
};

struct RemoveFile {
  std::string path;
  std::optional<int64_t> deleted_ms = {};
  bool data_change = true;
  bool is_extended = false;  // The four below are there.
  Map partition_values = {};
  std::optional<int64_t> bytes = {};
  std::optional<Map> tags = {};
  std::optional<DeletionVector> deletion_vector = {};
  bool operator==(const RemoveFile&) const = default;
};

// How far an application has got in this table.
struct Transaction {
  std::string application;
  int64_t version = 0;
  std::optional<int64_t> updated_ms = {};
  bool operator==(const Transaction&) const = default;
};

struct DomainMetadata {
  std::string domain;
  std::string configuration;
  bool is_removed = false;
  bool operator==(const DomainMetadata&) const = default;
};

struct CommitInfo {
  std::optional<int64_t> timestamp_ms = {};
  std::string operation;
  std::string parameters = "{}";  // As JSON, as the metrics are.
  std::string metrics = {};
  std::string engine = {};
  std::string id = {};  // txnId: of all commits that are ever tried, only this one has it.
  std::optional<bool> is_blind_append = {};
  bool operator==(const CommitInfo&) const = default;
};

// In a checkpoint of the second kind: a file with adds and removes of it.
struct Sidecar {
  std::string path;
  bool operator==(const Sidecar&) const = default;
};

using Action = std::variant<Protocol, Metadata, AddFile, RemoveFile, Transaction, DomainMetadata, CommitInfo, Sidecar>;

// Kinds of actions, to be added up.
enum Kinds : unsigned {
  kProtocol = 1,
  kMetadata = 2,
  kAdds = 4,
  kRemoves = 8,
  kTransactions = 16,
  kDomains = 32,
  kCommitInfo = 64,
  kSidecars = 128,
  // What a snapshot keeps.
  kState = kProtocol | kMetadata | kTransactions | kDomains,
  kFiles = kAdds | kRemoves,
};

// Tells a file of the table from all others: a path with its deletion vector.
inline std::string key_of(const std::string& path, const std::optional<DeletionVector>& vector) {
  return vector ? path + '\n' + vector->id() : path;
}

// The action that takes the file away again.
RemoveFile removal_of(const AddFile& file, int64_t now_ms, bool data_change);

}  // namespace levada::delta
