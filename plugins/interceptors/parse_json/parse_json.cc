// The interceptor parse_json.
#include "parse_json.h"

#include "json/json_scanner.h"
#include "json/rows.h"
#include "levada/kept_rows.h"

namespace levada::parse_json {

namespace {

// Why a text is no JSON object. Only for the few that are not: it reads the text again.
std::string fault_of(const Batch& batch, int64_t row, std::string_view text) {
  JsonScanner scanner(text);
  const size_t begin = scanner.skip_space(0);
  const auto end = scanner.scan(begin);
  if (!end) return reason_at(batch, row, scanner.fault().offset, scanner.fault().reason);
  const size_t rest = scanner.skip_space(*end);
  if (rest < text.size()) return reason_at(batch, row, rest, "more behind the document");
  if (text[begin] == '{') return reason_at(batch, row, 0, "simdjson does not read this");
  return reason_at(batch, row, begin, "expected an object, found " + std::string(kind_of(text.substr(begin))));
}

}  // namespace

ParseJson::ParseJson(std::optional<DeclaredColumns> declared, const Settings& settings, const Host& host)
    : declared_(std::move(declared)),
      reject_mismatches_(settings.on_mismatch == OnMismatch::reject),
      validate_(settings.validate),
      mismatched_(host.counter("values_mismatched")),
      ignored_(host.counter("values_ignored")) {}

Result<std::unique_ptr<ParseJson>> ParseJson::create(Settings settings, Host host) {
  std::optional<DeclaredColumns> declared;
  if (settings.infer) {
    if (settings.columns.size() > 0)
      return wrong("infer", "columns are either declared or inferred: remove columns, or infer");
  } else {
    if (settings.columns.size() == 0)
      return wrong("columns", "name the columns, columns = { ip = \"text\", bytes = \"int64\" }, or set infer = true");
    auto made = DeclaredColumns::create(settings.columns);
    if (!made) return std::move(made).error();
    declared = *std::move(made);
  }
  return std::unique_ptr<ParseJson>(new ParseJson(std::move(declared), settings, host));
}

Done ParseJson::intercept(Batch& batch) {
  const Column* found = batch.body();
  if (!found) return fatal("parse_json reads the column \"body\", which the batch does not have");
  const Column body = resolved(*found);
  const Documents documents(body);
  declared_ ? declared_->start(body) : inferred_.start();

  std::string reason;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    if (parse(batch, row, documents, reason)) continue;
    batch.reject(row, std::move(reason));
  }
  parser_.shrink();

  if (declared_) {
    mismatched_.add(declared_->mismatches());
    for (auto& column : declared_->finish()) batch.set(std::move(column));
  } else {
    // What the batch knows already, and its body, are not overwritten by what a row happens to say.
    for (auto& column : inferred_.finish(body))
      if (!batch.find(column.name())) batch.set(std::move(column));
    ignored_.add(inferred_.ignored());
  }
  if (!batch.rejections().empty()) batch = without_rejected(batch);
  return {};
}

bool ParseJson::parse(const Batch& batch, int64_t row, const Documents& documents, std::string& reason) {
  const auto document = documents[row];
  const auto text = document.text;
  // Nearly all documents are built as others before them.
  if (declared_ && declared_->read_known(text, document.readable_end)) {
    if (declared_->has_nested()) parser_.find_tokens(document);
    return declared_->append({&documents.view(row), text, false}, TokenCursor(parser_, text), reject_mismatches_,
                             reason);
  }
  const bool has_tokens = parser_.find_tokens(document);
  const bool has_escapes = parser_.has_backslash();
  const CellBuilder::Document described{&documents.view(row), text, has_escapes};
  const TokenCursor cursor(parser_, text);
  // Most others are judged and read in one pass.
  if (declared_ && has_tokens && !has_escapes && declared_->read_plain(parser_.plain_tokens(text.data()))) {
    declared_->learn(text, parser_.tokens());
    return declared_->append(described, cursor, reject_mismatches_, reason);
  }
  const bool is_read = has_tokens && (!validate_ || parser_.is_valid());
  if (declared_) {
    if (is_read && declared_->read(cursor, has_escapes))
      return declared_->append(described, cursor, reject_mismatches_, reason);
    declared_->append_nulls();
  } else if (is_read && inferred_.read(row, cursor, has_escapes)) {
    return true;
  }
  reason = fault_of(batch, row, text);
  return false;
}

}  // namespace levada::parse_json

LEVADA_PLUGIN("parse_json", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::parse_json::ParseJson>("parse_json",
                                                                 "Makes typed columns of the values in JSON bodies."))
