#include "access_log_columns.h"

namespace levada::parse_access_log {

namespace {

bool is_number(Part part) { return part == Part::timestamp || part == Part::http_response || part == Part::bytes_sent; }

}  // namespace

PartColumn::PartColumn(Part part, const Column& body) : part_(part) {
  if (is_number(part)) builder_.emplace<1>(body.rows());
  else first_buffer_ = builder_.emplace<0>(body.rows()).share(body);
}

// The loops know their member, so none of them asks for each row what it is about.
template <std::string_view AccessLogLine::* member>
void PartColumn::append_text(std::span<const LineOfBody> lines) {
  auto& texts = *std::get_if<0>(&builder_);
  View* to = texts.extend(static_cast<int64_t>(lines.size()));
  for (const auto& line : lines) TextBuilder::put_part(to++, *line.view, line.text, line.line.*member, first_buffer_);
  texts.filled(static_cast<int64_t>(lines.size()));
}

template <std::string_view AccessLogLine::* member>
void PartColumn::append_text_or_null(std::span<const LineOfBody> lines) {
  auto& texts = *std::get_if<0>(&builder_);
  for (const auto& line : lines) {
    const auto part = line.line.*member;
    if (!part.data() || part == "-") texts.append_null();
    else texts.append_part(*line.view, line.text, part, first_buffer_);
  }
}

template <int64_t AccessLogLine::* member>
void PartColumn::append_number(std::span<const LineOfBody> lines) {
  auto& numbers = *std::get_if<1>(&builder_);
  int64_t* to = numbers.extend(static_cast<int64_t>(lines.size()));
  for (const auto& line : lines) *to++ = line.line.*member;
  numbers.filled(static_cast<int64_t>(lines.size()));
}

void PartColumn::append(std::span<const LineOfBody> lines) {
  switch (part_) {
    case Part::host: return append_text<&AccessLogLine::host>(lines);
    case Part::ident: return append_text_or_null<&AccessLogLine::ident>(lines);
    case Part::user: return append_text_or_null<&AccessLogLine::user>(lines);
    case Part::timestamp: return append_number<&AccessLogLine::microseconds>(lines);
    case Part::request: return append_text<&AccessLogLine::request>(lines);
    case Part::method: return append_text_or_null<&AccessLogLine::method>(lines);
    case Part::path: return append_text_or_null<&AccessLogLine::path>(lines);
    case Part::protocol: return append_text_or_null<&AccessLogLine::protocol>(lines);
    case Part::http_response: return append_number<&AccessLogLine::status>(lines);
    case Part::bytes_sent: return append_number<&AccessLogLine::bytes>(lines);
    case Part::referer: return append_text_or_null<&AccessLogLine::referer>(lines);
    case Part::user_agent: return append_text_or_null<&AccessLogLine::user_agent>(lines);
  }
}

Column PartColumn::finish() && {
  std::string name(kPartNames[static_cast<size_t>(part_)]);
  if (auto* texts = std::get_if<0>(&builder_)) return std::move(*texts).finish(std::move(name), Type::text);
  const auto type = part_ == Part::timestamp ? Type::timestamp : Type::int64;
  return std::move(*std::get_if<1>(&builder_)).finish(std::move(name), type);
}

}  // namespace levada::parse_access_log
