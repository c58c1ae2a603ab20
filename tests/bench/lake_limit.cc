// What lake.py compares with: the ad views of a file are parsed line by line by simdjson into
// columns in memory, and these are written by Arrow's own writer. Prints the CPU-seconds of both.
//   lake_limit VIEWS.ndjson OUT.parquet
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>
#include <simdjson.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Columns {
  arrow::StringBuilder view_id;
  arrow::Int64Builder numbers[4];

  std::shared_ptr<arrow::RecordBatch> finish() {
    static const auto schema =
        arrow::schema({arrow::field("view_id", arrow::utf8()), arrow::field("start_timestamp", arrow::int64()),
                       arrow::field("end_timestamp", arrow::int64()), arrow::field("banner_id", arrow::int64()),
                       arrow::field("campaign_id", arrow::int64())});
    arrow::ArrayVector arrays = {view_id.Finish().ValueOrDie()};
    for (auto& each : numbers) arrays.push_back(each.Finish().ValueOrDie());
    const auto rows = arrays[0]->length();
    return arrow::RecordBatch::Make(schema, rows, std::move(arrays));
  }
};

constexpr const char* kNumbers[] = {"start_timestamp", "end_timestamp", "banner_id", "campaign_id"};

// False for a line that is no view.
bool add(simdjson::dom::parser& parser, const char* line, size_t bytes, Columns& to) {
  simdjson::dom::object view;
  std::string_view id;
  int64_t values[4];
  if (parser.parse(line, bytes, false).get(view) != simdjson::SUCCESS || view["view_id"].get(id) != simdjson::SUCCESS)
    return false;
  for (size_t at = 0; at < 4; ++at)
    if (view[kNumbers[at]].get(values[at]) != simdjson::SUCCESS) return false;
  if (!to.view_id.Append(id).ok()) return false;
  for (size_t at = 0; at < 4; ++at)
    if (!to.numbers[at].Append(values[at]).ok()) return false;
  return true;
}

std::vector<std::shared_ptr<arrow::RecordBatch>> parse(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  simdjson::dom::parser parser;
  Columns columns;
  constexpr size_t kChunk = 1 << 20;
  std::vector<char> chunk(2 * kChunk + simdjson::SIMDJSON_PADDING);
  size_t held = 0;
  for (;;) {
    in.read(chunk.data() + held, kChunk);
    const auto end = held + static_cast<size_t>(in.gcount());
    if (in.gcount() == 0) break;
    size_t at = 0;
    while (const void* newline = std::memchr(chunk.data() + at, '\n', end - at)) {
      const auto size = static_cast<size_t>(static_cast<const char*>(newline) - (chunk.data() + at));
      add(parser, chunk.data() + at, size, columns);
      at += size + 1;
    }
    held = end - at;
    std::memmove(chunk.data(), chunk.data() + at, held);
    batches.push_back(columns.finish());
  }
  return batches;
}

arrow::Status write(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, const char* path) {
  const auto properties =
      parquet::WriterProperties::Builder().compression(arrow::Compression::ZSTD)->compression_level(1)->build();
  ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::FileOutputStream::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto writer, parquet::arrow::FileWriter::Open(*batches[0]->schema(),
                                                                      arrow::default_memory_pool(), out, properties));
  for (const auto& batch : batches) ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  return out->Close();
}

}  // namespace

int main(int, char** argv) {
  const auto start = cpu_seconds();
  const auto batches = parse(argv[1]);
  const auto parsed = cpu_seconds();
  const auto written = write(batches, argv[2]);
  if (!written.ok()) {
    std::fprintf(stderr, "%s\n", written.ToString().c_str());
    return 1;
  }
  int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  std::printf("%lld rows, parse %.3f, write %.3f\n", static_cast<long long>(rows), parsed - start,
              cpu_seconds() - parsed);
}
