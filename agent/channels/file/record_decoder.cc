#include "agent/channels/file/record_decoder.h"

#include <cstring>

namespace levada::agent {
namespace {

// Reads tables that a checksum vouches for, and still never beyond their end.
class Reader {
 public:
  Reader(const char* from, uint64_t bytes) : at_(from), end_(from + bytes) {}
  template <class T>
  T number() {
    T value{};
    if (!take(sizeof value)) return value;
    std::memcpy(&value, at_ - sizeof value, sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<uint32_t>();
    return take(size) ? std::string(at_ - size, size) : std::string();
  }
  bool good() const { return good_; }

 private:
  bool take(uint64_t bytes) {
    good_ = good_ && bytes <= static_cast<uint64_t>(end_ - at_);
    if (good_) at_ += bytes;
    return good_;
  }
  const char* at_;
  const char* const end_;
  bool good_ = true;
};

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

uint64_t value_bytes(Type type, uint64_t rows) {
  switch (type) {
    case Type::boolean: return (rows + 7) / 8;
    case Type::dictionary: return 4 * rows;
    case Type::text:
    case Type::bytes: return sizeof(View) * rows;
    default: return 8 * rows;
  }
}

struct Decoded {
  std::string name;
  Type type;
  ArrowArray array;
};

std::optional<Decoded> decode_array(Reader& reader, const Area& area) {
  const auto type = reader.number<uint32_t>();
  const bool nulls = reader.number<uint32_t>() != 0;
  Decoded decoded{reader.text(), static_cast<Type>(type), {}};
  const auto rows = reader.number<uint64_t>();
  const auto null_count = reader.number<int64_t>();
  const auto validity_at = reader.number<uint64_t>();
  const auto values_at = reader.number<uint64_t>();
  const auto blocks = reader.number<uint32_t>();
  if (!reader.good() || type > static_cast<uint32_t>(Type::dictionary) || rows > area.bytes * 8) return std::nullopt;
  const char* const validity = nulls ? area.at(validity_at, (rows + 7) / 8) : nullptr;
  const char* const values = area.at(values_at, value_bytes(decoded.type, rows));
  if (!values || (nulls && !validity)) return std::nullopt;

  auto held = std::make_unique<levada::detail::Held>();
  held->buffers = {area.payload};
  held->pointers = {validity, values};
  if (decoded.type == Type::text || decoded.type == Type::bytes) {
    held->sizes.reserve(blocks + size_t{1});
    for (uint32_t at = 0; at < blocks; ++at) {
      const auto number = reader.number<uint32_t>();
      if (!reader.good() || number >= area.blocks.size()) return std::nullopt;
      const auto& block = area.blocks[number];
      held->pointers.push_back(area.payload.data() + area.begin + block.offset);
      held->sizes.push_back(static_cast<int64_t>(block.bytes));
    }
    held->pointers.push_back(held->sizes.data());
  }
  if (decoded.type == Type::dictionary) {
    auto dictionary = decode_array(reader, area);
    if (!dictionary) return std::nullopt;
    held->dictionary = std::make_unique<ArrowArray>(dictionary->array);
    if (dictionary->type != Type::text) {
      dictionary->array.release(&dictionary->array);
      return std::nullopt;
    }
  }
  decoded.array = levada::detail::array_of(std::move(held), static_cast<int64_t>(rows), null_count);
  return decoded;
}

}  // namespace

std::optional<InFlight> decode_record(const Buffer& payload, const RecordHeader& header) {
  if (header.payload_bytes < sizeof(uint32_t)) return std::nullopt;
  const uint64_t table_bytes = *payload.as<uint32_t>();
  if (table_bytes > header.payload_bytes) return std::nullopt;
  Reader reader(payload.data(), table_bytes);
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
    auto decoded = decode_array(reader, area);
    if (!decoded) return std::nullopt;
    Column column = Column::adopt(std::move(decoded->name), decoded->type, decoded->array);
    if (column.rows() != batch.rows()) return std::nullopt;
    batch.set(std::move(column));
  }
  if (!reader.good()) return std::nullopt;
  in_flight.stream = batch.stream;
  in_flight.batch = std::move(batch);
  return in_flight;
}

}  // namespace levada::agent
