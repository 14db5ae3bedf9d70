// The reader below configuration and manifests; a scalar that was read must survive being written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/yaml.h"

namespace {

void CheckQuoting(const hailo_clip::YamlNode& node) {
  if (node.kind == hailo_clip::YamlNode::Kind::kScalar) {
    const auto again = hailo_clip::ParseYaml(hailo_clip::QuoteYaml(node.text), "fuzz");
    if (!again.has_value() || again->text != node.text) std::abort();
  }
  for (const hailo_clip::YamlNode& child : node.children) CheckQuoting(child);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto root = hailo_clip::ParseYaml(text, "fuzz", {.max_bytes = 65'536, .max_nodes = 2'000});
  if (root.has_value()) CheckQuoting(*root);
  return 0;
}
