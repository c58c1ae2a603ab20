#include "agent/channels/file/record_decoder.h"

#include "agent/channels/file/arrow_codec.h"
#include "levada/arrow_bounds.h"

namespace levada::agent {
namespace {

struct Block {
  uint64_t offset, bytes;
};

// The buffers behind the tables.
struct Area {
  const Buffer& payload;
  uint64_t begin, bytes;
  std::vector<Block> blocks;

  const char* at(uint64_t offset, uint64_t size) const {
    return offset <= bytes && size <= bytes - offset ? payload.data() + begin + offset : nullptr;
  }
};

// What stands in a column's flags.
constexpr uint32_t kHasNulls = 1, kHasSchema = 2;

uint64_t value_bytes(Type type, uint64_t rows) {
  switch (type) {
    case Type::boolean: return (rows + 7) / 8;
    case Type::dictionary: return 4 * rows;
    case Type::text:
    case Type::bytes: return sizeof(View) * rows;
    default: return 8 * rows;
  }
}

// Every view in its block, every index in its dictionary.
std::optional<Column> checked(std::string name, Type type, ArrowArray& array,
                              std::shared_ptr<const ArrowSchema> schema) {
  auto held = levada::detail::hold(array);
  ArrowSchema words{}, known{};
  words.format = format_of(Type::text);
  known.format = format_of(type);
  if (type == Type::dictionary) known.dictionary = &words;
  if (!levada::detail::bounds_fault(known, *held).empty()) return std::nullopt;
  return Column(std::move(name), type, std::move(held), std::move(schema));
}

bool decode_known(TableReader& reader, const Area& area, Type type, bool nulls, ArrowArray& to) {
  const auto rows = reader.number<uint64_t>();
  const auto null_count = reader.number<int64_t>();
  const auto validity_at = reader.number<uint64_t>();
  const auto values_at = reader.number<uint64_t>();
  const auto blocks = reader.number<uint32_t>();
  if (!reader.good() || rows > area.bytes * 8) return false;
  const char* const validity = nulls ? area.at(validity_at, (rows + 7) / 8) : nullptr;
  const char* const values = area.at(values_at, value_bytes(type, rows));
  if (!values || (nulls && !validity)) return false;

  auto held = std::make_unique<levada::detail::Held>();
  held->buffers = {area.payload};
  held->pointers = {validity, values};
  if (type == Type::text || type == Type::bytes) {
    if (blocks > reader.left() / sizeof(uint32_t)) return false;
    held->sizes.reserve(blocks + size_t{1});
    for (uint32_t at = 0; at < blocks; ++at) {
      const auto number = reader.number<uint32_t>();
      if (number >= area.blocks.size()) return false;
      const auto& block = area.blocks[number];
      held->pointers.push_back(area.payload.data() + area.begin + block.offset);
      held->sizes.push_back(static_cast<int64_t>(block.bytes));
    }
    held->pointers.push_back(held->sizes.data());
  } else if (blocks > 0) {
    return false;
  }
  if (type == Type::dictionary) {
    const auto words = reader.number<uint32_t>(), flags = reader.number<uint32_t>();
    reader.text();
    held->dictionary = std::make_unique<ArrowArray>();
    if (words != static_cast<uint32_t>(Type::text) ||
        !decode_known(reader, area, Type::text, (flags & kHasNulls) != 0, *held->dictionary))
      return false;
  }
  to = levada::detail::array_of(std::move(held), static_cast<int64_t>(rows), null_count);
  return true;
}

std::optional<Column> decode_column(TableReader& reader, const Area& area) {
  const auto number = reader.number<uint32_t>(), flags = reader.number<uint32_t>();
  auto name = reader.text();
  if (!reader.good() || number > static_cast<uint32_t>(Type::opaque)) return std::nullopt;
  const auto type = static_cast<Type>(number);
  std::shared_ptr<const ArrowSchema> schema;
  if ((flags & kHasSchema) != 0 && !(schema = decode_schema(reader))) return std::nullopt;
  if (type == Type::opaque) {
    if (!schema) return std::nullopt;
    auto array = decode_array(*schema, reader, area.payload, {area.payload.data() + area.begin, area.bytes});
    return array ? std::optional(Column(std::move(name), type, std::move(array), std::move(schema))) : std::nullopt;
  }
  if (schema && levada::detail::type_of(*schema) != type) return std::nullopt;
  ArrowArray array{};
  if (!decode_known(reader, area, type, (flags & kHasNulls) != 0, array)) return std::nullopt;
  return checked(std::move(name), type, array, std::move(schema));
}

}  // namespace

std::optional<InFlight> decode_record(const Buffer& payload, const RecordHeader& header) {
  if (header.payload_bytes < sizeof(uint32_t)) return std::nullopt;
  const uint64_t table_bytes = *payload.as<uint32_t>();
  if (table_bytes > header.payload_bytes) return std::nullopt;
  TableReader reader(payload.data(), table_bytes);
  Area area{payload, table_bytes, header.payload_bytes - table_bytes, {}};
  reader.number<uint32_t>();
  const auto blocks = reader.number<uint32_t>();
  const auto columns = reader.number<uint32_t>();
  reader.number<uint32_t>();
  InFlight in_flight;
  in_flight.end = reader.number<uint64_t>();
  in_flight.bytes = header.payload_bytes;
  Batch batch(static_cast<int64_t>(header.rows));
  batch.stream = reader.text();
  batch.position = reader.text();
  in_flight.account = Account::decode(reader.text()).value_or(Account());
  for (uint32_t at = 0; at < blocks && reader.good(); ++at) {
    const auto offset = reader.number<uint64_t>(), bytes = reader.number<uint64_t>();
    if (!area.at(offset, bytes)) return std::nullopt;
    area.blocks.push_back({offset, bytes});
  }
  for (uint32_t at = 0; at < columns && reader.good(); ++at) {
    auto column = decode_column(reader, area);
    if (!column || column->rows() != batch.rows()) return std::nullopt;
    batch.set(*std::move(column));
  }
  if (!reader.good()) return std::nullopt;
  in_flight.stream = batch.stream;
  in_flight.batch = std::move(batch);
  return in_flight;
}

}  // namespace levada::agent
