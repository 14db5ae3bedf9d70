// Parts of answers that several dialects share.
#pragma once

#include "base/json_writer.h"
#include "base/result.h"
#include "engine/engine.h"

namespace hailo_clip::http {

// "model", "model_fingerprint", "backend"; and "requested_model" with a "note" if the starter stands in for it.
void WriteIdentity(JsonWriter& json, const ModelIdentity& model);

// An error about a picture, in the words that clients of the earlier service know: "Failed to decode image: ...".
[[nodiscard]] Error PictureError(Error error);

// Seconds or milliseconds to three decimals: what is beyond is noise.
[[nodiscard]] double RoundToThousandths(double value);

}  // namespace hailo_clip::http
