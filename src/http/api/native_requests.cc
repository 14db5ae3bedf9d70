#include "http/api/native_requests.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "http/content_type.h"
#include "http/fields.h"
#include "http/form_fields.h"
#include "http/multipart.h"
#include "http/picture_input.h"
#include "text/prompt_template.h"

namespace hailo_clip::http {
namespace {

using Kind = FormField::Kind;
using Form = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr std::array<std::string_view, 11> kClassifyFields{"image",         "prompts",   "label_set", "top_k",
                                                           "threshold",     "model",     "templates", "reject_below",
                                                           "apply_softmax", "image_url", "priority"};
constexpr std::array<std::string_view, 12> kBatchFields{"images",        "prompts",   "label_set", "top_k",
                                                        "threshold",     "model",     "templates", "reject_below",
                                                        "apply_softmax", "image_url", "image",     "priority"};
constexpr std::array<std::string_view, 5> kEmbedImageFields{"image", "images", "model", "image_url", "priority"};
constexpr std::array<std::string_view, 4> kEmbedTextFields{"text", "texts", "model", "priority"};
constexpr std::array<FormField, 9> kFormFields{{{"prompts", Kind::kTexts},
                                                {"label_set", Kind::kText},
                                                {"templates", Kind::kTexts},
                                                {"top_k", Kind::kNumber},
                                                {"threshold", Kind::kNumber},
                                                {"reject_below", Kind::kNumber},
                                                {"apply_softmax", Kind::kBool},
                                                {"model", Kind::kText},
                                                {"priority", Kind::kText}}};

constexpr std::string_view kBadPrompts = "Missing or invalid 'prompts' array";

// A request's JSON fields, and the pictures that came beside them (multipart files, a raw body).
struct Received {
  JsonDocument document;
  std::vector<std::string> pictures;
  bool is_list = false;
};

Result<Received> ReadForm(const Form& form) {
  HC_ASSIGN(std::string json, FormToJson(form, kFormFields));
  HC_ASSIGN(JsonDocument document, JsonDocument::Parse(json));
  return Received{.document = std::move(document), .pictures = {}};
}

// `batch`: files of both names may repeat, and an empty one is left for the decoder to refuse.
Result<Received> ReadMultipart(Request& request, bool batch) {
  HC_ASSIGN(const std::vector<FormPart> parts, ParseMultipart(request.content_type, request.body));
  Form form;
  std::vector<std::string> pictures;
  bool is_list = false;
  for (const FormPart& part : parts) {
    const bool of_list = part.name == "images";
    if (!of_list && part.name != "image") {
      form.emplace_back(part.name, part.data);
      continue;
    }
    if (!part.is_file)
      return Fail(ErrorCode::kInvalidArgument, "form field '{}' must be a file (with a filename), not text", part.name);
    if (part.data.empty() && !batch)
      return Fail(ErrorCode::kInvalidArgument, "Failed to decode image: the file is empty");
    if (!batch && !pictures.empty() && (!of_list || !is_list))
      return Fail(ErrorCode::kInvalidArgument, "form field 'image' must occur once; use 'images' for several");
    is_list = of_list;
    pictures.emplace_back(part.data);
  }
  HC_ASSIGN(Received received, ReadForm(form));
  received.pictures = std::move(pictures);
  received.is_list = is_list;
  return received;
}

Result<Received> ReadBody(Request& request, bool batch = false) {
  switch (KindOf(request.content_type)) {
    case BodyKind::kMultipart: return ReadMultipart(request, batch);
    case BodyKind::kPicture: {
      if (request.body.empty()) return Fail(ErrorCode::kInvalidArgument, "Failed to decode image: the body is empty");
      Form form(request.query.begin(), request.query.end());
      HC_ASSIGN(Received received, ReadForm(form));
      received.pictures.push_back(std::move(request.body));
      return received;
    }
    case BodyKind::kJson:
    case BodyKind::kOther: break;
  }
  HC_ASSIGN(JsonDocument document, JsonDocument::ParseAround(request.body));
  return Received{.document = std::move(document), .pictures = {}};
}

Status RefuseUrl(const Fields& fields) {
  if (!fields.Has("image_url")) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "field 'image_url' is not supported yet; send the picture itself in 'image' as base64 or a data URI");
}

Result<std::string> ReadModel(const Fields& fields) {
  HC_ASSIGN(const auto model, fields.String("model"));
  return std::string(model.value_or(""));
}

Result<Priority> ReadPriority(const Fields& fields) {
  HC_ASSIGN(const auto word, fields.String("priority"));
  if (!word || *word == "interactive") return Priority::kInteractive;
  if (*word == "bulk") return Priority::kBulk;
  return Fail(ErrorCode::kInvalidArgument, "field 'priority' must be \"interactive\" or \"bulk\"");
}

// CheckText, but the name of a list's member is put together only for a message: there are up to thousands.
Status CheckMember(std::string_view text, std::string_view list, std::size_t index) {
  if (CheckText(text, kMaxTextBytes, list)) return {};
  return CheckText(text, kMaxTextBytes, fmt::format("{}[{}]", list, index));
}

Result<std::vector<std::string>> ReadPrompts(const Fields& fields) {
  auto prompts = fields.Strings("prompts", kMaxPrompts);
  if (!prompts) return FailWithin(kBadPrompts, std::move(prompts).error());
  if (!prompts->has_value())
    return Fail(ErrorCode::kInvalidArgument, "{}: send 1 to {} strings to choose from", kBadPrompts, kMaxPrompts);
  std::vector<std::string> texts;
  texts.reserve((*prompts)->size());
  for (const std::string_view prompt : **prompts) {
    HC_TRY(CheckMember(prompt, "Missing or invalid 'prompts' array: prompts", texts.size()));
    texts.emplace_back(prompt);
  }
  return texts;
}

// "photo", one template, or an array of them.
Result<std::vector<std::string>> ReadTemplates(const Fields& fields) {
  std::vector<std::string_view> given;
  const std::optional<simdjson::dom::element> value = fields.Find("templates");
  if (!value) return std::vector<std::string>();
  if (value->is_string()) {
    HC_ASSIGN(const auto name, fields.String("templates"));
    given.push_back(*name);
  } else {
    HC_ASSIGN(auto list, fields.Strings("templates", kMaxTemplates));
    given = std::move(*list);
  }
  if (given.size() == 1 && given.front() == "photo") {
    const std::span<const std::string_view> photo = PhotoTemplates();
    return std::vector<std::string>(photo.begin(), photo.end());
  }
  if (value->is_string())
    return Fail(ErrorCode::kInvalidArgument,
                "field 'templates' must be \"photo\" or an array of strings with one {{}}");
  std::vector<std::string> templates;
  for (const std::string_view text : given) {
    const std::string where = fmt::format("field 'templates'[{}]", templates.size());
    HC_TRY(CheckText(text, kMaxTextBytes, where));
    if (Status good = CheckTemplate(text); !good) return FailWithin(where, std::move(good).error());
    templates.emplace_back(text);
  }
  return templates;
}

// What the picture is compared with: `prompts` in `templates`, or `label_set`.
Status ReadChoices(const Fields& fields, ClassifyRequest& request) {
  HC_ASSIGN(const auto label_set, fields.String("label_set"));
  if (!label_set) {
    HC_ASSIGN(request.prompts, ReadPrompts(fields));
    HC_ASSIGN(request.templates, ReadTemplates(fields));
    if (request.prompts.size() * request.templates.size() > kMaxFilledPrompts)
      return Fail(ErrorCode::kInvalidArgument, "{} prompts in {} templates each are more than {} texts in all",
                  request.prompts.size(), request.templates.size(), kMaxFilledPrompts);
    return {};
  }
  if (fields.Has("prompts")) return Fail(ErrorCode::kInvalidArgument, "send either 'prompts' or 'label_set', not both");
  if (fields.Has("templates"))
    return Fail(ErrorCode::kInvalidArgument,
                "'templates' belong to the label set; PUT /v1/label-sets/NAME changes them");
  HC_TRY(CheckLabelSetName(*label_set));
  request.label_set = *label_set;
  return {};
}

// All of a classify request but its pictures.
Result<ClassifyRequest> ReadQuestion(const Fields& fields) {
  ClassifyRequest question;
  HC_TRY(ReadChoices(fields, question));
  HC_ASSIGN(const auto top_k, fields.Integer("top_k", 1));
  if (top_k) question.top_k = static_cast<int>(std::min<std::int64_t>(*top_k, kMaxPrompts));
  HC_ASSIGN(question.threshold, fields.Number("threshold", 0, 1));
  HC_ASSIGN(question.reject_below, fields.Number("reject_below", -1, 1));
  HC_ASSIGN(question.apply_softmax, fields.Bool("apply_softmax"));
  HC_ASSIGN(question.model, ReadModel(fields));
  return question;
}

}  // namespace

