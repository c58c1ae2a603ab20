// What clients of the log API post: logs and results.
#pragma once

#include <string>
#include <string_view>

#include "http_server/body_rows.h"

namespace levada::log_api {

// {"content": "...", "name": "..."} as application/json, or a content as text/plain. The row is the
// content; beside it its name, or none, and the content once more, as text.
http_server::BodyFault read_log(std::string_view content_type, std::string body, http_server::BodyRows& rows);

// {"log_id": "...", "result": {...}} as application/json. The row is the result; beside it the id
// of its log, and the result once more, as text.
http_server::BodyFault read_result(std::string_view content_type, std::string body, http_server::BodyRows& rows);

}  // namespace levada::log_api
