#include "http/api/native_requests.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "http/picture_input.h"
#include "text/prompt_template.h"

namespace hailo_clip::http {
namespace {

Request JsonRequest(std::string body) {
  Request request;
  request.content_type = "application/json";
  request.body = std::move(body);
  return request;
}

std::string ClassifyError(std::string body) {
  Request request = JsonRequest(std::move(body));
  const auto input = ReadClassify(request);
  return input ? "" : input.error().message;
}

TEST(ReadClassify, ReadsEveryField) {
  Request request = JsonRequest(
      R"({"image":"data:image/png;base64,aGVsbG8=","prompts":["a cat"," a dog "],"top_k":5,"threshold":0.25,)"
      R"("model":"m","templates":["a {}"],"reject_below":-0.5,"apply_softmax":false,"priority":"bulk"})");
  const auto input = ReadClassify(request);
  ASSERT_TRUE(input.has_value()) << input.error().message;
  EXPECT_EQ(input->picture, "hello");
  EXPECT_EQ(input->engine.prompts, (std::vector<std::string>{"a cat", " a dog "}));
  EXPECT_EQ(input->engine.top_k, 5);
  EXPECT_EQ(input->engine.threshold, 0.25);
  EXPECT_EQ(input->engine.model, "m");
  EXPECT_EQ(input->engine.templates, std::vector<std::string>{"a {}"});
  EXPECT_EQ(input->engine.reject_below, -0.5);
  EXPECT_EQ(input->engine.apply_softmax, false);
  EXPECT_EQ(input->priority, Priority::kBulk);
  EXPECT_EQ(request.body.capacity(), std::string().capacity()) << "the body is freed";
}

TEST(ReadClassify, DecodesAPictureOfAnySizeAsItDecodesASmallOne) {
  std::string picture(100'000, '\0');
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<char>(i * i >> 4U);
  const std::string base64 = EncodeBase64(BytesOf(picture));
  std::string escaped = base64, lines = base64;
  for (std::size_t at = 0; (at = escaped.find('/', at)) != std::string::npos; at += 2) escaped.insert(at, 1, '\\');
  for (std::size_t at = 76; at < lines.size(); at += 78) lines.insert(at, "\\n");
  for (const std::string& text : {base64, "data:image/jpeg;base64," + base64, escaped, lines}) {
    Request request = JsonRequest(R"({"top_k":2,"image":")" + text + R"(","prompts":["a cat"]})");
    const auto input = ReadClassify(request);
    ASSERT_TRUE(input.has_value()) << input.error().message;
    EXPECT_TRUE(input->picture == picture);
    EXPECT_EQ(input->engine.prompts, std::vector<std::string>{"a cat"});
    Request embed = JsonRequest(R"({"images":["aGVsbG8=",")" + text + R"("]})");
    EXPECT_EQ(ReadEmbedImages(embed)->pictures, (std::vector<std::string>{"hello", picture}));
  }
  const std::string wrong = base64 + "!";
  EXPECT_NE(ClassifyError(R"({"image":")" + wrong + R"(","prompts":["a"]})").find("at offset 133336"),
            std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","prompts":[")" + base64 + "\"]}").find("longer than 4000"),
            std::string::npos);
}

TEST(ReadPriority, EveryRouteTakesIt) {
  const std::string bulk = R"("priority":"bulk"})";
  Request images = JsonRequest(R"({"image":"aGVsbG8=",)" + bulk);
  Request texts = JsonRequest(R"({"text":"a cat",)" + bulk);
  Request plain = JsonRequest(R"({"text":"a cat"})");
  EXPECT_EQ(ReadEmbedImages(images)->priority, Priority::kBulk);
  EXPECT_EQ(ReadEmbedTexts(texts)->priority, Priority::kBulk);
  EXPECT_EQ(ReadEmbedTexts(plain)->priority, Priority::kInteractive);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","prompts":["a"],"priority":"high"})").find("'priority'"),
            std::string::npos);
}

TEST(ReadClassify, TakesALabelSetInPlaceOfPrompts) {
  Request request = JsonRequest(R"({"image":"aGVsbG8=","label_set":"home-security","prompts":null})");
  const auto input = ReadClassify(request);
  ASSERT_TRUE(input.has_value()) << input.error().message;
  EXPECT_EQ(input->engine.label_set, "home-security");
  EXPECT_TRUE(input->engine.prompts.empty());
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","label_set":"a","prompts":["b"]})").find("not both"),
            std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","label_set":"a","templates":"photo"})").find("'templates'"),
            std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","label_set":""})").find("cannot name"), std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","label-set":"a"})").find("did you mean 'label_set'"),
            std::string::npos);
}

