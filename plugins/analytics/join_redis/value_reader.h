// Asks Redis for the values of keys, and takes the answers apart.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"
#include "redis/connection.h"
#include "text/declared_column.h"
#include "value_cache.h"

namespace levada::join_redis {

enum class ValueKind { hash, json, text };

class ValueReader {
 public:
  // Without columns it is only asked whether there is a key.
  ValueReader(ValueKind kind, const std::vector<DeclaredColumn>& columns);

  // The command that asks for a key, which is answered with one reply.
  void append_command(std::string_view key, std::string& to) const;
  // What the answer says. RETRY, FATAL: what is to be done where the server does not answer.
  Result<std::shared_ptr<const Value>> read(const redisReply& reply);

 private:
  // Takes the members out of an object of JSON.
  void read_json(std::string_view text, Value& value);

  const ValueKind kind_;
  std::vector<std::string> fields_;
  simdjson::dom::parser parser_;
};

}  // namespace levada::join_redis
