// The calls of WebHDFS, version 1, to a NameNode and from there to DataNodes. Paths begin with "/".
// What may go by itself (a NameNode that starts, is in safe mode or on standby, a DataNode that is
// gone) is tried again some times.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/http_client.h"
#include "lake/stores/repeats.h"
#include "levada/host.h"
#include "levada/result.h"

namespace levada::lake {

struct WebHdfsSettings {
  std::vector<std::string> name_nodes;  // "host:9870", each; those of one cluster.
  bool tls = false;
  std::string root;  // "/data/views"; empty: all of HDFS.
  std::string user;  // Whom an insecure cluster is to take us for.
  std::string delegation_token;
  std::string group;  // Whose members may read files (0640) and new folders (0750), too.
  HttpSettings http;
  Repeats repeats;
};

struct HdfsStatus {
  std::string name;  // In its folder.
  bool is_folder = false;
  uint64_t bytes = 0;
  int64_t modified_ms = 0;
  uint64_t id = 0;  // The same as long as the file lives, whatever its path; 0: the server says none.
};

// [any] but for what says otherwise.
class WebHdfsClient {
 public:
  WebHdfsClient(Host host, WebHdfsSettings settings);

  const WebHdfsSettings& settings() const { return settings_; }
  const Host& host() const { return host_; }

  Result<std::optional<HdfsStatus>> status(const std::string& path);
  // With the folders above it; done also where there is one. Those that it makes get the
  // permission.
  Done make_folder(const std::string& path, const char* permission);
  Done set_group(const std::string& path, const std::string& group);
  enum class Renamed { yes, taken, missing };
  Result<Renamed> rename(const std::string& from, const std::string& to, bool overwrite);
  // Appends files of the same folder to the first, in one step of the NameNode; they go. False: the
  // server cannot. After RETRY it may be done.
  Result<bool> concatenate(const std::string& path, const std::vector<std::string>& sources);
  Done remove(const std::string& path);
  struct Page {
    std::vector<HdfsStatus> files;
    bool is_last = true;
  };
  // What is in a folder behind a name, by name; an empty page where there is no such folder.
  Result<Page> list(const std::string& folder, const std::string& after);
  // Makes a file, or makes it anew; false where there is no folder for it.
  Result<bool> create(const std::string& path, std::string_view bytes);
  // The same for one whose bytes come bit by bit, these first; null where there is no folder for
  // it.
  Result<std::unique_ptr<HttpUpload>> create_upload(const std::string& path, std::string_view bytes);
  // Whether it has become one: for the response of the upload.
  Done created(const std::string& path, const HttpResponse& response) const;
  // False where there is no such file.
  Result<bool> read(const std::string& path, uint64_t offset, char* to, size_t bytes);

 private:
  struct Answer {
    enum class Kind { ok, missing, taken, refused, again };
    Kind kind = Kind::ok;
    HttpResponse response;
    std::string why;
  };

  std::string url(const std::string& path, const std::string& operation, const std::string& excluded) const;
  Answer ask(const HttpRequest& request);
  Answer ask_name_node(const char* method, const std::string& path, const std::string& operation,
                       const std::string& excluded = {});
  // Where the NameNode sends us, in the header Location.
  Answer ask_data_node(HttpRequest request, const std::string& path, const std::string& operation,
                       std::string& excluded);
  // Asks until the answer is no `again`; `what` is for messages. RETRY where it is refused.
  template <class Ask>
  Result<Answer> repeat(const std::string& what, const Ask& ask);
  Result<Answer> name_node(const char* method, const std::string& path, const std::string& operation);
  std::string creation() const;
  static Answer judge(HttpResponse response);

  const Host host_;
  const WebHdfsSettings settings_;
  HttpClient http_;
  std::atomic<size_t> name_node_ = 0;  // The one that answered last.
};

}  // namespace levada::lake
