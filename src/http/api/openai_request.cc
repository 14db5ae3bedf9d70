#include "http/api/openai_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "http/api/native_requests.h"
#include "http/fields.h"
#include "http/picture_input.h"

namespace hailo_clip::http {
namespace {

using simdjson::dom::element;

// A picture as the request holds it, not decoded yet.
struct PictureText {
  std::string_view text;
  std::string where;
};
using Input = std::variant<TextInput, PictureText>;

constexpr std::array<std::string_view, 6> kFields{"input",      "model",    "encoding_format",
                                                  "dimensions", "modality", "messages"};
constexpr std::array<std::string_view, 2> kObjectFields{"text", "image"};
constexpr std::array<std::string_view, 2> kMessageFields{"role", "content"};
constexpr std::array<std::string_view, 3> kPartFields{"type", "text", "image_url"};
constexpr std::array<std::string_view, 2> kUrlFields{"url", "detail"};

std::unexpected<Error> RefuseTokens() {
  return Fail(ErrorCode::kInvalidArgument,
              "field 'input' holds token ids, which belong to another model's tokenizer; send strings (with LangChain: "
              "check_embedding_ctx_length=False)");
}

Result<Input> ReadText(std::string_view text, std::string_view where) {
  HC_TRY(CheckText(text, kMaxTextBytes, where));
  return TextInput{std::string(text)};
}

Result<Input> ReadMember(const JsonDocument& document, element value, bool strings_are_pictures,
                         std::string_view where) {
  if (const auto text = document.TextOf(value)) {
    if (strings_are_pictures || IsPictureDataUri(*text)) return PictureText{*text, std::string(where)};
    return ReadText(*text, where);
  }
  if (value.is_number() || value.is_array()) return RefuseTokens();
  if (!value.is_object())
    return Fail(ErrorCode::kInvalidArgument, "{} must be a string, or an object with 'text' or 'image', not {}", where,
                KindName(value));
  HC_ASSIGN(const Fields fields, Fields::Of(document, value, kObjectFields, where));
  HC_ASSIGN(const auto object_text, fields.String("text"));
  HC_ASSIGN(const auto image, fields.String("image"));
  if (object_text.has_value() == image.has_value())
    return Fail(ErrorCode::kInvalidArgument, "{} must have either 'text' or 'image'", where);
  if (image) return PictureText{*image, std::string(where)};
  return ReadText(*object_text, where);
}

Status ReadInputField(const JsonDocument& document, element value, bool strings_are_pictures,
                      std::vector<Input>& inputs) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    HC_ASSIGN(Input only, ReadMember(document, value, strings_are_pictures, "field 'input'"));
    inputs.push_back(std::move(only));
    return {};
  }
  for (const element member : array) {
    if (inputs.size() == kMaxTexts)
      return Fail(ErrorCode::kInvalidArgument, "field 'input' has more than {} members", kMaxTexts);
    HC_ASSIGN(Input input,
              ReadMember(document, member, strings_are_pictures, fmt::format("field 'input'[{}]", inputs.size())));
    inputs.push_back(std::move(input));
  }
  if (inputs.empty()) return Fail(ErrorCode::kInvalidArgument, "field 'input' must not be empty");
  return {};
}

Result<Input> ReadContentPart(const JsonDocument& document, element part, std::string_view where) {
  HC_ASSIGN(const Fields fields, Fields::Of(document, part, kPartFields, where));
  HC_ASSIGN(const auto type, fields.String("type"));
  if (type == "text") {
    HC_ASSIGN(const auto text, fields.String("text"));
    return ReadText(text.value_or(""), fmt::format("{}: field 'text'", where));
  }
  const std::optional<element> image_url = fields.Find("image_url");
  if (type != "image_url" || !image_url)
    return Fail(ErrorCode::kInvalidArgument, "{} must be of type 'text' or 'image_url'", where);
  HC_ASSIGN(const Fields url_fields,
            Fields::Of(document, *image_url, kUrlFields, fmt::format("{}: field 'image_url'", where)));
  HC_ASSIGN(const auto url, url_fields.String("url"));
  return PictureText{url.value_or(""), fmt::format("{}: image_url.url", where)};
}

