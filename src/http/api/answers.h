// Parts of answers that several dialects share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "engine/engine.h"
#include "http/request.h"
#include "http/response.h"

namespace hailo_clip::http {

// "model", "model_fingerprint", "backend"; and "requested_model" with a "note" if the starter stands in for it.
void WriteIdentity(JsonWriter& json, const ModelIdentity& model);

// "classifications", then after them "margin", "none_of_these", "truncated" and "cached": the result for one picture.
void WriteClassifications(JsonWriter& json, const Classification& answer, const ClassifyRequest& request);
void WriteVerdict(JsonWriter& json, const Classification& answer);

// True for errors about what was sent as a picture, false for those of the service.
[[nodiscard]] bool IsAboutPicture(ErrorCode code);

// An error about a picture, in the words that clients of the earlier service know: "Failed to decode image: ...".
[[nodiscard]] Error PictureError(Error error);

// Gives the answer an ETag made of its body; 304 without a body if the client has that already (If-None-Match).
[[nodiscard]] Response WithETag(Response response, const Request& request);
// For bodies that also tell of the moment, as times: a weak ETag, made of `content`, which must change whenever the
// answer's meaning does.
[[nodiscard]] Response WithWeakETag(Response response, std::string_view content, const Request& request);

// Seconds or milliseconds to three decimals: what is beyond is noise.
[[nodiscard]] double RoundToThousandths(double value);

}  // namespace hailo_clip::http
