#include "model/published.h"

#include <array>

namespace hailo_clip {

std::span<const Layout> Layouts() {
  static const std::array kLayouts = {kHuggingFaceSplitLayout, kHuggingFaceCombinedLayout, kOpenClipLayout};
  return kLayouts;
}

bool IsLfsPointer(std::string_view head) { return head.starts_with("version https://git-lfs.github.com/spec/"); }

}  // namespace hailo_clip
