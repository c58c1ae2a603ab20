#include "default_patterns.h"

namespace levada::match_patterns {

const char* const kDefaultPatterns = R"toml(
[patterns]
fatal = '\b(?:FATAL|CRITICAL|PANIC|EMERG)\b'
error = '\b(?:ERROR|ERR|SEVERE)\b'
warning = '\b(?:WARN|WARNING)\b'
info = '\bINFO\b'
debug = '\b(?:DEBUG|TRACE)\b'
exception = '\b[A-Za-z][A-Za-z0-9_.]*(?:Exception|Error)\b'
ip = '\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b'
timestamp = '\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?'
user_id = '\b(?:user(?:_?id)?|uid)[=:] ?([A-Za-z0-9_.@-]+)'
session_id = '\bsess(?:ion)?(?:_?id)?[=:] ?([0-9A-Za-z-]+)'
request_id = '\breq(?:uest)?(?:_?id)?[=:] ?([0-9A-Za-z-]+)'

[first]
level = { of = ["fatal", "error", "warning", "info", "debug"], otherwise = "none" }
)toml";

}  // namespace levada::match_patterns
