#include "parse_hosts.h"

#include <algorithm>
#include <array>

namespace levada::parse_hosts {

Result<std::unique_ptr<ParseHosts>> ParseHosts::create(Settings settings, Host host) {
  if (settings.name_column.empty() || settings.name_column == "reason")
    return wrong("name_column", "a column needs a name of its own");
  if (settings.column.empty()) return wrong("column", "needs the name of a column");
  if (settings.ip_column == settings.name_column || settings.ip_column == "reason")
    return wrong("ip_column", "a column needs a name of its own");
  return std::unique_ptr<ParseHosts>(new ParseHosts(std::move(settings), host));
}

Format ParseHosts::format_of(std::string_view name) const {
  constexpr std::array<std::string_view, 6> kNames = {"hosts", "domains", "adblock", "urls", "names", "auto"};
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  return at == kNames.end() ? settings_.format : static_cast<Format>(at - kNames.begin());
}

Done ParseHosts::intercept(Batch& batch) {
  const Column* const texts = batch.text(settings_.column);
  if (!texts && batch.rows() > 0)
    return reject("the rows have no column \"" + settings_.column +
                  "\" of text, which is the line of the list: put parse_hosts before what drops it");
  const Column* const formats = settings_.format_column.empty() ? nullptr : batch.text(settings_.format_column);
  rows_.clear();
  TextBuilder names(batch.rows()), ips(batch.rows());
  int64_t local = 0;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    read_line(texts->text(row), formats ? format_of(formats->text(row)) : settings_.format, line_);
    if (line_.fault != Fault::none) {
      batch.reject_part(row, text_of(line_.fault));
      continue;
    }
    for (const auto name : line_.names) {
      const Fault fault = read_name(name, settings_.idna == Idna::convert, name_);
      if (fault == Fault::local) {
        ++local;
      } else if (fault != Fault::none) {
        batch.reject_part(row, text_of(fault), line_.names.size() > 1 ? std::string(name) : std::string());
      } else {
        rows_.push_back(row);
        names.append(name_);
        line_.ip.empty() ? ips.append_null() : ips.append(line_.ip);
      }
    }
  }
  local_.add(local);
  batch.take(rows_);
  batch.set(std::move(names).finish(settings_.name_column, Type::text));
  if (!settings_.ip_column.empty()) batch.set(std::move(ips).finish(settings_.ip_column, Type::text));
  return {};
}

}  // namespace levada::parse_hosts

LEVADA_PLUGIN("parse_hosts", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::parse_hosts::ParseHosts>(
                  "parse_hosts", "Makes a row of each name in lines of host lists, domain lists and ad-block rules."))
