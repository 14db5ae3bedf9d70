#include "http/api/openai_request.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "http/long_strings.h"
#include "http/picture_input.h"

namespace hailo_clip::http {
namespace {

Result<EmbeddingsInput> Read(std::string body) {
  Request request;
  request.body = std::move(body);
  return ReadEmbeddings(request);
}

std::string Message(std::string body) {
  const auto input = Read(std::move(body));
  return input ? "" : input.error().message;
}

// "text:a" or "picture:hello" for each input.
std::vector<std::string> Inputs(std::string body) {
  const auto input = Read(std::move(body));
  if (!input) return {input.error().message};
  std::vector<std::string> texts;
  for (const auto& member : input->inputs) {
    if (const auto* text = std::get_if<TextInput>(&member)) texts.push_back("text:" + text->text);
    if (const auto* picture = std::get_if<PictureInput>(&member)) texts.push_back("picture:" + picture->bytes);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(ReadEmbeddings, ReadsTextsAndPicturesInEveryForm) {
  EXPECT_EQ(Inputs(R"({"input":"a","model":"m"})"), Texts{"text:a"});
  EXPECT_EQ(Inputs(R"({"input":["a","data:image/png;base64,aGVsbG8=",{"text":"b"},{"image":"aGVsbG8="}]})"),
            (Texts{"text:a", "picture:hello", "text:b", "picture:hello"}));
  EXPECT_EQ(Inputs(R"({"input":["aGVsbG8="],"modality":"image"})"), Texts{"picture:hello"});
  EXPECT_EQ(Inputs(R"({"messages":[{"role":"user","content":[{"type":"image_url",)"
                   R"("image_url":{"url":"data:image/png;base64,aGVsbG8="}}]}]})"),
            Texts{"picture:hello"});
  EXPECT_EQ(Inputs(R"({"messages":[{"role":"user","content":"a"}]})"), Texts{"text:a"});
}

// Long strings are not parsed (long_strings.h), and the only picture is decoded in the body's place.
TEST(ReadEmbeddings, ReadsLongPicturesInEveryForm) {
  const std::string bytes(LongStrings::kLeast, 'x');
  const std::string base64 = EncodeBase64(BytesOf(bytes));
  const std::string uri = "data:image/png;base64," + base64;
  const std::string picture = "picture:" + bytes;
  EXPECT_EQ(Inputs(R"({"input":")" + uri + R"("})"), Texts{picture});
  EXPECT_EQ(Inputs(R"({"input":["a",")" + uri + R"(","b"]})"), (Texts{"text:a", picture, "text:b"}));
  EXPECT_EQ(Inputs(R"({"input":[")" + uri + R"(",{"image":")" + base64 + R"("}]})"), (Texts{picture, picture}));
  EXPECT_EQ(Inputs(R"({"input":[")" + base64 + R"("],"modality":"image"})"), Texts{picture});
  EXPECT_EQ(
      Inputs(R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" + uri + R"("}}]}]})"),
      Texts{picture});
}

TEST(ReadEmbeddings, RefusesLongTextsAndBrokenPictures) {
  const std::string text(2 * LongStrings::kLeast, 'a');
  EXPECT_NE(Message(R"({"input":")" + text + R"("})").find("field 'input' is longer than"), std::string::npos);
  EXPECT_NE(Message(R"({"messages":[{"role":"user","content":")" + text + R"("}]})").find("is longer than"),
            std::string::npos);
  EXPECT_NE(Message(R"({"input":["a","data:image/png;base64,)" + text + R"(?"]})").find("field 'input'[1]"),
            std::string::npos);
}

TEST(ReadEmbeddings, ReadsTheFormat) {
  EXPECT_FALSE(Read(R"({"input":"a"})")->base64);
  EXPECT_FALSE(Read(R"({"input":"a","encoding_format":"float"})")->base64);
  EXPECT_TRUE(Read(R"({"input":"a","encoding_format":"base64"})")->base64);
  EXPECT_NE(Message(R"({"input":"a","encoding_format":"int8"})").find("'encoding_format'"), std::string::npos);
}

TEST(ReadEmbeddings, RefusesTokensAndNamesTheRemedy) {
  for (const char* body : {R"({"input":[1,2]})", R"({"input":[[1,2],[3]]})", R"({"input":7})"})
    EXPECT_NE(Message(body).find("check_embedding_ctx_length=False"), std::string::npos) << body;
}

TEST(ReadEmbeddings, NamesWhatIsWrong) {
  EXPECT_NE(Message("{}").find("field 'input' is missing"), std::string::npos);
  EXPECT_NE(Message(R"({"input":[]})").find("must not be empty"), std::string::npos);
  EXPECT_NE(Message(R"({"input":["a",""]})").find("field 'input'[1] must not be empty"), std::string::npos);
  EXPECT_NE(Message(R"({"input":"a","dimensions":64})").find("'dimensions'"), std::string::npos);
  EXPECT_NE(Message(R"({"input":"a","modality":"audio"})").find("'modality'"), std::string::npos);
  EXPECT_NE(Message(R"({"input":[{"text":"a","image":"YQ=="}]})").find("either 'text' or 'image'"), std::string::npos);
  EXPECT_NE(Message(R"({"input":[null]})").find("not null"), std::string::npos);
  EXPECT_NE(
      Message(R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]})")
          .find("one text or one picture"),
      std::string::npos);
  EXPECT_NE(Message(R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x"}}]}]})")
                .find("URL"),
            std::string::npos);
}

}  // namespace
}  // namespace hailo_clip::http
