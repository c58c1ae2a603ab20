#include "aggregate_text.h"

#include <charconv>
#include <optional>

namespace levada::window {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

std::optional<double> number_in(std::string_view text) {
  text = trimmed(text);
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

// A name as it is, or one of any characters in backquotes.
Result<std::string> column_in(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '`' && text.back() == '`') text = text.substr(1, text.size() - 2);
  else if (text.find_first_of(" \t\n(),`") != text.npos)
    return fatal("\"" + std::string(text) + "\" is no column: put a name with such characters into backquotes");
  if (text.empty()) return fatal("a column is missing between the parentheses");
  return std::string(text);
}

// Behind the last parenthesis.
Done read_divisor(std::string_view text, AggregateText& to) {
  text = trimmed(text);
  if (text.empty()) return {};
  const auto divisor = text.front() == '/' ? number_in(text.substr(1)) : std::nullopt;
  if (!divisor || *divisor == 0)
    return fatal("expected \"/ NUMBER\" behind the parentheses, got \"" + std::string(text) + "\"");
  to.divisor = *divisor;
  return {};
}

}  // namespace

Result<AggregateText> parse_aggregate(std::string_view text) {
  AggregateText parsed;
  text = trimmed(text);
  const auto open = text.find('(');
  if (open == text.npos) {
    parsed.function = text;
    if (text.empty()) return fatal("an aggregate is missing: \"count\", \"sum(bytes)\"");
    return parsed;
  }
  parsed.function = trimmed(text.substr(0, open));
  const auto close = text.rfind(')');
  if (close == text.npos || close < open) return fatal("a parenthesis is not closed");
  LEVADA_TRY(read_divisor(text.substr(close + 1), parsed));
  auto inner = trimmed(text.substr(open + 1, close - open - 1));
  if (parsed.function == "count_if" || parsed.function == "peak") {
    parsed.argument = inner;
    return parsed;
  }
  if (const auto comma = inner.rfind(','); comma != inner.npos) {
    const auto parameter = number_in(inner.substr(comma + 1));
    if (!parameter)
      return fatal("expected a number behind the comma, got \"" + std::string(inner.substr(comma + 1)) + "\"");
    parsed.parameter = *parameter;
    parsed.has_parameter = true;
    inner = inner.substr(0, comma);
  }
  if (const auto minus = inner.find(" - "); minus != inner.npos) {
    auto column = column_in(inner.substr(minus + 3));
    if (!column) return std::move(column).error();
    parsed.minus = *std::move(column);
    inner = inner.substr(0, minus);
  }
  auto column = column_in(inner);
  if (!column) return std::move(column).error();
  parsed.argument = *std::move(column);
  return parsed;
}

}  // namespace levada::window
