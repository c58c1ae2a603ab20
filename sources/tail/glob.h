// Files by patterns of paths.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "levada/host.h"

namespace levada::tail {

// "/a/{b,c}_x.log" as "/a/b_x.log" and "/a/c_x.log"; braces nest, and one that is not closed stands
// for itself.
std::vector<std::string> without_braces(const std::string& pattern);

// Calls problem(error) for each folder that cannot be listed; one that is missing is none.
// `**` stands for any number of folders. Gives files, not folders, by path; links are followed.
std::map<std::string, levada_file_info> glob(const Files& files, const std::vector<std::string>& include,
                                             const std::vector<std::string>& exclude,
                                             const std::function<void(const Error&)>& problem);
// Whether a path matches: a pattern with a '/' is about all of it, any other about its last part.
bool matches(const std::string& pattern, const std::string& path);
// The folder that a pattern begins with, up to its first wildcard.
std::string fixed_folder(const std::string& pattern);

}  // namespace levada::tail
