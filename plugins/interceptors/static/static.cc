// The interceptor `static`.
#include "static.h"

namespace levada::static_columns {

Result<std::unique_ptr<Static>> Static::create(Settings settings, Host) {
  if (settings.columns.empty()) return wrong("columns", "say which columns to add: columns = { dc = \"eu1\" }");
  for (const auto& [name, text] : settings.columns)
    if (name.empty()) return wrong("columns", "a column needs a name");
  return std::unique_ptr<Static>(new Static(settings));
}

Static::Static(const Settings& settings) : overwrite_(settings.overwrite) {
  for (const auto& [name, text] : settings.columns) columns_.emplace_back(name, text);
}

Done Static::intercept(Batch& batch) {
  for (auto& column : columns_) column.add_to(batch, overwrite_);
  return {};
}

}  // namespace levada::static_columns

LEVADA_PLUGIN("static", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::static_columns::Static>("static",
                                                                  "Adds columns that say the same in each row."))
