#include "cli/inputs.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;

bool LooksLikePicture(const fs::path& path) {
  constexpr std::array<std::string_view, 10> kExtensions = {".jpg", ".jpeg", ".png",  ".webp", ".gif",
                                                            ".tif", ".tiff", ".avif", ".heic", ".heif"};
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kExtensions, extension) != kExtensions.end();
}

Result<std::vector<fs::path>> PicturesBelow(const fs::path& folder) {
  std::vector<fs::path> pictures;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && LooksLikePicture(entry->path())) pictures.push_back(entry->path());
  }
  if (error) return Fail(ErrorCode::kInvalidArgument, "{}: {}", folder.string(), error.message());
  if (pictures.empty())
    return Fail(ErrorCode::kInvalidArgument, "{}: there are no pictures in this folder", folder.string());
  std::ranges::sort(pictures);
  return pictures;
}

std::vector<fs::path> Matches(const std::string& pattern) {
  glob_t found{};
  std::vector<fs::path> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

}  // namespace

Result<std::vector<fs::path>> ExpandInputs(const std::vector<std::string>& arguments) {
  std::vector<fs::path> inputs;
  const auto add = [&inputs](const fs::path& path) -> Status {
    if (!fs::is_directory(path)) {
      inputs.push_back(path);
      return {};
    }
    HC_ASSIGN(const std::vector<fs::path> pictures, PicturesBelow(path));
    inputs.insert(inputs.end(), pictures.begin(), pictures.end());
    return {};
  };
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (fs::exists(argument, ignored)) {
      HC_TRY(add(argument));
      continue;
    }
    const std::vector<fs::path> matches =
        argument.find_first_of("*?[") != std::string::npos ? Matches(argument) : std::vector<fs::path>();
    if (matches.empty())
      return Fail(ErrorCode::kInvalidArgument, "'{}' is no file or folder (prompts go after -p or after --)", argument);
    for (const fs::path& match : matches) HC_TRY(add(match));
  }
  return inputs;
}

}  // namespace hailo_clip
