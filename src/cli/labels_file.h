// A text file with one label a line.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace hailo_clip {

// Its lines without spaces and carriage returns at their ends; empty ones are left out. kInvalidArgument if it cannot
// be read, has more than 32 MiB or is not UTF-8.
[[nodiscard]] Result<std::vector<std::string>> ReadLabelsFile(const std::string& path);

}  // namespace hailo_clip