Result<ClassifyInput> ReadClassify(Request& request) {
  HC_ASSIGN(Received received, ReadBody(request));
  HC_ASSIGN(const Fields fields, Fields::Of(received.document, kClassifyFields));
  HC_TRY(RefuseUrl(fields));
  ClassifyInput input;
  if (received.is_list) return Fail(ErrorCode::kInvalidArgument, "classify takes one picture, in 'image'");
  HC_ASSIGN(const auto image, fields.String("image"));
  if (!image && received.pictures.empty())
    return Fail(ErrorCode::kInvalidArgument,
                "Missing 'image' field: send the picture as base64, a data URI or a multipart file");
  HC_ASSIGN(input.engine, ReadQuestion(fields));
  HC_ASSIGN(input.priority, ReadPriority(fields));
  if (!received.pictures.empty()) {
    input.picture = std::move(received.pictures.front());
  } else {
    HC_ASSIGN(input.picture, TakePicture(request.body, *image, "field 'image'"));  // last: the body is lost
  }
  request.DropBody();
  return input;
}

Result<ClassifyBatchInput> ReadClassifyBatch(Request& request) {
  HC_ASSIGN(Received received, ReadBody(request, true));
  HC_ASSIGN(const Fields fields, Fields::Of(received.document, kBatchFields));
  HC_TRY(RefuseUrl(fields));
  if (fields.Has("image"))
    return Fail(ErrorCode::kInvalidArgument, "field 'image' is for one picture; send an array of them in 'images'");
  ClassifyBatchInput input;
  HC_ASSIGN(const auto images, fields.Strings("images", kMaxImages));
  const std::size_t count = images ? images->size() : received.pictures.size();
  if (count == 0)
    return Fail(ErrorCode::kInvalidArgument,
                "Missing 'images' field: send an array of pictures as base64 or data URIs, or several multipart files "
                "named 'image'");
  if (count > kMaxImages)
    return Fail(ErrorCode::kInvalidArgument, "{} pictures are more than the limit of {}", count, kMaxImages);
  if (images && !received.pictures.empty())
    return Fail(ErrorCode::kInvalidArgument, "send the pictures either as files or in 'images', not both");
  HC_ASSIGN(input.engine, ReadQuestion(fields));
  HC_ASSIGN(input.priority, ReadPriority(fields));
  if (images)
    for (const std::string_view text : *images)
      input.pictures.push_back(DecodePictureText(text, fmt::format("images[{}]", input.pictures.size())));
  for (std::string& picture : received.pictures) input.pictures.emplace_back(std::move(picture));
  request.DropBody();
  return input;
}

