// What RE2::Set alone does: patterns_reference PATTERNS.tsv LOG. Finds in each line of the log
// which of the patterns occur, and prints "PATTERN,LINES" for each, and to the error output the
// CPU-seconds of the search: reading the file and writing the counts are not among them.
#include <re2/re2.h>
#include <re2/set.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "usage: patterns_reference PATTERNS.tsv LOG\n"), 2;
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_max_mem(256 << 20);
  RE2::Set set(options, RE2::UNANCHORED);
  std::vector<std::string> names;
  std::ifstream patterns(arguments[1]);
  for (std::string line; std::getline(patterns, line);) {
    const auto tab = line.find('\t');
    names.push_back(line.substr(0, tab));
    if (set.Add(line.substr(tab + 1), nullptr) < 0) return std::fprintf(stderr, "bad: %s\n", line.c_str()), 1;
  }
  set.Compile();
  std::ifstream file(arguments[2], std::ios::binary);
  const std::string log(std::istreambuf_iterator<char>(file), {});

  const double begin = cpu_seconds();
  std::vector<long> lines(names.size());
  std::vector<int> found;
  for (const char *at = log.data(), *end = at + log.size(); at < end;) {
    const auto* line_end = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    if (!line_end) line_end = end;
    if (set.Match({at, static_cast<size_t>(line_end - at)}, &found))
      for (const int pattern : found) ++lines[static_cast<size_t>(pattern)];
    at = line_end + 1;
  }
  std::fprintf(stderr, "%.3f\n", cpu_seconds() - begin);
  for (size_t at = 0; at < names.size(); ++at) std::printf("%s,%ld\n", names[at].c_str(), lines[at]);
}
