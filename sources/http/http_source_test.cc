// What the source promises to its clients and to the agent, over real sockets.
#include "http_source.h"

#include <future>

#include "rows/compressed_text.h"
#include "source_test_bench.h"

namespace levada::http_source {
namespace {

class HttpSourceTest : public SourceTest {};

TEST_F(HttpSourceTest, answers_when_the_rows_are_stored_and_not_before) {
  start();
  TestClient client(http->address());
  client.post("/logs", "{\"a\":1}\n{\"a\":2}\n");
  const auto batch = poll();
  EXPECT_EQ(texts(batch, "body"), (Texts{"{\"a\":1}", "{\"a\":2}"}));
  EXPECT_EQ(batch.stream, "logs");
  EXPECT_EQ(batch.position, "1");
  EXPECT_TRUE(batch.jump);
  TestClient other(http->address());
  other.post("/logs", "3");
  const auto next = poll();
  EXPECT_FALSE(next.jump);
  auto answered = std::async(std::launch::async, [&] { return client.answer(); });
  EXPECT_EQ(answered.wait_for(20ms), std::future_status::timeout);
  acknowledge(batch);
  EXPECT_EQ(answered.get(), stored(1, 0, 2));
  acknowledge(batch);
  acknowledge(next);
  EXPECT_EQ(other.answer(), stored(2, 0, 1));
}

TEST_F(HttpSourceTest, one_connection_takes_many_requests_even_at_once) {
  start();
  TestClient client(http->address());
  for (int request = 0; request < 3; ++request) client.post("/logs", std::to_string(request));
  for (int request = 0; request < 3; ++request) {
    const auto batch = poll();
    EXPECT_EQ(texts(batch, "body"), Texts{std::to_string(request)});
    acknowledge(batch);
    EXPECT_EQ(client.answer().substr(0, 3), "200");
  }
  client.send("POST /logs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  client.send("1\r\n1\r\n2;x=y\r\n23\r\n0\r\nTrailer: 1\r\n\r\n");
  const auto batch = poll();
  EXPECT_EQ(texts(batch, "body"), Texts{"123"});
  acknowledge(batch);
  EXPECT_EQ(client.answer().substr(0, 3), "200");
  EXPECT_EQ(client.answer(), "end");
}

TEST_F(HttpSourceTest, requests_that_wait_become_one_batch_of_each_route) {
  start(R"(routes = { "/a" = { format = "lines", columns = { kind = "x" } }, "/b" = { lanes = 2 } }
linger = "100ms"
batch_bytes = "1KiB")");
  TestClient a(http->address()), b(http->address()), c(http->address());
  a.post("/a", "1\n2");
  b.post("/a", "3");
  c.post("/b", "raw", "Content-Type: application/octet-stream\r\n");
  std::map<std::string, Batch> batches;
  int64_t rows = 0;
  while (rows < 4) {
    const auto batch = poll();
    rows += batch.rows();
    batches[batch.stream] = batch;
    acknowledge(batch);
  }
  EXPECT_EQ(texts(batches["a"], "kind"), Texts(static_cast<size_t>(batches["a"].rows()), "x"));
  EXPECT_EQ(texts(batches["b"], "body"), Texts{"raw"});
  EXPECT_EQ(texts(batches["b"], "kind"), Texts{"<missing>"});
  for (auto* client : {&a, &b, &c}) EXPECT_EQ(client->answer().substr(0, 3), "200");
  // The lanes of a route take turns.
  c.post("/b", "again");
  EXPECT_EQ(poll().stream, "b#1");
}

TEST_F(HttpSourceTest, columns_come_from_headers_and_the_query) {
  start(
      R"(routes = { "/logs" = { format = "lines", headers = { agent = "User-Agent" }, query = { tenant = "t" }, id = "request", time = "at" } })");
  TestClient client(http->address());
  client.post("/logs?t=%C3%BC+x&u=1", "1\n2", "user-agent: me\r\n");
  auto batch = poll();
  EXPECT_EQ(texts(batch, "agent"), (Texts{"me", "me"}));
  EXPECT_EQ(texts(batch, "tenant"), (Texts{"\xc3\xbc x", "\xc3\xbc x"}));
  EXPECT_EQ(texts(batch, "request"), Texts(2, http->run() + "-logs-1-0"));
  EXPECT_EQ(texts(batch, "at"), Texts(2, std::to_string(host.host().now() / 1us)));
  acknowledge(batch);
  EXPECT_EQ(client.answer(), stored(1, 0, 2));
  client.post("/logs", "1");
  batch = poll();
  EXPECT_EQ(texts(batch, "agent"), Texts{"<null>"});
  EXPECT_EQ(texts(batch, "tenant"), Texts{"<null>"});
}

TEST_F(HttpSourceTest, takes_the_form_that_the_content_type_names) {
  start(R"(routes = { "/logs" = {} })");
  const auto rows = [&](const std::string& type) {
    TestClient client(http->address());
    client.post("/logs", "[1,\n2]", type.empty() ? "" : "Content-Type: " + type + "\r\n");
    const auto batch = poll();
    acknowledge(batch);
    return texts(batch, "body");
  };
  EXPECT_EQ(rows("application/json; charset=utf-8"), (Texts{"1", "2"}));
  EXPECT_EQ(rows("Text/Plain"), (Texts{"[1,", "2]"}));
  EXPECT_EQ(rows(""), Texts{"[1,\n2]"});
  EXPECT_EQ(ask("/logs", "[1,\n2]", "Content-Type: application/x-ndjson\r\n").substr(0, 23),
            "400 {\"error\":\"line 1, c");
}

TEST_F(HttpSourceTest, takes_compressed_bodies) {
  start("body_bytes = 1000");
  EXPECT_EQ(take(rows::gzip("1\n2"), "Content-Encoding: gzip\r\n"), stored(1, 0, 2));
  EXPECT_EQ(take(rows::zstd("1"), "Content-Encoding: zstd\r\n").substr(0, 3), "200");
  EXPECT_EQ(ask("/logs", rows::gzip(std::string(1001, '1')), "Content-Encoding: gzip\r\n"),
            R"(413 {"error":"the decompressed body is too large"})");
  EXPECT_EQ(ask("/logs", "1", "Content-Encoding: br\r\n").substr(0, 3), "415");
}

TEST_F(HttpSourceTest, says_what_is_wrong_with_a_request) {
  start("body_bytes = 1000\nheader_bytes = 1000\nrow_bytes = 20");
  EXPECT_EQ(ask("/other", "1"), R"(404 {"error":"nothing is taken at this path"})");
  EXPECT_EQ(ask("/logs", "{\"a\":1}\n{"),
            R"(400 {"error":"line 2, column 2: expected a key in double quotes, found the end"})");
  EXPECT_EQ(ask("/logs", "\"" + std::string(30, 'x') + "\""), R"(413 {"error":"row 0 is longer than 20 bytes"})");
  EXPECT_EQ(ask("/logs", std::string(1001, '1')), R"(413 {"error":"the body is too large"})");
  EXPECT_EQ(ask("/logs", "1", "X: " + std::string(1000, 'x') + "\r\n").substr(0, 3), "431");
  EXPECT_EQ(ask("/logs", "1", "Idempotency-Key: " + std::string(256, 'x') + "\r\n").substr(0, 3), "400");
  EXPECT_EQ(ask("/logs", "1", "Idempotency-Key: \r\n"), R"(400 {"error":"the Idempotency-Key is empty"})");
  EXPECT_EQ(ask("/logs", "\n"), R"(200 {"rows":0})");
  TestClient client(http->address());
  client.send("GET /logs HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer(), R"(405 {"error":"only POST and PUT"})");
  EXPECT_NE(client.head().find("Allow: POST, PUT"), std::string::npos);
  client.send("POST /logs HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.answer(), R"(400 {"error":"the Host header is missing"})");
  client.send("nonsense\r\n\r\n");
  EXPECT_EQ(client.answer().substr(0, 3), "400");
  EXPECT_EQ(client.answer(), "end");
  EXPECT_EQ(host.count("requests_refused"), 10);
}

TEST_F(HttpSourceTest, clients_show_the_token) {
  start("token = \"secret\"");
  EXPECT_EQ(ask("/logs", "1").substr(0, 3), "401");
  EXPECT_EQ(ask("/logs", "1", "Authorization: Bearer secre\r\n").substr(0, 3), "401");
  EXPECT_EQ(take("1", "Authorization: Bearer secret\r\n").substr(0, 3), "200");
}

TEST_F(HttpSourceTest, a_client_that_asks_too_often_is_put_off) {
  start("requests_per_second = 2");
  EXPECT_EQ(ask("/logs", "\n").substr(0, 3), "200");
  EXPECT_EQ(ask("/logs", "\n").substr(0, 3), "200");
  TestClient client(http->address());
  client.post("/logs", "\n");
  EXPECT_EQ(client.answer().substr(0, 3), "429");
  EXPECT_NE(client.head().find("Retry-After: 1"), std::string::npos);
  host.clock().advance(1s);
  EXPECT_EQ(ask("/logs", "\n").substr(0, 3), "200");
}

TEST_F(HttpSourceTest, without_room_downstream_clients_are_told_to_come_back) {
  start("queue_bytes = 600");
  http->back_pressure(true);
  EXPECT_EQ(ask("/logs", "\n").substr(0, 3), "200");
  host.clock().advance(2s);
  EXPECT_EQ(ask("/logs", "\n"), R"(429 {"error":"there is no room downstream"})");
  http->back_pressure(false);
  TestClient first(http->address());
  first.post("/logs", '"' + std::string(500, 'x') + '"');
  // Until the listener has it.
  while (ask("/logs", "\n").substr(0, 3) == "200") {
  }
  EXPECT_EQ(ask("/logs", "1"), R"(429 {"error":"too many requests wait"})");
  acknowledge(poll());
  EXPECT_EQ(first.answer().substr(0, 3), "200");
  EXPECT_EQ(ask("/logs", "\n").substr(0, 3), "200");
}

TEST_F(HttpSourceTest, who_waits_for_too_long_is_told_so) {
  start("answer_timeout = \"1s\"");
  TestClient under_way(http->address()), waiting(http->address());
  under_way.post("/logs", "1", "Idempotency-Key: a\r\n");
  const auto batch = poll();
  waiting.post("/logs", "2");
  host.clock().advance(2s);
  EXPECT_EQ(under_way.answer(), R"(503 {"error":"the rows are not known to be stored yet"})");
  host.clock().advance(2s);
  // One that came behind the advance has come late; it is at most one more second's wait.
  while (host.count("requests_timed_out") < 2) host.clock().advance(100ms);
  EXPECT_EQ(waiting.answer(), R"(503 {"error":"there was no room downstream for too long"})");
  EXPECT_EQ(http->poll(0s).code(), Code::idle);
  // It was stored all the same.
  acknowledge(batch);
  EXPECT_EQ(ask("/logs", "1", "Idempotency-Key: a\r\n"), stored(1, 0, 1));
}

TEST_F(HttpSourceTest, a_repeated_key_gets_the_first_answer_and_makes_no_row) {
  start();
  const std::string key = "Idempotency-Key: a\r\n";
  TestClient first(http->address()), second(http->address());
  first.post("/logs", "1", key);
  const auto batch = poll();
  second.post("/logs", "1", key);
  EXPECT_EQ(ask("/logs", "2", key), R"(422 {"error":"the Idempotency-Key was used for another body"})");
  while (host.count("requests_repeated") < 2) std::this_thread::yield();
  acknowledge(batch);
  EXPECT_EQ(first.answer(), stored(1, 0, 1));
  EXPECT_EQ(second.answer(), stored(1, 0, 1));
  EXPECT_EQ(ask("/logs", "1", key), stored(1, 0, 1));
  EXPECT_EQ(ask("/logs", "2", key).substr(0, 3), "422");
  EXPECT_EQ(http->poll(0s).code(), Code::idle);
  host.clock().advance(11min);
  EXPECT_EQ(take("2", key), stored(2, 0, 1));
}

TEST_F(HttpSourceTest, keys_are_known_after_a_restart_if_their_rows_were_stored) {
  start();
  TestClient kept(http->address()), lost(http->address());
  kept.post("/logs", "1", "Idempotency-Key: a\r\n");
  EXPECT_EQ(poll().position, "1");
  lost.post("/logs", "2", "Idempotency-Key: b\r\n");
  EXPECT_EQ(poll().position, "2");
  const auto answer = stored(1, 0, 1);
  // Neither was answered; the sink has the first.
  start("", {{"logs", "1", 1}});
  EXPECT_EQ(ask("/logs", "1", "Idempotency-Key: a\r\n"), answer);
  EXPECT_EQ(take("2", "Idempotency-Key: b\r\n"), stored(2, 0, 1));
}

TEST_F(HttpSourceTest, rows_wait_while_their_keys_cannot_be_written) {
  start();
  TestClient client(http->address());
  client.post("/logs", "1", "Idempotency-Key: a\r\n");
  while (host.count("requests") < 1) std::this_thread::yield();
  host.files().fail_call(1, ENOSPC);
  auto failed = http->poll(5s);
  EXPECT_EQ(failed.code(), Code::retry);
  const auto batch = poll();
  EXPECT_EQ(texts(batch, "body"), Texts{"1"});
  acknowledge(batch);
  EXPECT_EQ(client.answer().substr(0, 3), "200");
}

TEST_F(HttpSourceTest, whoever_has_no_answer_at_the_end_gets_503) {
  start();
  TestClient under_way(http->address()), idle(http->address());
  under_way.post("/logs", "1");
  (void)poll();
  stop();
  EXPECT_EQ(under_way.answer(), R"(503 {"error":"the agent is being stopped"})");
  EXPECT_NE(under_way.head().find("Connection: close"), std::string::npos);
  EXPECT_EQ(idle.answer(), "end");
}

TEST_F(HttpSourceTest, a_reload_takes_the_socket_over_and_refuses_nobody) {
  start();
  const auto address = http->address();
  const auto options = "listen = \"" + address + "\"";
  start(options);
  // Both are there, as in a reload: one is closed before the other opens.
  auto next = make(options);
  ASSERT_TRUE(next);
  stop();
  TestClient between(address);
  between.post("/logs", "1");
  http = *std::move(next);
  ASSERT_TRUE(http->open({}));
  acknowledge(poll());
  EXPECT_EQ(between.answer().substr(0, 3), "200");
  EXPECT_EQ((*make(options))->open({}).code(), Code::fatal);
}

TEST_F(HttpSourceTest, refuses_settings_that_make_no_sense) {
  EXPECT_EQ(fault(""), "none");
  for (const auto& [options, option] :
       std::vector<std::pair<std::string, std::string>>{{"listen = \"here\"", "listen"},
                                                        {"row_bytes = 0", "row_bytes"},
                                                        {"body_bytes = \"1GiB\"", "body_bytes"},
                                                        {"header_bytes = 1", "header_bytes"},
                                                        {"receiving_bytes = 1", "receiving_bytes"},
                                                        {"batch_bytes = 0", "batch_bytes"},
                                                        {"queue_bytes = 0", "queue_bytes"},
                                                        {"linger = \"2s\"", "linger"},
                                                        {"answer_timeout = \"1ms\"", "answer_timeout"},
                                                        {"header_timeout = \"0s\"", "header_timeout"},
                                                        {"max_connections = 0", "max_connections"},
                                                        {"requests_per_second = -1", "requests_per_second"},
                                                        {"idempotency_keys = 0", "idempotency_keys"},
                                                        {"tls_key = \"/k\"", "tls_certificate"},
                                                        {"tls_certificate = \"/c\"", "tls_key"},
                                                        {"tls_client_ca = \"/c\"", "tls_client_ca"},
                                                        {"routes = {}", "routes"}})
    EXPECT_EQ(fault(options), option) << options;
}

TEST_F(HttpSourceTest, a_wait_is_ended_by_a_wake_and_none_is_lost) {
  start();
  http->wake();
  EXPECT_EQ(http->poll(1h).code(), Code::idle);
  std::thread waker([&] { http->wake(); });
  EXPECT_EQ(http->poll(1h).code(), Code::idle);
  waker.join();
}

TEST_F(HttpSourceTest, ends_when_nothing_waits_where_the_agent_stops_when_it_is_drained) {
  host.set_until_drained(true);
  start();
  TestClient client(http->address());
  client.post("/logs", "1");
  while (ask("/logs", "\n") == "end" || host.count("requests") < 2) std::this_thread::yield();
  auto batch = http->poll(0s);
  ASSERT_TRUE(batch);
  EXPECT_EQ(http->poll(1h).code(), Code::end);
  EXPECT_EQ(http->poll(1h).code(), Code::end);
  acknowledge(*batch);
  EXPECT_EQ(client.answer().substr(0, 3), "200");
}

TEST_F(HttpSourceTest, acknowledges_cumulatively_and_gives_its_memory_back) {
  const auto before = host.memory_in_use();
  {
    start();
    TestClient first(http->address()), second(http->address());
    first.post("/logs", "\"" + std::string(100'000, 'x') + "\"");
    const auto batch = poll();
    second.post("/logs", "2");
    const auto last = poll();
    EXPECT_NE(batch.position, last.position);
    acknowledge(last);
    EXPECT_EQ(first.answer(), stored(1, 0, 1));
    EXPECT_EQ(second.answer(), stored(2, 0, 1));
    acknowledge(batch);
    EXPECT_TRUE(http->acknowledge("other", "1"));
  }
  EXPECT_EQ(host.memory_in_use(), before);
}

}  // namespace
}  // namespace levada::http_source
