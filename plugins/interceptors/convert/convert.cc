// The interceptor convert.
#include "convert.h"

#include "conversion.h"

namespace levada::convert {

Result<std::unique_ptr<Convert>> Convert::create(Settings settings, Host host) {
  auto columns = read_declared_columns(settings.columns, "columns", UnitsOf::times_and_numbers);
  if (!columns) return std::move(columns).error();
  if ((*columns).empty()) return wrong("columns", "name the columns, columns = { clicks = \"int64\" }");
  return std::unique_ptr<Convert>(new Convert(*std::move(columns), settings.on_mismatch == OnMismatch::reject, host));
}

Done Convert::intercept(Batch& batch) {
  int64_t mismatches = 0;
  std::vector<bool> rejected(static_cast<size_t>(batch.rows()));
  const auto reject = [&](int64_t row, const DeclaredColumn& column, std::string_view why) {
    // A row has one reason.
    if (rejected[static_cast<size_t>(row)]) return;
    rejected[static_cast<size_t>(row)] = true;
    batch.reject(row, "the column \"" + column.name + "\" " + std::string(why));
  };
  for (const auto& column : columns_) {
    const Column* from = batch.find(column.name);
    if (column.required)
      for (int64_t row = 0; row < batch.rows(); ++row)
        if (!from || from->null(row)) reject(row, column, "is required and has no value");
    if (!from) continue;
    const std::string why = "is no " + std::string(name_of(column.type));
    batch.set(converted(*from, column, [&](int64_t row) {
      if (reject_mismatches_ || column.required) reject(row, column, why);
      else ++mismatches;
    }));
  }
  mismatched_.add(mismatches);
  batch.drop_marked();
  return {};
}

}  // namespace levada::convert

LEVADA_PLUGIN("convert", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::convert::Convert>("convert", "Gives columns other types."))