TEST(ReadClassify, LeavesAbsentAndNullFieldsAtTheirDefaults) {
  Request request = JsonRequest(
      R"({"image":"aGVsbG8=","prompts":["a"],"top_k":null,"threshold":null,"templates":null,"reject_below":null})");
  const auto input = ReadClassify(request);
  ASSERT_TRUE(input.has_value()) << input.error().message;
  EXPECT_EQ(input->engine.top_k, 3);
  EXPECT_EQ(input->engine.threshold, std::nullopt);
  EXPECT_TRUE(input->engine.templates.empty());
}

TEST(ReadClassify, ReadsMultipartForms) {
  for (const std::string prompts :
       {"--X\r\nContent-Disposition: form-data; name=prompts\r\n\r\na cat\r\n"
        "--X\r\nContent-Disposition: form-data; name=prompts\r\n\r\na dog\r\n",
        "--X\r\nContent-Disposition: form-data; name=prompts\r\n\r\n [\"a cat\", \"a dog\"]\r\n"}) {
    Request request;
    request.content_type = "multipart/form-data; boundary=X";
    request.body = "--X\r\nContent-Disposition: form-data; name=image; filename=a\r\n\r\nhello\r\n" + prompts +
                   "--X\r\nContent-Disposition: form-data; name=top_k\r\n\r\n2\r\n"
                   "--X\r\nContent-Disposition: form-data; name=threshold\r\n\r\n0.5\r\n"
                   "--X\r\nContent-Disposition: form-data; name=templates\r\n\r\nphoto\r\n"
                   "--X\r\nContent-Disposition: form-data; name=apply_softmax\r\n\r\nfalse\r\n--X--";
    const auto input = ReadClassify(request);
    ASSERT_TRUE(input.has_value()) << input.error().message;
    EXPECT_EQ(input->picture, "hello");
    EXPECT_EQ(input->engine.prompts, (std::vector<std::string>{"a cat", "a dog"}));
    EXPECT_EQ(input->engine.top_k, 2);
    EXPECT_EQ(input->engine.threshold, 0.5);
    EXPECT_EQ(input->engine.templates.size(), PhotoTemplates().size());
    EXPECT_EQ(input->engine.apply_softmax, false);
  }
}

TEST(ReadClassify, ReadsRawBodiesWithQueryParameters) {
  Request request;
  request.content_type = "image/jpeg";
  request.body = "hello";
  request.query = {{"prompts", "a cat"}, {"prompts", "a dog"}, {"top_k", "x"}};
  EXPECT_EQ(ReadClassify(request).error().message, "field 'top_k' must be an integer >= 1");
  request.body = "hello";
  request.query.pop_back();
  EXPECT_EQ(ReadClassify(request)->picture, "hello");
}

TEST(ReadClassify, NamesWhatIsWrong) {
  EXPECT_NE(ClassifyError("").find("No JSON body"), std::string::npos);
  EXPECT_NE(ClassifyError(R"({"prompts":["a"]})").find("Missing 'image' field"), std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"!!","prompts":["a"]})").find("Failed to decode image"), std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image_url":"http://x","prompts":["a"]})").find("not supported yet"), std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8="})").find("Missing or invalid 'prompts' array"), std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","prompts":["a"," "]})").find("prompts[1] must not be empty"),
            std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","prompts":["a\u0000b"]})").find("NUL"), std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","prompts":["a"],"templates":["no brace"]})").find("'templates'[0]"),
            std::string::npos);
  EXPECT_NE(ClassifyError(R"({"image":"aGVsbG8=","prompts":["a"],"templates":"a {}"})").find("\"photo\""),
            std::string::npos);
}

TEST(ReadClassify, BoundsPromptsTimesTemplates) {
  std::string prompts = "\"p\"", templates = "\"{}\"";
  for (int i = 1; i < 1000; ++i) prompts += ",\"p\"";
  for (int i = 1; i < 11; ++i) templates += ",\"{}\"";
  const std::string body = R"({"image":"aGVsbG8=","prompts":[)" + prompts + R"(],"templates":[)" + templates + "]}";
  EXPECT_NE(ClassifyError(body).find("10000"), std::string::npos);
}

std::string BatchError(std::string body) {
  Request request = JsonRequest(std::move(body));
  const auto input = ReadClassifyBatch(request);
  return input ? "" : input.error().message;
}

