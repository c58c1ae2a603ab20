// The interceptor `host`.
#include "host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace levada::host {
namespace {

Result<std::string> machine_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0)
    return retry(std::string("the name of this machine: ") + std::strerror(errno));
  return std::string(name);
}

// The first address that others can reach: IPv4 before IPv6, in the order of the interfaces.
Result<std::string> machine_address() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return retry(std::string("the addresses of this machine: ") + std::strerror(errno));
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> held(all, freeifaddrs);
  for (const int family : {AF_INET, AF_INET6}) {
    for (const auto* each = all; each; each = each->ifa_next) {
      if (!each->ifa_addr || each->ifa_addr->sa_family != family) continue;
      if (!(each->ifa_flags & IFF_UP) || (each->ifa_flags & IFF_LOOPBACK)) continue;
      const void* address;
      if (family == AF_INET) {
        address = &reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr;
      } else {
        const auto& ipv6 = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr;
        if (IN6_IS_ADDR_LINKLOCAL(&ipv6)) continue;
        address = &ipv6;
      }
      char text[INET6_ADDRSTRLEN];
      if (inet_ntop(family, address, text, sizeof text)) return std::string(text);
    }
  }
  return retry("this machine has no address but loopback: set use_ip = false, or connect it");
}

}  // namespace

Result<std::unique_ptr<HostColumn>> HostColumn::create(Settings settings, Host) {
  if (settings.column.empty()) return wrong("column", "a column needs a name");
  return std::unique_ptr<HostColumn>(new HostColumn(std::move(settings)));
}

Done HostColumn::open() {
  auto name = settings_.use_ip ? machine_address() : machine_name();
  if (!name) return std::move(name).error();
  name_.emplace(settings_.column, *std::move(name));
  return {};
}

Done HostColumn::intercept(Batch& batch) {
  name_->add_to(batch, settings_.overwrite);
  return {};
}

}  // namespace levada::host

LEVADA_PLUGIN("host", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::host::HostColumn>(
                  "host", "Adds the name or the address of the machine that the agent runs on."))
