// The source, with clients, put to docs/spec/source.md. Reads, which need a database, are no part
// of it.
#include "http_server/test_source.h"
#include "levada/testkit/conformance.h"
#include "log_api.h"

namespace levada::log_api {
namespace {

std::vector<http_server::TestRequest> requests() {
  const std::string json = "Content-Type: application/json\r\n";
  return {{"/logs", R"({"content":"one\ntwo","name":"n"})", json},
          {"/results", R"({"log_id":"x","result":{"errors":[2,null]}})", json},
          {"/logs", "a text of more than twelve bytes", "Content-Type: text/plain\r\nIdempotency-Key: three\r\n"}};
}

LEVADA_CONFORMANCE(log_api, [] {
  testkit::Subject subject;
  subject.component = source<http_server::TestSource<LogApi, requests>>("log_api", "Logs and results that are posted.");
  const std::string needed = "listen = \"127.0.0.1:0\"\nconnection = \"host=127.0.0.1 port=1\"\n";
  subject.options = needed + "linger = \"0s\"\n";
  subject.refused = {{needed + "logs_table = \"a.b.c\"", "logs_table"}, {needed + "readers = 0", "readers"}};
  return subject;
});

}  // namespace
}  // namespace levada::log_api
