// Which picture files the arguments of a command mean.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

// A file stands for itself, whatever its name; a folder for the pictures in it and below, by their extensions, sorted;
// an argument with *, ? or [ that is no file for what it matches. kInvalidArgument names an argument that is none of
// these, a pattern that matches nothing or a folder without pictures.
[[nodiscard]] Result<std::vector<std::filesystem::path>> ExpandInputs(const std::vector<std::string>& arguments);

}  // namespace hailo_clip
