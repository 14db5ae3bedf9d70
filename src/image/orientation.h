// How a picture must be turned to stand upright (EXIF 2.3, tag 0x0112).
#pragma once

#include <cstddef>
#include <span>

#include "image/picture_format.h"

namespace hailo_clip {

// The eight EXIF orientations in terms of the stored picture: its columns or rows read backwards, then its
// axes swapped. Orientation 6 (a phone held upright): rows backwards, axes swapped.
struct Orientation {
  bool swap_axes = false;
  bool reverse_columns = false;
  bool reverse_rows = false;
};

// `exif_value` 1..8; every other value means "as stored".
[[nodiscard]] Orientation OrientationFromExif(int exif_value);

// The EXIF value 1..8 that the metadata of a JPEG, PNG or WebP file names; 1 if there is none, if it is broken
// or for every other format (libheif turns pictures itself, TIFF has a tag of its own). Never reads outside
// `bytes`, allocates nothing.
[[nodiscard]] int ReadExifOrientation(std::span<const std::byte> bytes, PictureFormat format);

}  // namespace hailo_clip
