#include "key_lookup.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "json/json_text.h"
#include "postgres/sql_text.h"
#include "postgres/types.h"
#include "postgres_table.h"

namespace levada::join_postgres {

namespace {

using namespace postgres;

// Nothing for types whose values may be written in several ways.
const char* name_of_key_type(Oid type) {
  switch (type) {
    case kInt2: return "smallint";
    case kInt4: return "integer";
    case kInt8: return "bigint";
    case kText: return "text";
    case kVarchar: return "varchar";
    case kUuid: return "uuid";
    default: return nullptr;
  }
}

template <class Number>
bool is_number(std::string_view text) {
  Number number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  char written[24];
  return text == std::string_view(written, std::to_chars(written, written + sizeof written, number).ptr);
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char c, char form) {
    return form == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

}  // namespace

bool is_written_so(Oid type, std::string_view text) {
  switch (type) {
    case kInt2: return is_number<int16_t>(text);
    case kInt4: return is_number<int32_t>(text);
    case kInt8: return is_number<int64_t>(text);
    case kUuid: return is_uuid(text);
    default: return text.find('\0') == text.npos && is_utf8(text);
  }
}

KeyLookup::KeyLookup(Source source, const join::TableSettings& settings, join::TableShape shape, Host host)
    : source_(std::move(source)),
      shape_(std::move(shape)),
      looked_up_(host.counter("keys_looked_up")),
      keys_(settings),
      parts_(shape_.keys.size()),
      row_(shape_.keys.size()) {}

Done KeyLookup::connect() {
  if (connection_) return {};
  auto opened = Connection::open(source_.server, Connection::Access::read, stop_);
  if (!opened) return std::move(opened).error();
  auto described = (*opened)->describe("SELECT * FROM " + inner_query(source_.query));
  if (!described) return std::move(described).error();
  types_.clear();
  std::string arrays, names, condition;
  for (const auto& key : shape_.keys) {
    const auto number = std::to_string(types_.size() + 1);
    const int column = PQfnumber(described->get(), quoted_name(key).c_str());
    if (column < 0) return fatal("the query gives no column \"" + key + "\"");
    types_.push_back(PQftype(described->get(), column));
    const char* const type = name_of_key_type(types_.back());
    if (!type)
      return fatal("the column \"" + key +
                   "\" of the query is no whole number, text or uuid, and cannot be a key with "
                   "load = \"keys\"; as a text, " +
                   quoted_name(key) + "::text AS " + quoted_name(key) + ", it can");
    const auto array = "$" + number + "::" + type + "[]";
    arrays += (arrays.empty() ? "" : ", ") + array;
    names += (names.empty() ? "k" : ", k") + number;
    condition += (condition.empty() ? "" : " AND ") + ("q." + quoted_name(key)) + " = ";
    condition += shape_.keys.size() == 1 ? "ANY (" + array + ")" : "k.k" + number;
  }
  // The condition on a single key goes into the query, whatever it is, and so to an index.
  statement_ = "SELECT q.* FROM " + inner_query(source_.query);
  statement_ += shape_.keys.size() == 1 ? " WHERE " + condition
                                        : " JOIN unnest(" + arrays + ") AS k(" + names + ") ON " + condition;
  described_ = *std::move(described);
  connection_ = *std::move(opened);
  return {};
}

void KeyLookup::collect(const Batch& batch) {
  for (auto& part : parts_) part.clear();
  join::KeyIndex known;
  keys_.bind(batch);
  for (int64_t row = 0; row < batch.rows(); ++row) {
    key_.clear();
    bool can_be = true;
    const bool has_key = keys_.read(row, [&](size_t at, std::string_view part) {
      can_be = can_be && is_written_so(types_[at], part);
      row_[at] = part;
      join::KeyIndex::append_part(part, key_);
    });
    if (!has_key || !can_be || known.add(key_, row) >= 0) continue;
    for (size_t at = 0; at < parts_.size(); ++at) parts_[at].push_back(row_[at]);
  }
}

Result<Answer> KeyLookup::ask() {
  Connection::Parameters parameters;
  for (const auto& part : parts_) parameters.emplace_back(array_text(part));
  auto answer = connection_->ask(statement_, parameters);
  if (!answer) connection_.reset();
  return answer;
}

Result<std::shared_ptr<const join::Table>> KeyLookup::look_up(const Batch& batch) {
  const bool was_connected = connection_ != nullptr;
  LEVADA_TRY(connect());
  collect(batch);
  PostgresTable table(shape_, PostgresTable::Faults::keep);
  if (parts_.front().empty()) {
    LEVADA_TRY(table.add(*described_));
    return table.finish();
  }
  auto answer = ask();
  // A connection that was idle may be gone without anybody having said so.
  if (answer.code() == Code::retry && was_connected) {
    LEVADA_TRY(connect());
    answer = ask();
  }
  if (!answer) return std::move(answer).error();
  looked_up_.add(static_cast<int64_t>(parts_.front().size()));
  LEVADA_TRY(table.add(**answer));
  return table.finish();
}

}  // namespace levada::join_postgres
