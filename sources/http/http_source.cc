#include "http_source.h"

#include "routes.h"

namespace levada::http_source {

Result<std::unique_ptr<HttpSource>> HttpSource::create(Settings settings, Host host) {
  auto options = check(settings, host);
  if (!options) return std::move(options).error();
  auto routes = read_routes(settings.routes);
  if (!routes) return std::move(routes).error();
  return std::unique_ptr<HttpSource>(
      new HttpSource(std::move(settings), *std::move(routes), *std::move(options), host));
}

}  // namespace levada::http_source