// vLLM's form: one conversation is one embedding, so it must hold exactly one text or one picture.
Result<Input> ReadMessages(const JsonDocument& document, element value) {
  simdjson::dom::array messages;
  if (value.get(messages) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "field 'messages' must be an array, not {}", KindName(value));
  std::optional<Input> found;
  const auto take = [&](Result<Input> input) -> Status {
    if (!input) return std::unexpected(std::move(input).error());
    if (found)
      return Fail(
          ErrorCode::kInvalidArgument,
          "field 'messages' must hold one text or one picture; this model does not mix several in an embedding");
    found = *std::move(input);
    return {};
  };
  for (const element message : messages) {
    HC_ASSIGN(const Fields fields, Fields::Of(document, message, kMessageFields, "messages"));
    const std::optional<element> content = fields.Find("content");
    const auto text = content ? document.TextOf(*content) : std::nullopt;
    simdjson::dom::array parts;
    if (text) {
      HC_TRY(take(ReadText(*text, "field 'messages': content")));
    } else if (content && content->get(parts) == simdjson::SUCCESS) {
      for (const element part : parts) HC_TRY(take(ReadContentPart(document, part, "field 'messages': content part")));
    } else {
      return Fail(ErrorCode::kInvalidArgument, "field 'messages': content must be a string or an array of parts");
    }
  }
  if (!found) return Fail(ErrorCode::kInvalidArgument, "field 'messages' holds neither a text nor a picture");
  return *std::move(found);
}

Status RefuseWhatThisModelCannot(const Fields& fields) {
  if (fields.Has("dimensions"))
    return Fail(ErrorCode::kInvalidArgument,
                "field 'dimensions' is not supported: this model was not trained to be cut short (Matryoshka)");
  HC_ASSIGN(const auto modality, fields.String("modality"));
  if (modality && *modality != "text" && *modality != "image")
    return Fail(ErrorCode::kInvalidArgument, "field 'modality' must be 'text' or 'image'");
  return {};
}

}  // namespace

Result<EmbeddingsInput> ReadEmbeddings(Request& request) {
  HC_ASSIGN(const JsonDocument document, JsonDocument::ParseAround(request.body));
  HC_ASSIGN(const Fields fields, Fields::Of(document, kFields));
  HC_TRY(RefuseWhatThisModelCannot(fields));
  EmbeddingsInput result;
  HC_ASSIGN(const auto model, fields.String("model"));
  result.model = std::string(model.value_or(""));
  HC_ASSIGN(const auto format, fields.String("encoding_format"));
  if (format && *format != "float" && *format != "base64")
    return Fail(ErrorCode::kInvalidArgument, "field 'encoding_format' must be 'float' or 'base64'");
  result.base64 = format == "base64";

  const std::optional<element> input = fields.Find("input");
  const std::optional<element> messages = fields.Find("messages");
  if (input.has_value() == messages.has_value())
    return Fail(ErrorCode::kInvalidArgument, "field 'input' is missing: send a string or an array of strings");
  std::vector<Input> inputs;
  if (messages) {
    HC_ASSIGN(Input only, ReadMessages(document, *messages));
    inputs.push_back(std::move(only));
  } else {
    HC_ASSIGN(const auto modality, fields.String("modality"));
    HC_TRY(ReadInputField(document, *input, modality == "image", inputs));
  }
  const auto pictures =
      std::ranges::count_if(inputs, [](const Input& member) { return std::holds_alternative<PictureText>(member); });
  if (static_cast<std::size_t>(pictures) > kMaxImages)
    return Fail(ErrorCode::kInvalidArgument, "field 'input' has more than {} pictures", kMaxImages);
  // Texts are copies by now: the only picture may take the body's place.
  for (Input& member : inputs) {
    if (auto* text = std::get_if<TextInput>(&member)) {
      result.inputs.emplace_back(std::move(*text));
    } else {
      const auto& [base64, where] = std::get<PictureText>(member);
      HC_ASSIGN(std::string bytes,
                pictures == 1 ? TakePicture(request.body, base64, where) : DecodePictureText(base64, where));
      result.inputs.emplace_back(PictureInput{std::move(bytes)});
    }
  }
  request.DropBody();
  return result;
}

}  // namespace hailo_clip::http
