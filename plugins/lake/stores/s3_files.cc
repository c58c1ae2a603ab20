// Parts are numbered: one that is sent twice is there once.
#include "lake/stores/s3_files.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "lake/stores/xml.h"

namespace levada::lake {
namespace {

// S3 takes 10,000 parts of a file: later ones are larger, so that a file may have 5 TiB.
constexpr size_t kPartsOfASize = 1000;
constexpr int kMostDoublings = 8;

}  // namespace

std::string new_write_id(const Host& host) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(host.random()),
                static_cast<unsigned long long>(host.random()));
  return text;
}

Result<std::optional<S3Object>> find_object(S3Client& client, const std::string& key) {
  const S3Request request{"HEAD", key};
  auto answer = client.send(request);
  if (!answer) return std::move(answer).error();
  if (answer->status() == 404) return std::optional<S3Object>();
  if (!answer->ok()) return S3Client::refused(request, *answer);
  S3Object object{0, answer->response.header("etag"), answer->response.header(kWriteId)};
  const auto length = answer->response.header("content-length");
  const auto [end, fault] = std::from_chars(length.data(), length.data() + length.size(), object.bytes);
  if (fault != std::errc() || length.empty()) return retry("HEAD " + key + ": the answer has no length");
  return std::optional(std::move(object));
}

S3Output::S3Output(std::shared_ptr<S3Client> client, std::string key)
    : client_(std::move(client)), key_(std::move(key)), write_id_(new_write_id(client_->host())) {}

S3Output::~S3Output() {
  if (!upload_id_.empty()) (void)client_->send({"DELETE", key_, {{"uploadId", upload_id_}}});
}

size_t S3Output::part_bytes() const {
  const auto doublings = std::min<int>(static_cast<int>(etags_.size() / kPartsOfASize), kMostDoublings);
  return client_->settings().part_bytes << doublings;
}

Done S3Output::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto fits = std::min(bytes.size(), part_bytes() - std::min(part_bytes(), buffer_.size()));
    buffer_ += bytes.substr(0, fits);
    bytes.remove_prefix(fits);
    if (buffer_.size() >= part_bytes()) LEVADA_TRY(send_part());
  }
  return {};
}

Done S3Output::start() {
  const S3Request request{"POST", key_, {{"uploads", ""}}, {{kWriteId, write_id_}}};
  auto answer = client_->send(request);
  if (!answer) return std::move(answer).error();
  if (!answer->ok()) return S3Client::refused(request, *answer);
  auto xml = parse_xml(answer->response.body);
  if (!xml) return std::move(xml).error().at("POST " + key_);
  upload_id_ = xml->text_of("UploadId");
  if (upload_id_.empty()) return retry("POST " + key_ + ": the answer has no UploadId");
  return {};
}

// What failed is kept, and is sent with the next call.
Done S3Output::send_part() {
  if (upload_id_.empty()) LEVADA_TRY(start());
  const auto number = std::to_string(etags_.size() + 1);
  const S3Request request{"PUT", key_, {{"partNumber", number}, {"uploadId", upload_id_}}, {}, buffer_};
  auto answer = client_->send(request);
  if (!answer) return std::move(answer).error();
  const auto etag = answer->response.header("etag");
  if (!answer->ok() || etag.empty()) return S3Client::refused(request, *answer);
  etags_.push_back(etag);
  buffer_.clear();
  return {};
}

Done S3Output::complete() {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t at = 0; at < etags_.size(); ++at)
    body += "<Part><PartNumber>" + std::to_string(at + 1) + "</PartNumber><ETag>" + xml_escape(etags_[at]) +
            "</ETag></Part>";
  body += "</CompleteMultipartUpload>";
  const S3Request request{"POST", key_, {{"uploadId", upload_id_}}, {}, body};
  auto answer = client_->send(request);
  if (!answer) return std::move(answer).error();
  if (answer->ok()) return {};
  // The upload is gone: a request whose answer was lost may have completed it.
  auto object = find_object(*client_, key_);
  if (!object) return std::move(object).error();
  if (*object && (*object)->write_id == write_id_) return {};
  return S3Client::refused(request, *answer);
}

Done S3Output::finish() {
  if (etags_.empty() && upload_id_.empty()) {
    const S3Request request{"PUT", key_, {}, {{kWriteId, write_id_}}, buffer_};
    auto answer = client_->send(request);
    if (!answer) return std::move(answer).error();
    if (!answer->ok()) return S3Client::refused(request, *answer);
    return {};
  }
  if (!buffer_.empty()) LEVADA_TRY(send_part());
  LEVADA_TRY(complete());
  upload_id_.clear();
  return {};
}

// Of the object that was opened, or none: another may have taken its place.
Result<size_t> S3Input::read(void* to, size_t bytes, uint64_t offset) {
  if (offset >= object_.bytes || bytes == 0) return size_t{0};
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(bytes, object_.bytes - offset));
  const auto range = "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + wanted - 1);
  const S3Request request{"GET", key_, {}, {{"if-match", object_.etag}, {"range", range}}, {}, static_cast<char*>(to),
                          wanted};
  auto answer = client_->send(request);
  if (!answer) return std::move(answer).error();
  if (answer->status() == 404 || answer->status() == 412)
    return retry("GET " + key_ + ": the file has been replaced or removed since it was opened");
  if (!answer->ok()) return S3Client::refused(request, *answer);
  if (answer->response.bytes_into != wanted) return retry("GET " + key_ + ": fewer bytes came than the file has");
  return wanted;
}

}  // namespace levada::lake
