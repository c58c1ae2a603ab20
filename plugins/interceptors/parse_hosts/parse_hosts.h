// Makes rows of the lines of lists of hosts: one for each name.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "host_line.h"
#include "levada/sdk.h"

namespace levada::parse_hosts {

class ParseHosts final : public Interceptor {
 public:
  enum class Idna { convert, reject };
  struct Settings {
    Format format = Format::hosts;
    std::string format_column = {};
    std::string column = "body";
    std::string name_column = "domain", ip_column = "ip";
    Idna idna = Idna::convert;
  };
  static constexpr std::array options = {
      choice<&Settings::format>("format", "hosts|domains|adblock|urls|names|auto", nullptr,
                                "What the lines are: `IP NAME...`, one name, rules `||NAME^`, URLs; with names the "
                                "text as a whole; auto: each what it looks like."),
      optional<&Settings::format_column>(
          "format_column", R"("")",
          "A column with the format of each row, by its name here; `format` is for rows without one of these."),
      optional<&Settings::column>("column", R"("body")", "The column that has the lines, or the names."),
      optional<&Settings::name_column>("name_column", R"("domain")", "The column for the name."),
      optional<&Settings::ip_column>(
          "ip_column", R"("ip")", "The column for the address, null where the list has none; empty: no such column."),
      choice<&Settings::idna>("idna", "convert|reject", R"("convert")",
                              "A name that is not ASCII becomes xn--..., or is rejected."),
  };
  static Result<std::unique_ptr<ParseHosts>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  ParseHosts(Settings settings, Host host) : settings_(std::move(settings)), local_(host.counter("names_local")) {}

  Format format_of(std::string_view name) const;

  const Settings settings_;
  Counter local_;
  HostLine line_;
  std::string name_;
  std::vector<int64_t> rows_;  // Of each name: the line.
};

}  // namespace levada::parse_hosts
