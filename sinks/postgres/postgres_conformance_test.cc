// The sink put to docs/spec/sink.md before a real server. There are these tests only where PG_URL
// and PG_PASSWORD name one: tests/e2e/postgres_sink_test.py runs them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "levada/checked_text.h"
#include "levada/testkit/conformance.h"
#include "postgres/connection.h"

namespace levada::postgres_sink {
namespace {

using Texts = std::vector<std::string>;

// Where all hosts of the tests write to; who wrote a row is known by the process of the server, and
// whose that is by the positions that it has claimed.
class SharedServer {
 public:
  SharedServer() {
    server_.connection = std::getenv("PG_URL");
    server_.password = std::getenv("PG_PASSWORD");
    connection_ = *postgres::Connection::open(server_, postgres::Connection::Access::write, stop_);
    run("DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
        "CREATE TABLE rows (body bytea, word text, row_number bigint, extra_dictionary text, extra_integer bigint, "
        "extra_time timestamptz, extra_number float8, extra_boolean boolean, extra_text text, "
        "backend int NOT NULL DEFAULT pg_backend_pid());"
        "CREATE TABLE levada_positions (sink text NOT NULL, stream text NOT NULL, position text NOT NULL, "
        "sequence bigint NOT NULL, changed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (sink, stream));"
        "CREATE TABLE writers (sink text, backend int, PRIMARY KEY (sink, backend));"
        "CREATE FUNCTION note_writer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO writers VALUES (NEW.sink, pg_backend_pid()) ON CONFLICT DO NOTHING; RETURN NULL; END $$;"
        "CREATE TRIGGER note AFTER INSERT OR UPDATE ON levada_positions FOR EACH ROW EXECUTE FUNCTION note_writer()");
  }

  std::string options() const {
    return "connection = \"" + server_.connection + "\"\npassword = \"" + server_.password +
           "\"\ntable = \"rows\"\ncolumns = [\"word\", \"body\", \"row_number\", \"extra_dictionary\", "
           "\"extra_integer\", \"extra_time\", \"extra_number\", \"extra_boolean\", \"extra_text\"]\n";
  }
  Texts delivered_by(const std::string& id) {
    const auto found = connection_->ask(
        "SELECT ROW(body, word, row_number, extra_dictionary, extra_integer, extra_time, extra_number, extra_boolean, "
        "extra_text)::text FROM rows WHERE backend IN (SELECT backend FROM writers WHERE right(sink, 16) = $1)",
        {id});
    EXPECT_TRUE(found) << found.error().message;
    Texts rows;
    for (int row = 0; found && row < PQntuples(found->get()); ++row)
      rows.emplace_back(PQgetvalue(found->get(), row, 0));
    return rows;
  }

 private:
  void run(const std::string& statements) {
    const auto done = connection_->execute(statements);
    EXPECT_TRUE(done) << done.error().message;
  }

  postgres::Server server_;
  postgres::Stop stop_;
  std::unique_ptr<postgres::Connection> connection_;
};

SharedServer& shared_server() {
  static SharedServer server;
  return server;
}

// Each host has positions of its own.
void give_id(testkit::FakeHost& host) {
  static uint64_t numbers = 0;
  // A disk that fails uses up more than one.
  for (int more = 0; more < 8; ++more) host.random().give({++numbers});
}

Texts delivered_by(testkit::FakeHost& host) {
  const auto id =
      load_checked(host.host().files(), host.host().data_dir() + "/postgres_id", "levada postgres sink id 1");
  return id && *id ? shared_server().delivered_by((*id)->substr(0, (*id)->size() - 1)) : Texts();
}

testkit::Subject tested(const std::string& more) {
  auto tested = testkit::subject("postgres", shared_server().options() + more);
  tested.bodies = {"GET /a 200", "", "a text that is longer than twelve bytes", std::string("\0\xff bytes", 8)};
  tested.prepare = give_id;
  tested.delivered = delivered_by;
  tested.refused = {{"connection = \"host=x\"\ntable = \"a.b.c\"", "table"},
                    {"connection = \"host=x\"\ntable = \"a\"\nmode = \"upsert\"", "keys"}};
  return tested;
}

[[maybe_unused]] const bool is_there =
    std::getenv("PG_URL") &&
    testkit::add_conformance_tests("postgres_appended", LEVADA_PLUGIN_FILE, [] { return tested(""); });

}  // namespace
}  // namespace levada::postgres_sink
