// Names and values as they stand in SQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace levada::postgres {

// "name", with what would end it doubled.
std::string quoted_name(std::string_view name);
// 'text', whatever stands in it; never with a zero byte.
std::string quoted_text(std::string_view text);
// The text of an array of texts, as a parameter of a statement: {"a","b"}.
std::string array_text(const std::vector<std::string>& items);

// A query as a part of another, by the name q: without a semicolon at its end.
std::string inner_query(std::string_view query);

// The parts of "schema.table" or "table", quoted; nothing where a part is empty or there are more.
std::optional<std::string> quoted_table(std::string_view table);

}  // namespace levada::postgres
