#include "load.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace levada::postgres_sink {

namespace {

using postgres::Fault;
using namespace std::string_view_literals;

constexpr auto kHeader = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"sv;
constexpr auto kTrailer = "\377\377"sv;
// So many rows are tried at once while bad ones are looked for.
constexpr size_t kTried = 1024;
constexpr const char* kBegin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

// The row that a COPY was about, from 0: "COPY clicks, line 3, column ip: ...". Where the server
// speaks another language nothing is found, or a number that the caller has to check.
std::optional<size_t> row_of(const Fault& fault) {
  constexpr auto kLine = ", line "sv;
  const auto at = fault.context.find(kLine);
  if (at == fault.context.npos) return std::nullopt;
  size_t line = 0;
  const char* const from = fault.context.data() + at + kLine.size();
  const auto [end, error] = std::from_chars(from, fault.context.data() + fault.context.size(), line);
  if (error != std::errc() || line == 0) return std::nullopt;
  return line - 1;
}

// What is of one kind and goes into the table by one statement begins at `from`; where it ends.
size_t end_of_group(const Load::Chunks& chunks, size_t from) {
  size_t end = from + 1;
  while (end < chunks.size() && &chunks[end]->shape() == &chunks[from]->shape()) ++end;
  return end;
}

}  // namespace

// A value that cannot be, a constraint, what a trigger or a view says of a row, a row that is too
// large for an index.
bool Load::is_of_rows() const {
  const auto& fault = connection_.fault();
  for (const auto kind : {"22", "23", "44", "P0001", "54"})
    if (fault.is(kind)) return true;
  return false;
}

// What the rows were made for is not there any more, or has another type.
bool Load::is_of_table() const {
  const auto& fault = connection_.fault();
  return fault.is("42703") || fault.is("42P01") || fault.is("22P03");
}

Done Load::roll_back() { return connection_.is_in_transaction() ? connection_.execute("ROLLBACK") : Done(); }

Done Load::begin(const Chunks& chunks) {
  for (const auto& chunk : chunks) {
    if (!chunk->shape().is_staged() || has_staging_.contains(&chunk->shape())) continue;
    LEVADA_TRY(connection_.execute(chunk->shape().create_staging()));
    has_staging_.insert(&chunk->shape());
  }
  return connection_.execute(kBegin);
}

Done Load::copy(const Chunks& chunks, size_t from, size_t to) {
  was_copying_ = true;
  LEVADA_TRY(connection_.begin_copy(chunks[from]->shape().copy()));
  LEVADA_TRY(connection_.copy(kHeader));
  for (size_t at = from; at < to; ++at) LEVADA_TRY(connection_.copy(chunks[at]->bytes(0, chunks[at]->rows())));
  LEVADA_TRY(connection_.copy(kTrailer));
  LEVADA_TRY(connection_.end_copy());
  was_copying_ = false;
  return {};
}

Done Load::load_all(const Chunks& chunks) {
  for (size_t from = 0; from < chunks.size();) {
    const auto to = end_of_group(chunks, from);
    LEVADA_TRY(copy(chunks, from, to));
    const auto& shape = chunks[from]->shape();
    if (shape.is_staged())
      LEVADA_TRY(connection_.execute(
          shape.merge(chunks[from]->number(0), chunks[to - 1]->number(chunks[to - 1]->rows() - 1))));
    from = to;
  }
  return {};
}

Done Load::load(const Chunk& chunk, Range range) {
  was_copying_ = true;
  LEVADA_TRY(connection_.begin_copy(chunk.shape().copy()));
  LEVADA_TRY(connection_.copy(kHeader));
  LEVADA_TRY(connection_.copy(chunk.bytes(range.first, range.end)));
  LEVADA_TRY(connection_.copy(kTrailer));
  LEVADA_TRY(connection_.end_copy());
  was_copying_ = false;
  if (!chunk.shape().is_staged()) return {};
  return connection_.execute(chunk.shape().merge(chunk.number(range.first), chunk.number(range.end - 1)));
}

Done Load::run(const Chunks& chunks, const Checkpoint& checkpoint, std::vector<BadRow>& bad) {
  LEVADA_TRY(begin(chunks));
  auto done = load_all(chunks);
  if (done) {
    if (!chunks.empty()) LEVADA_TRY(table_.check(connection_));
    LEVADA_TRY(positions_.save(checkpoint, connection_));
    done = connection_.execute("COMMIT");
    if (done) return done;
  }
  if (is_of_table()) return retry(done.error().message);
  if (!is_of_rows()) return done;
  const auto why = done.error().message;
  LEVADA_TRY(roll_back());
  LEVADA_TRY(connection_.execute(kBegin));
  if (auto found = find(chunks, bad); !found) return is_of_table() ? Done(retry(found.error().message)) : found;
  LEVADA_TRY(roll_back());
  if (bad.empty()) return retry(why + " (each row by itself is accepted)");
  return {};
}

Done Load::find(const Chunks& chunks, std::vector<BadRow>& bad) {
  // So that each row hears at once what it would hear at the end.
  LEVADA_TRY(connection_.execute("SET CONSTRAINTS ALL IMMEDIATE"));
  for (size_t number = 0; number < chunks.size(); ++number)
    for (size_t first = 0; first < chunks[number]->rows(); first += kTried)
      LEVADA_TRY(find_in(number, *chunks[number], {first, std::min(first + kTried, chunks[number]->rows())}, bad));
  return {};
}

// What is accepted stays in the transaction, so that rows meet those before them, as in a commit.
Done Load::find_in(size_t number, const Chunk& chunk, Range range, std::vector<BadRow>& bad) {
  if (range.first == range.end) return {};
  LEVADA_TRY(connection_.execute("SAVEPOINT tried"));
  const auto done = load(chunk, range);
  if (done) return connection_.execute("RELEASE tried");
  if (!is_of_rows() || is_of_table()) return done;
  const Fault fault = connection_.fault();
  const bool was_copying = was_copying_;
  LEVADA_TRY(connection_.execute("ROLLBACK TO tried; RELEASE tried"));
  if (range.end - range.first == 1) {
    bad.push_back({number, range.first, "PostgreSQL: " + fault.message});
    return {};
  }
  auto middle = range.first + (range.end - range.first) / 2;
  // Where the server names the row, it is tried by itself.
  const auto named = was_copying ? row_of(fault) : std::nullopt;
  if (named && *named < range.end - range.first) {
    middle = range.first + *named;
    LEVADA_TRY(find_in(number, chunk, {range.first, middle}, bad));
    LEVADA_TRY(find_in(number, chunk, {middle, middle + 1}, bad));
    return find_in(number, chunk, {middle + 1, range.end}, bad);
  }
  LEVADA_TRY(find_in(number, chunk, {range.first, middle}, bad));
  return find_in(number, chunk, {middle, range.end}, bad);
}

}  // namespace levada::postgres_sink
