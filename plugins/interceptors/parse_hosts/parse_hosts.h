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
    std::string name_column = "domain", ip_column = "ip";
    Idna idna = Idna::convert;
  };
  static constexpr std::array options = {
      choice<&Settings::format>("format", "hosts|domains|adblock", nullptr,
                                "What the lines are: `IP NAME...`, one name, or rules `||NAME^`."),
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

  const Settings settings_;
  Counter local_;
  HostLine line_;
  std::string name_;
  std::vector<int64_t> rows_;  // Of each name: the line.
};

}  // namespace levada::parse_hosts
