// Column by column.
#include "batch_maker.h"

#include <algorithm>

#include "json/json_text.h"
#include "json/json_writer.h"

namespace levada::kafka_source {
namespace {

using Messages = std::span<rd_kafka_message_t* const>;

// A block for texts that do not stand inside of their views.
class Block {
 public:
  explicit Block(size_t bytes) {
    if (bytes > 0) buffer_ = Buffer(bytes);
  }
  void lend_to(TextBuilder& builder, size_t bytes) {
    if (buffer_) number_ = builder.lend(buffer_, bytes);
  }
  void append(TextBuilder& builder, const void* data, size_t size) {
    if (!data) return builder.append_null();
    std::string_view text(static_cast<const char*>(data), size);
    if (size <= View::kInline) return builder.append(text);
    std::memcpy(buffer_.data() + used_, data, size);
    builder.append_lent({buffer_.data() + used_, size}, number_);
    used_ += size;
  }

 private:
  Buffer buffer_;
  size_t used_ = 0;
  int32_t number_ = 0;
};

size_t outside(const void* data, size_t size) { return data && size > View::kInline ? size : 0; }

Column integers(std::string name, Messages messages, auto value) {
  const auto rows = static_cast<int64_t>(messages.size());
  ValueBuilder<int64_t> builder(rows);
  int64_t* to = builder.extend(rows);
  for (const auto* message : messages) *to++ = value(*message);
  builder.filled(rows);
  return std::move(builder).finish(std::move(name), Type::int64);
}

Column timestamps(Messages messages) {
  ValueBuilder<int64_t> builder(static_cast<int64_t>(messages.size()));
  for (const auto* message : messages) {
    rd_kafka_timestamp_type_t type;
    const auto milliseconds = rd_kafka_message_timestamp(message, &type);
    if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || milliseconds < 0) builder.append_null();
    else builder.append(milliseconds * 1000);
  }
  return std::move(builder).finish("timestamp", Type::timestamp);
}

Column headers(Messages messages) {
  TextBuilder builder(static_cast<int64_t>(messages.size()));
  std::string text;
  for (const auto* message : messages) {
    text.clear();
    if (append_headers(*message, text)) builder.append(text);
    else builder.append_null();
  }
  return std::move(builder).finish("headers", Type::text);
}

void append_json_string(std::string_view bytes, std::string& to) {
  std::string valid;
  while (!bytes.empty()) {
    const size_t size = utf8_size(bytes);
    valid += size ? bytes.substr(0, size) : "\xef\xbf\xbd";
    bytes.remove_prefix(std::max<size_t>(size, 1));
  }
  const auto from = to.size();
  to.resize(from + 6 * valid.size() + 2);
  to.resize(static_cast<size_t>(write_json_string(valid, to.data() + from) - to.data()));
}

void append_value(const void* value, size_t size, std::string& to) {
  if (value) append_json_string({static_cast<const char*>(value), size}, to);
  else to += "null";
}

}  // namespace

bool append_headers(const rd_kafka_message_t& message, std::string& to) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const char* name;
  const void* value;
  size_t size;
  std::vector<std::string_view> names;
  for (size_t at = 0; !rd_kafka_header_get_all(headers, at, &name, &value, &size); ++at)
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  char before = '{';
  for (const auto each : names) {
    to += before;
    before = ',';
    append_json_string(each, to);
    to += ':';
    // A name's text ends with a zero, as it came from there.
    const bool repeated = !rd_kafka_header_get(headers, 1, each.data(), &value, &size);
    if (repeated) to += '[';
    for (size_t at = 0; !rd_kafka_header_get(headers, at, each.data(), &value, &size); ++at) {
      if (at > 0) to += ',';
      append_value(value, size, to);
    }
    if (repeated) to += ']';
  }
  to += names.empty() ? "{}" : "}";
  return true;
}

BatchMaker::BatchMaker(const std::vector<std::string>& columns) {
  const auto has = [&](std::string_view name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  topic_ = has("topic");
  partition_ = has("partition");
  offset_ = has("offset");
  timestamp_ = has("timestamp");
  key_ = has("key");
  headers_ = has("headers");
}

Batch BatchMaker::make(Messages messages) const {
  const auto rows = static_cast<int64_t>(messages.size());
  size_t body_bytes = 0, key_bytes = 0;
  for (const auto* message : messages) {
    body_bytes += outside(message->payload, message->len);
    if (key_) key_bytes += outside(message->key, message->key_len);
  }
  Block block(body_bytes + key_bytes);
  TextBuilder bodies(rows), keys(key_ ? rows : 0);
  block.lend_to(bodies, body_bytes);
  for (const auto* message : messages) block.append(bodies, message->payload, message->len);

  Batch batch(rows);
  batch.set(std::move(bodies).finish("body", Type::bytes));
  if (topic_) batch.set(repeat("topic", rd_kafka_topic_name(messages.front()->rkt), rows));
  if (partition_)
    batch.set(integers("partition", messages, [](const auto& message) { return int64_t{message.partition}; }));
  if (offset_) batch.set(integers("offset", messages, [](const auto& message) { return message.offset; }));
  if (timestamp_) batch.set(timestamps(messages));
  if (key_) {
    block.lend_to(keys, body_bytes + key_bytes);  // Keys stand behind the bodies.
    for (const auto* message : messages) block.append(keys, message->key, message->key_len);
    batch.set(std::move(keys).finish("key", Type::bytes));
  }
  if (headers_) batch.set(headers(messages));
  return batch;
}

}  // namespace levada::kafka_source
