#include "server.h"

#include <libpq-fe.h>

namespace levada::postgres {

namespace {

// What libpq could not read may be a part of a password: of texts in quotes only the names of words
// that it does not know are shown.
std::string without_values(std::string said) {
  while (said.ends_with('\n')) said.pop_back();
  if (said.starts_with("invalid connection option") || said.starts_with("invalid URI query parameter")) return said;
  const auto quote = said.find('"');
  if (quote == std::string::npos) return said;
  return said.substr(0, quote) + "... (not shown, as it may be a part of a password)";
}

}  // namespace

Done check(const Server& server) {
  char* said = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(server.connection.c_str(), &said);
  if (!parsed) {
    std::string why = said ? said : "";
    PQfreemem(said);
    return wrong("connection", without_values(std::move(why)));
  }
  PQconninfoFree(parsed);
  if (server.timeout <= std::chrono::nanoseconds(0)) return wrong("timeout", "must be more than 0");
  return {};
}

}  // namespace levada::postgres