TEST(ReadClassifyBatch, KeepsWhatIsWrongWithAPictureInItsPlace) {
  Request request = JsonRequest(R"({"images":["aGVsbG8=","*","http://pi/a.jpg"],"prompts":["a cat"],"top_k":2})");
  const auto input = ReadClassifyBatch(request);
  ASSERT_TRUE(input.has_value()) << input.error().message;
  ASSERT_EQ(input->pictures.size(), 3U);
  EXPECT_EQ(input->pictures[0], "hello");
  EXPECT_NE(input->pictures[1].error().message.find("images[1]"), std::string::npos);
  EXPECT_NE(input->pictures[2].error().message.find("images[2] is a URL"), std::string::npos);
  EXPECT_EQ(input->engine.prompts, std::vector<std::string>{"a cat"});
  EXPECT_EQ(input->engine.top_k, 2);
}

TEST(ReadClassifyBatch, TakesFilesOfEitherNameAndLeavesEmptyOnesToTheDecoder) {
  Request request;
  request.content_type = "multipart/form-data; boundary=b";
  for (const auto& [name, data] : {std::pair{"image", "one"}, {"images", "two"}, {"image", ""}})
    request.body +=
        fmt::format("--b\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"f\"\r\n\r\n{}\r\n", name, data);
  request.body += "--b\r\nContent-Disposition: form-data; name=\"prompts\"\r\n\r\na cat\r\n--b--\r\n";
  const auto input = ReadClassifyBatch(request);
  ASSERT_TRUE(input.has_value()) << input.error().message;
  ASSERT_EQ(input->pictures.size(), 3U);
  EXPECT_EQ(input->pictures[0], "one");
  EXPECT_EQ(input->pictures[1], "two");
  EXPECT_EQ(input->pictures[2], "");
}

TEST(ReadClassifyBatch, NamesMistakesOfTheRequest) {
  EXPECT_NE(BatchError(R"({"prompts":["a"]})").find("Missing 'images' field"), std::string::npos);
  EXPECT_NE(BatchError(R"({"image":"aGVsbG8=","prompts":["a"]})").find("'images'"), std::string::npos);
  EXPECT_NE(BatchError(R"({"images":["aGVsbG8="]})").find("'prompts'"), std::string::npos);
  EXPECT_NE(BatchError(R"({"images":["aGVsbG8=",3],"prompts":["a"]})").find("images"), std::string::npos);
  EXPECT_NE(BatchError(R"({"images":[],"prompts":["a"]})").find("images"), std::string::npos);
  std::string many = "\"YQ==\"";
  for (std::size_t i = 1; i <= kMaxImages; ++i) many += ",\"YQ==\"";
  EXPECT_NE(BatchError(R"({"images":[)" + many + R"(],"prompts":["a"]})").find("64"), std::string::npos);
}

TEST(ReadEmbedImages, TakesOneOrAList) {
  Request one = JsonRequest(R"({"image":"aGVsbG8="})");
  EXPECT_FALSE(ReadEmbedImages(one)->is_list);
  Request list = JsonRequest(R"({"images":["aGVsbG8=","data:image/png;base64,YQ=="]})");
  const auto input = ReadEmbedImages(list);
  ASSERT_TRUE(input.has_value()) << input.error().message;
  EXPECT_TRUE(input->is_list);
  EXPECT_EQ(input->pictures, (std::vector<std::string>{"hello", "a"}));
  Request both = JsonRequest(R"({"images":["aGVsbG8="],"image":"YQ=="})");
  EXPECT_NE(ReadEmbedImages(both).error().message.find("not both"), std::string::npos);
  Request bad = JsonRequest(R"({"images":["aGVsbG8=","*"]})");
  EXPECT_NE(ReadEmbedImages(bad).error().message.find("images[1]"), std::string::npos);
}

TEST(ReadEmbedTexts, TakesOneOrAList) {
  Request one = JsonRequest(R"({"text":"a"})");
  EXPECT_FALSE(ReadEmbedTexts(one)->is_list);
  Request list = JsonRequest(R"({"texts":["a","b"]})");
  EXPECT_EQ(ReadEmbedTexts(list)->texts, (std::vector<std::string>{"a", "b"}));
  Request none = JsonRequest("{}");
  EXPECT_NE(ReadEmbedTexts(none).error().message.find("Missing 'text' field"), std::string::npos);
  Request bad = JsonRequest(R"({"texts":["a",""]})");
  EXPECT_NE(ReadEmbedTexts(bad).error().message.find("texts[1]"), std::string::npos);
}

}  // namespace
}  // namespace hailo_clip::http
