// The source, with clients, put to docs/spec/source.md.
#include "http_server/test_source.h"
#include "http_source.h"
#include "levada/testkit/conformance.h"

namespace levada::http_source {
namespace {

std::vector<http_server::TestRequest> requests() {
  return {{"/logs", "{\"a\":1}\n{\"a\":2}\n", ""},
          {"/lines?t=x", "a line of more than twelve bytes\n\n\xff\n", "User-Agent: test\r\n"},
          {"/logs", "3", "Idempotency-Key: three\r\n"}};
}

LEVADA_CONFORMANCE(http, [] {
  testkit::Subject subject;
  subject.component = source<http_server::TestSource<HttpSource, requests>>("http", "Rows that clients post.");
  const std::string listen = "listen = \"127.0.0.1:0\"\n";
  subject.options = listen + "linger = \"0s\"\nroutes = { \"/logs\" = { format = \"ndjson\", id = \"request\" }, " +
                    "\"/lines\" = { format = \"lines\", lanes = 2, query = { t = \"t\" }, " +
                    "headers = { agent = \"User-Agent\" } } }";
  subject.refused = {{"listen = \"nowhere\"\nroutes = { \"/a\" = {} }", "listen"},
                     {listen + "routes = { \"/a\" = { format = \"xml\" } }", "routes./a.format"}};
  return subject;
});

}  // namespace
}  // namespace levada::http_source
