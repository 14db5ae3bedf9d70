#include "text/prompt_template.h"

#include <array>

namespace hailo_clip {
namespace {

constexpr std::string_view kPlace = "{}";

// What an everyday camera sees: near and far, light and dark, sharp and not, inside and outside.
constexpr std::array<std::string_view, 10> kPhotoTemplates = {
    "a photo of a {}.",
    "a close-up of a {}.",
    "a snapshot showing a {}.",
    "a {} seen from far away.",
    "a dark photo of a {}, taken at night.",
    "a {} outside in daylight.",
    "a {} inside a room.",
    "a blurry picture of a {}.",
    "part of a {}, cut off by the edge of the picture.",
    "a {} among other things.",
};

}  // namespace

std::span<const std::string_view> PhotoTemplates() { return kPhotoTemplates; }

Status CheckTemplate(std::string_view text) {
  const std::size_t place = text.find(kPlace);
  if (place == text.npos)
    return Fail(ErrorCode::kInvalidArgument,
                "a template needs {{}} where the prompt goes, as in \"a photo of a {{}}\"");
  if (text.find(kPlace, place + kPlace.size()) != text.npos)
    return Fail(ErrorCode::kInvalidArgument, "a template may hold {{}} only once");
  return {};
}

std::string FillTemplate(std::string_view text, std::string_view prompt) {
  const std::size_t place = text.find(kPlace);
  std::string filled;
  filled.reserve(text.size() + prompt.size());
  filled.append(text.substr(0, place)).append(prompt);
  if (place != text.npos) filled.append(text.substr(place + kPlace.size()));
  return filled;
}

}  // namespace hailo_clip