Result<EmbedImagesInput> ReadEmbedImages(Request& request) {
  HC_ASSIGN(Received received, ReadBody(request));
  HC_ASSIGN(const Fields fields, Fields::Of(received.document, kEmbedImageFields));
  HC_TRY(RefuseUrl(fields));
  EmbedImagesInput input{.pictures = std::move(received.pictures), .is_list = received.is_list, .model = {}};
  HC_ASSIGN(input.model, ReadModel(fields));
  HC_ASSIGN(input.priority, ReadPriority(fields));
  HC_ASSIGN(const auto image, fields.String("image"));
  HC_ASSIGN(const auto images, fields.Strings("images", kMaxImages));
  const int sources = (image ? 1 : 0) + (images ? 1 : 0) + (input.pictures.empty() ? 0 : 1);
  if (sources == 0)
    return Fail(ErrorCode::kInvalidArgument,
                "Missing 'image' field: send the picture as base64, a data URI or a multipart file");
  if (sources > 1) return Fail(ErrorCode::kInvalidArgument, "send either 'image' or 'images', not both");
  if (image) {
    HC_ASSIGN(std::string picture, TakePicture(request.body, *image, "field 'image'"));
    input.pictures.push_back(std::move(picture));
  }
  if (images) {
    input.is_list = true;
    for (const std::string_view text : *images) {
      HC_ASSIGN(std::string picture, DecodePictureText(text, fmt::format("images[{}]", input.pictures.size())));
      input.pictures.push_back(std::move(picture));
    }
  }
  if (input.pictures.size() > kMaxImages)
    return Fail(ErrorCode::kInvalidArgument, "field 'images' has more than {} members", kMaxImages);
  request.DropBody();
  return input;
}

Result<EmbedTextsInput> ReadEmbedTexts(Request& request) {
  HC_ASSIGN(const JsonDocument document, JsonDocument::Parse(request.body));
  HC_ASSIGN(const Fields fields, Fields::Of(document, kEmbedTextFields));
  EmbedTextsInput input;
  HC_ASSIGN(input.model, ReadModel(fields));
  HC_ASSIGN(input.priority, ReadPriority(fields));
  HC_ASSIGN(const auto text, fields.String("text"));
  HC_ASSIGN(const auto texts, fields.Strings("texts", kMaxTexts));
  if (text && texts) return Fail(ErrorCode::kInvalidArgument, "send either 'text' or 'texts', not both");
  if (!text && !texts)
    return Fail(ErrorCode::kInvalidArgument, "Missing 'text' field: send a string, or 'texts' with up to {} of them",
                kMaxTexts);
  if (text) {
    HC_TRY(CheckText(*text, kMaxTextBytes, "field 'text'"));
    input.texts.emplace_back(*text);
  }
  if (texts) {
    input.is_list = true;
    for (const std::string_view member : *texts) {
      HC_TRY(CheckMember(member, "texts", input.texts.size()));
      input.texts.emplace_back(member);
    }
  }
  request.DropBody();
  return input;
}

}  // namespace hailo_clip::http
