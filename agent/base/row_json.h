// Rows of a batch as JSON, for what the agent itself prints.
#pragma once

#include <string>
#include <vector>

#include "levada/batch.h"

namespace levada::agent {

// Of one batch, which it must not outlive.
class RowJson {
 public:
  explicit RowJson(const Batch& batch);
  // Appends `,"name":value` for each column that is not null; bytes that are no UTF-8 as "name_base64". Of
  // an opaque value only its Arrow format is shown, as "name_opaque".
  void append(std::string& to, int64_t row) const;

 private:
  struct Field {
    const Column* column;
    std::string prefix, other_prefix;  // ,"body": and ,"body_base64":
  };
  std::vector<Field> fields_;
};

}  // namespace levada::agent
