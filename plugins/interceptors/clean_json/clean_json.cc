// The interceptor clean_json.
#include "clean_json.h"

#include <algorithm>

#include "json/json_scanner.h"
#include "json/rows.h"

namespace levada::clean_json {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_around(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == '[' || c == ']'; }

// Without what may stand around an object in a file: found by looking at both ends only.
std::string_view trimmed(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty() && is_around(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_around(text.back())) text.remove_suffix(1);
  return text;
}

bool looks_like_object(std::string_view text) { return text.size() >= 2 && text.front() == '{' && text.back() == '}'; }

// Is told of the values of known shapes, of which none is wanted.
struct NoValues {
  void integer(int32_t, const char*, const char*, int64_t) {}
  void text(int32_t, const char*, const char*) {}
  void open(int32_t, const char*) {}
  void close(int32_t, const char*) {}
};

}  // namespace

CleanJson::CleanJson(unsigned repairs, const Host& host)
    : splitter_(repairs),
      filtered_(host.counter("rows_filtered")),
      added_(host.counter("rows_added")),
      repaired_count_(host.counter("rows_repaired")) {}

Result<std::unique_ptr<CleanJson>> CleanJson::create(Settings settings, Host host) {
  constexpr std::pair<std::string_view, unsigned> kNames[] = {{"trailing_commas", Repairs::kTrailingCommas},
                                                              {"single_quotes", Repairs::kSingleQuotes},
                                                              {"control_characters", Repairs::kControlCharacters},
                                                              {"comments", Repairs::kComments},
                                                              {"nan", Repairs::kNan}};
  unsigned repairs = 0;
  for (const auto& wanted : settings.repair)
    for (const auto& [name, bit] : kNames)
      if (wanted == name) repairs |= bit;
  return std::unique_ptr<CleanJson>(new CleanJson(repairs, host));
}

Done CleanJson::intercept(Batch& batch) {
  const Column* found = batch.body();
  if (!found) return fatal("clean_json reads the column \"body\", which the batch does not have");
  const Column body = resolved(*found);
  const Documents documents(body);
  rows_.clear();
  views_.clear();
  repairs_.clear();
  rejections_.clear();
  repaired_.clear();
  is_changed_ = false;
  rows_added_ = 0;
  int64_t filtered = 0;

  const bool has_nulls = body.has_nulls();
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const auto document = documents[row];
    auto object = document.text;
    if (!looks_like_object(object)) object = trimmed(object);
    if (looks_like_object(object) && is_object(object, document.readable_end)) {
      is_changed_ |= object.size() != document.text.size();
      keep(row, documents.view(row), document.text, object);
      continue;
    }
    is_changed_ = true;
    if ((has_nulls && body.null(row)) || object.empty() || !split(batch, row, documents.view(row), document))
      ++filtered;
  }
  parser_.shrink();

  if (is_changed_) batch = cleaned(batch, body);
  for (auto& rejection : rejections_)
    batch.reject_part(rejection.row, std::move(rejection.reason), std::move(rejection.body));
  filtered_.add(filtered);
  added_.add(rows_added_);
  repaired_count_.add(static_cast<int64_t>(repairs_.size()));
  return {};
}

bool CleanJson::is_object(std::string_view text, const char* readable_end) {
  NoValues none;
  // Nearly all documents are built as others before them.
  if (shapes_.read(text, readable_end, none)) return true;
  if (!parser_.find_tokens({text, readable_end})) return false;
  if (parser_.has_backslash() || !parser_.plain_tokens(text.data()).is_object()) return parser_.is_valid();
  if (shapes_.can_learn()) shapes_.learn(text, parser_.tokens(), nullptr);
  return true;
}

bool CleanJson::split(const Batch& batch, int64_t row, const View& view, Documents::Document document) {
  const auto& parts = splitter_.split(document.text);
  if (parts.empty()) return false;
  rows_added_ += static_cast<int64_t>(parts.size()) - 1;
  for (const auto& part : parts) {
    const auto text = document.text.substr(part.begin, part.end - part.begin);
    const auto body = parts.size() == 1 ? std::string_view() : text;
    if (!part.reason.empty()) {
      reject(batch, row, part, part.reason, std::string(body));
    } else if (!(part.is_repaired ? parser_.parse(part.repaired) : parser_.parse(text, document.readable_end))) {
      reject(batch, row, part, "simdjson does not read this", std::string(body));
    } else if (part.is_repaired) {
      repairs_.push_back({rows_.size(), repaired_.size(), part.repaired.size()});
      repaired_ += part.repaired;
      keep(row, View{}, {}, {});
    } else {
      keep(row, view, document.text, text);
    }
  }
  return true;
}

void CleanJson::reject(const Batch& batch, int64_t row, const RowSplitter::Part& part, std::string_view why,
                       std::string body) {
  rejections_.push_back({row, reason_at(batch, row, part.fault, why), std::move(body)});
}

Batch CleanJson::cleaned(const Batch& batch, const Column& body) const {
  const auto count = static_cast<int64_t>(rows_.size());
  Batch out(count);
  out.stream = batch.stream;
  out.position = batch.position;
  out.sequence = batch.sequence;

  TextBuilder bodies(count);
  bodies.share(body);  // As the first, so that its views are good as they are.
  std::copy(views_.begin(), views_.end(), bodies.extend(count));
  bodies.filled(count);
  for (const auto& each : repairs_)
    bodies.set(static_cast<int64_t>(each.number), std::string_view(repaired_).substr(each.begin, each.size));
  const Column cleaned = std::move(bodies).finish("body", body.type());
  for (const auto& column : batch.columns())
    out.set(column.name() == "body" ? cleaned : take(column, rows_.data(), count));
  return out;
}

}  // namespace levada::clean_json

LEVADA_PLUGIN("clean_json", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::clean_json::CleanJson>("clean_json",
                                                                 "Makes exactly one valid JSON object of each row."))
