// The parts of a message that are not simply a piece of the body column.
#include "message_maker.h"

#include <algorithm>

#include "producer.h"

namespace levada::kafka_sink {
namespace {

constexpr size_t kEncodedBlock = 262144;

std::string_view of(const char* data, size_t size) { return {data, size}; }

}  // namespace

Result<MessageMaker> MessageMaker::from(const KafkaSettings& settings) {
  MessageMaker maker;
  maker.format_ = settings.value;
  auto topic = Pattern::parse(settings.topic);
  if (!topic) return wrong("topic", topic.error().message);
  maker.topic_ = *std::move(topic);
  if (maker.topic_.constant())
    if (const char* fault = fault_of_topic_name(maker.topic_.constant_text()))
      return wrong("topic", "the name \"" + settings.topic + "\" " + fault);

  if (settings.key) {
    // A key that is the same for all rows is of no use: a word without braces is a column.
    const bool is_name = settings.key->find_first_of("{}") == std::string::npos;
    auto key = Pattern::parse(is_name ? "{" + *settings.key + "}" : *settings.key);
    if (!key) return wrong("key", key.error().message);
    maker.key_ = *std::move(key);
  }
  for (const auto& [name, text] : settings.headers) {
    auto pattern = Pattern::parse(text);
    if (!pattern) return wrong("headers." + name, pattern.error().message);
    maker.headers_.push_back({name, *std::move(pattern), {}});
  }
  return maker;
}

Done MessageMaker::check(const Batch& batch) const {
  if (format_ == KafkaSettings::Value::json || batch.body()) return {};
  return fatal(
      "the rows have no body column, an interceptor has dropped it: set value = \"json\" to send the other columns");
}

void MessageMaker::bind(const Batch& batch) {
  rows_ = batch.rows();
  body_ = batch.body();
  bound_topic_.bind(topic_, batch);
  bound_key_.bind(key_, batch);
  const auto* only = key_.only_column();
  key_column_ = only && !only->fallback ? batch.text(only->column) : nullptr;
  for (auto& header : headers_) header.bound.bind(header.pattern, batch);
  if (format_ == KafkaSettings::Value::body) return;
  const std::string body = "body";
  writer_.emplace(choose_columns(batch, {}, {&body, 1}), JsonStyle{});
}

std::string_view MessageMaker::value(int64_t row, Arena& encoded) {
  if (!writer_) return body_->null(row) ? std::string_view() : body_->text(row);
  const auto bound = writer_->bound(row);
  const auto left = static_cast<size_t>(rows_ - row);
  char* begin = encoded.reserve(bound, std::min(kEncodedBlock, bound * left));
  const auto before = writer_->replaced();
  const auto size = static_cast<size_t>(writer_->write(row, begin) - begin);
  replaced_ += writer_->replaced() - before;
  encoded.use(size);
  return of(begin, size);
}

std::string_view MessageMaker::key(int64_t row) {
  if (!has_key()) return {};
  if (key_column_) return key_column_->null(row) ? std::string_view() : key_column_->text(row);
  text_.clear();
  if (bound_key_.append(row, text_)) return {};
  return keys_.copy(text_);
}

Result<std::string_view> MessageMaker::topic(int64_t row) {
  text_.clear();
  const auto* missing = bound_topic_.append(row, text_);
  if (missing) return reject("the topic is made of column \"" + *missing + "\", which has no value here");
  return std::string_view(text_);
}

rd_kafka_headers_t* MessageMaker::headers(int64_t row) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(headers_.size());
  for (const auto& header : headers_) {
    text_.clear();
    if (header.bound.append(row, text_)) continue;
    rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()), text_.data(),
                        static_cast<ssize_t>(text_.size()));
  }
  return headers;
}

}  // namespace levada::kafka_sink
