#include "positions_table.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include "levada/positions.h"
#include "postgres/sql_text.h"

namespace levada::postgres_sink {

namespace {

// No stream is called so: a percent sign in its name is written with two digits behind it.
constexpr const char* kOwner = "%owner";

// Text columns hold no zero byte, and only UTF-8.
std::string plain(std::string_view text) {
  std::string escaped, all;
  append_escaped(escaped, text);
  if (simdjson::validate_utf8(escaped)) return escaped;
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : escaped) {
    if (static_cast<unsigned char>(c) < 0x80) {
      all += c;
      continue;
    }
    all += '%';
    all += kHex[c >> 4 & 15];
    all += kHex[c & 15];
  }
  return all;
}

std::string random_digits(Host host) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(host.random()));
  return digits;
}

std::string text_at(const postgres::Answer& answer, int row, int column) {
  return {PQgetvalue(answer.get(), row, column), static_cast<size_t>(PQgetlength(answer.get(), row, column))};
}

}  // namespace

PositionsTable::PositionsTable(std::string table, std::string id, Host host)
    : table_(std::move(table)), id_(std::move(id)), instance_(random_digits(host)) {}

Done PositionsTable::create(postgres::Connection& connection) const {
  // Who may not make tables may well use one that an administrator has made.
  const auto found = connection.ask("SELECT pg_catalog.to_regclass($1)::oid", {table_});
  if (!found) return found.error();
  if (PQgetisnull(found->get(), 0, 0) == 0) return {};
  auto made = connection.execute("CREATE TABLE IF NOT EXISTS " + table_ +
                                 " (sink text NOT NULL, stream text NOT NULL, position text NOT NULL, "
                                 "sequence bigint NOT NULL, changed_at timestamptz NOT NULL DEFAULT now(), "
                                 "PRIMARY KEY (sink, stream))");
  // Somebody else makes it in this moment.
  if (!made && (connection.fault().is("23505") || connection.fault().is("42")))
    return connection.fault().is("42501") ? made : Done(retry(made.error().message));
  return made;
}

Result<std::vector<Position>> PositionsTable::claim(postgres::Connection& connection) {
  LEVADA_TRY(create(connection));
  LEVADA_TRY(connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"));
  auto positions = take_over(connection);
  if (!positions) return positions;
  LEVADA_TRY(connection.execute("COMMIT"));
  has_claimed_ = true;
  return positions;
}

Result<std::vector<Position>> PositionsTable::take_over(postgres::Connection& connection) {
  // The lock waits for a commit that is under way: what it has done is seen below.
  const auto made = connection.ask(
      "INSERT INTO " + table_ + " (sink, stream, position, sequence) VALUES ($1, $2, '', 0) ON CONFLICT DO NOTHING",
      {id_, kOwner});
  if (!made) return made.error();
  const auto found = connection.ask(
      "SELECT position, sequence FROM " + table_ + " WHERE sink = $1 AND stream = $2 FOR UPDATE", {id_, kOwner});
  if (!found) return found.error();
  if (PQntuples(found->get()) != 1) return retry("the row of the sink in " + table_ + " was taken away");
  const auto owner = text_at(*found, 0, 0), number = text_at(*found, 0, 1);
  uint64_t generation = 0;
  std::from_chars(number.data(), number.data() + number.size(), generation);
  // A server that was put back to an older state may say an older number.
  if (has_claimed_ && !owner.ends_with(" " + instance_) && generation >= generation_)
    return fatal("another agent has taken over \"" + id_ + "\" in " + table_ +
                 ": of two agents with one positions_id the one that started last goes on");
  generation_ = std::max(generation_, generation) + 1;
  const auto taken = connection.ask("UPDATE " + table_ +
                                        " SET position = $3, sequence = $4, changed_at = now() WHERE sink = $1 AND "
                                        "stream = $2",
                                    {id_, kOwner, this->owner(), std::to_string(generation_)});
  if (!taken) return taken.error();
  const auto all = connection.ask("SELECT stream, position, sequence FROM " + table_ +
                                      " WHERE sink = $1 AND stream <> $2 ORDER BY stream COLLATE \"C\"",
                                  {id_, kOwner});
  if (!all) return all.error();
  std::vector<Position> positions;
  for (int row = 0; row < PQntuples(all->get()); ++row) {
    const auto sequence = text_at(*all, row, 2);
    Position position{unescaped(text_at(*all, row, 0)), unescaped(text_at(*all, row, 1)), 0};
    int64_t rows = 0;
    std::from_chars(sequence.data(), sequence.data() + sequence.size(), rows);
    position.sequence = static_cast<uint64_t>(rows);
    positions.push_back(std::move(position));
  }
  return positions;
}

Done PositionsTable::save(const Checkpoint& checkpoint, postgres::Connection& connection) const {
  const auto mine =
      connection.ask("SELECT 1 FROM " + table_ + " WHERE sink = $1 AND stream = $2 AND position = $3 FOR UPDATE",
                     {id_, kOwner, owner()});
  if (!mine) return mine.error();
  // The next claim tells an agent that came later from rows that are gone.
  if (PQntuples(mine->get()) != 1) return retry("\"" + id_ + "\" in " + table_ + " is no longer this sink's");
  std::vector<std::string> streams, positions, sequences;
  for (const auto& position : checkpoint.positions) {
    streams.push_back(plain(position.stream));
    positions.push_back(plain(position.position));
    sequences.push_back(std::to_string(static_cast<int64_t>(position.sequence)));
  }
  const auto names = postgres::array_text(streams);
  const auto put = connection.ask("INSERT INTO " + table_ +
                                      " AS old (sink, stream, position, sequence) SELECT $1, * FROM "
                                      "unnest($2::text[], $3::text[], $4::bigint[]) ON CONFLICT (sink, stream) DO "
                                      "UPDATE SET position = EXCLUDED.position, sequence = EXCLUDED.sequence, "
                                      "changed_at = EXCLUDED.changed_at",
                                  {id_, names, postgres::array_text(positions), postgres::array_text(sequences)});
  if (!put) return put.error();
  // Streams that are gone are gone from here, too.
  const auto gone =
      connection.ask("DELETE FROM " + table_ + " WHERE sink = $1 AND stream <> $2 AND NOT stream = ANY ($3::text[])",
                     {id_, kOwner, names});
  return gone ? Done() : Done(gone.error());
}

}  // namespace levada::postgres_sink
