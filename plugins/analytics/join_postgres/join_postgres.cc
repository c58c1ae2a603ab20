// The interceptor join_postgres.
#include "join_postgres.h"

#include <utility>

namespace levada::join_postgres {

namespace {

// So long the start of the agent waits at a time.
constexpr auto kPatience = std::chrono::seconds(1);

}  // namespace

Result<std::unique_ptr<JoinPostgres>> JoinPostgres::create(Settings settings, Host host) {
  LEVADA_TRY(postgres::check(settings));
  if (settings.query.empty()) return wrong("query", "is empty");
  if (settings.refresh <= std::chrono::nanoseconds(0)) return wrong("refresh", "must be more than 0");
  auto shape = join::TableShape::of(settings);
  if (!shape) return std::move(shape).error();
  if (settings.load == Load::keys)
    for (const auto& column : shape->columns)
      if (shape->is_key(column.name))
        return wrong("columns." + column.name, "a key has no type of its own with load = \"keys\"");
  return std::unique_ptr<JoinPostgres>(new JoinPostgres(settings, *std::move(shape), host));
}

JoinPostgres::JoinPostgres(const Settings& settings, join::TableShape shape, Host host) : joiner_(settings, host) {
  if (settings.load == Load::keys)
    lookup_.emplace(KeyLookup::Source{settings, settings.query}, settings, std::move(shape), host);
  else loader_.emplace(TableLoader::Source{settings, settings.query, settings.refresh}, std::move(shape), host);
}

Done JoinPostgres::open() { return lookup_ ? lookup_->connect() : loader_->start(kPatience); }

Done JoinPostgres::intercept(Batch& batch) {
  if (loader_) {
    joiner_.join(batch, *loader_->table());
    return {};
  }
  const auto table = lookup_->look_up(batch);
  if (!table) return table.error();
  joiner_.join(batch, **table);
  return {};
}

Done JoinPostgres::close(std::chrono::nanoseconds) {
  if (loader_) loader_->stop();
  return {};
}

}  // namespace levada::join_postgres

LEVADA_PLUGIN("join_postgres", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::join_postgres::JoinPostgres>(
                  "join_postgres", "Joins rows with those of a query to PostgreSQL."))
