// The object identifiers of PostgreSQL's own types, which are the same in all databases.
#pragma once

#include <libpq-fe.h>

#include <cstdint>

namespace levada::postgres {

inline constexpr Oid kBoolean = 16, kBytes = 17, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kOid = 26,
                     kJson = 114, kCidr = 650, kFloat4 = 700, kFloat8 = 701, kInet = 869, kBpchar = 1042,
                     kVarchar = 1043, kDate = 1082, kTimestamp = 1114, kTimestampTz = 1184, kNumeric = 1700,
                     kUuid = 2950, kJsonb = 3802;

// Its time begins in 2000, that of levada in 1970.
inline constexpr int64_t kEpochMicroseconds = int64_t{946'684'800} * 1'000'000;
inline constexpr int32_t kEpochDays = 10'957;

}  // namespace levada::postgres
