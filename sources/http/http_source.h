// The http source: what clients post at the paths of its routes becomes rows.
#pragma once

#include <memory>
#include <vector>

#include "http_server/row_server.h"
#include "levada/sdk.h"

namespace levada::http_source {

class HttpSource final : public http_server::RowServer {
 public:
  struct Settings : http_server::RowServerSettings {
    Tree routes;
  };
  static constexpr auto options =
      join_options(std::array{required<&Settings::routes>(
                       "routes", "What is taken at which path: { \"/logs\" = { format = \"ndjson\" } }; see Routes.")},
                   http_server::row_server_options<Settings>());
  static Result<std::unique_ptr<HttpSource>> create(Settings settings, Host host);
  ~HttpSource() override { end_serving(); }

 private:
  using RowServer::RowServer;
};

}  // namespace levada::http_source
