#include "page_query.h"

#include <charconv>

#include "postgres/sql_text.h"
#include "postgres/types.h"
#include "writers.h"

namespace levada::postgres_source {

namespace {

using postgres::inner_query;
using postgres::quoted_name;
using postgres::quoted_text;

// A share has each n-th block of so many numbers, so that what lies together is read together.
constexpr int kBlockBits = 10;

std::optional<int64_t> whole(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Where the share number `number` of so many begins, between two numbers.
int64_t border(int64_t start, int64_t end, int64_t number, int64_t of) {
  const auto width = static_cast<uint64_t>(end) - static_cast<uint64_t>(start);
  const auto parts = static_cast<uint64_t>(of), at = static_cast<uint64_t>(number);
  const uint64_t offset = width / parts * at + width % parts * at / parts;
  return static_cast<int64_t>(static_cast<uint64_t>(start) + offset);
}

}  // namespace

std::optional<Share> Share::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto number = whole(text.substr(0, slash)), of = whole(text.substr(slash + 1));
  constexpr int64_t kMost = 10'000;
  if (!number || !of || *number < 1 || *of < *number || *of > kMost) return std::nullopt;
  return Share{*number, *of};
}

bool is_read_binary(unsigned type) {
  using namespace postgres;
  for (const Oid known : {kBoolean, kBytes, kName, kInt8, kInt2, kInt4, kText, kOid, kJson, kFloat4, kFloat8, kBpchar,
                          kVarchar, kTimestamp, kTimestampTz})
    if (type == known) return true;
  return false;
}

Result<PageQuery> PageQuery::of(const PostgresSettings& settings, const std::vector<QueryColumn>& columns,
                                const std::string& cursor_type, bool is_whole) {
  PageQuery made;
  made.cursor_ = "q." + quoted_name(settings.cursor);
  made.cursor_type_ = cursor_type;
  made.head_ = "SELECT ";
  for (const auto& column : columns) {
    made.head_ += "q." + quoted_name(column.name);
    if (!is_read_binary(column.type)) made.head_ += "::text";
    made.head_ += ", ";
  }
  made.head_ += made.cursor_ + "::text";
  made.from_ = " FROM " + inner_query(settings.query) + " WHERE " + made.cursor_ + " IS NOT NULL";

  auto start = settings.start, end = settings.end;
  if (settings.share) {
    const auto share = *Share::parse(*settings.share);
    if (!is_whole)
      return fatal("share needs a cursor of whole numbers, and \"" + settings.cursor + "\" is " + cursor_type);
    if (start && end) {
      const auto from = whole(*start), to = whole(*end);
      if (!from || !to || *from > *to) return fatal("start and end must be whole numbers, start the lower one");
      start = std::to_string(border(*from, *to, share.number - 1, share.of));
      end = std::to_string(border(*from, *to, share.number, share.of));
    } else if (share.of > 1) {
      const auto of = std::to_string(share.of);
      made.from_ += " AND ((" + made.cursor_ + "::bigint >> " + std::to_string(kBlockBits) + ") % " + of + " + " + of +
                    ") % " + of + " = " + std::to_string(share.number - 1);
    }
  }
  if (start) made.from_ += " AND " + made.cursor_ + " >= " + quoted_text(*start) + "::" + cursor_type;
  if (end) made.from_ += " AND " + made.cursor_ + " < " + quoted_text(*end) + "::" + cursor_type;
  return made;
}

std::string PageQuery::page(int64_t rows, bool is_behind, bool has_last) const {
  std::string sql = head_ + from_;
  if (is_behind) sql += " AND " + cursor_ + " > $1::" + cursor_type_;
  // The column may have got a wider type since it was looked at.
  if (has_last) sql += " AND " + cursor_ + (is_behind ? " <= $2::bigint" : " <= $1::bigint");
  return sql + " ORDER BY " + cursor_ + " FETCH FIRST " + std::to_string(rows) + " ROWS WITH TIES";
}

std::string PageQuery::greatest_and_writers() const {
  return "SELECT (SELECT " + cursor_ + "::text" + from_ + " ORDER BY " + cursor_ + " DESC LIMIT 1), w.* " +
         "FROM (VALUES (1)) AS one LEFT JOIN (" + std::string(writers_sql()) + ") AS w ON true";
}

}  // namespace levada::postgres_source
