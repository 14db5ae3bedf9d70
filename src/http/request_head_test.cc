#include "http/request_head.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hailo_clip::http {
namespace {

class RequestHeadTest : public testing::Test {
 protected:
  RequestHeadTest() {
    const auto handler = [](Request&, const RequestContext&) { return Result<Response>(Response{}); };
    router_.Add({.method = "POST", .pattern = "/p", .handler = handler, .accepts = {BodyKind::kJson}});
    router_.Add({.method = "GET", .pattern = "/open", .handler = handler, .accepts = {}, .open = true});
    raw_.method = "POST";
    raw_.target = "/p";
    raw_.host = "pi:5000";
    raw_.content_type = "application/json";
    raw_.content_length = 10;
  }

  [[nodiscard]] int Status() const {
    const RequestHead head = ReadHead(raw_, router_, limits_);
    return head.refusal ? head.refusal->status : 0;
  }

  Router router_;
  Limits limits_;
  RawHead raw_;
};

TEST_F(RequestHeadTest, AcceptsWhatFits) { EXPECT_EQ(Status(), 0); }

TEST_F(RequestHeadTest, WantsOneHost) {
  raw_.host_count = 2;
  EXPECT_EQ(Status(), 400);
  raw_.host_count = 0;
  EXPECT_EQ(Status(), 400);
  raw_.version = 10;
  EXPECT_EQ(Status(), 0);
}

TEST_F(RequestHeadTest, AppliesTheOriginRule) {
  raw_.origin = "http://pi:5000";
  EXPECT_EQ(Status(), 0);
  raw_.origin = "https://evil.example";
  EXPECT_EQ(Status(), 403);
  limits_.allowed_origins = {"https://evil.example"};
  EXPECT_EQ(Status(), 0);
  EXPECT_EQ(ReadHead(raw_, router_, limits_).allow_origin, "https://evil.example");
}

TEST_F(RequestHeadTest, AnswersPreflightsOfListedOriginsOnly) {
  raw_.method = "OPTIONS";
  raw_.content_length.reset();
  raw_.origin = "https://app.example";
  EXPECT_EQ(Status(), 403);
  limits_.allowed_origins = {"https://app.example"};
  const RequestHead head = ReadHead(raw_, router_, limits_);
  EXPECT_EQ(head.refusal->status, 204);
  const std::pair<std::string, std::string> methods{"Access-Control-Allow-Methods", "POST"};
  EXPECT_EQ(std::ranges::count(head.refusal->headers, methods), 1);
}

TEST_F(RequestHeadTest, AsksForAccessBeforeItSaysAnythingOfRoutesAndBodies) {
  int asked = 0;
  const AccessCheck refuse = [&asked](const RawHead& raw, Request& request) {
    ++asked;
    request.key = "name";
    return std::optional(Refusal{.status = raw.x_api_key == "right" ? 429 : 401, .message = "no", .headers = {}});
  };
  const auto status = [&] { return ReadHead(raw_, router_, limits_, refuse).refusal->status; };
  raw_.content_type = "text/plain";
  EXPECT_EQ(status(), 401) << "not 415";
  raw_.target = "/nothing";
  EXPECT_EQ(status(), 401) << "not 404";
  raw_.method = "DELETE";
  raw_.target = "/open";
  EXPECT_EQ(status(), 401) << "not 405: another method is another route";
  raw_.x_api_key = "right";
  EXPECT_EQ(status(), 429);
  EXPECT_EQ(ReadHead(raw_, router_, limits_, refuse).request.key, "name");
  EXPECT_EQ(asked, 5);
}

TEST_F(RequestHeadTest, OpenRoutesAndPreflightsNeedNoAccess) {
  const AccessCheck refuse = [](const RawHead&, Request&) {
    return std::optional(Refusal{.status = 401, .message = "no", .headers = {}});
  };
  raw_.content_length.reset();
  raw_.target = "/open";
  for (const char* method : {"GET", "HEAD"}) {
    raw_.method = method;
    EXPECT_FALSE(ReadHead(raw_, router_, limits_, refuse).refusal.has_value()) << method;
  }
  raw_.method = "OPTIONS";
  raw_.target = "/p";
  EXPECT_EQ(ReadHead(raw_, router_, limits_, refuse).refusal->status, 204);
  raw_.target = "/nothing";
  EXPECT_EQ(ReadHead(raw_, router_, limits_, refuse).refusal->status, 401);
}

TEST_F(RequestHeadTest, PagesOfForeignOriginsAreRefusedWithAKeyToo) {
  const AccessCheck accept = [](const RawHead&, Request&) { return std::optional<Refusal>(); };
  EXPECT_FALSE(ReadHead(raw_, router_, limits_, accept).refusal.has_value());
  raw_.origin = "https://evil.example";
  EXPECT_EQ(ReadHead(raw_, router_, limits_, accept).refusal->status, 403);
}

TEST_F(RequestHeadTest, ChecksTheBodyBeforeItComes) {
  raw_.content_type = "text/plain";
  EXPECT_EQ(Status(), 415);
  raw_.content_type = "";
  EXPECT_EQ(Status(), 415);
  raw_.content_length = 0;
  EXPECT_EQ(Status(), 0) << "an empty body is the handler's to name";
  raw_.chunked = true;
  EXPECT_EQ(Status(), 415);
  raw_.content_type = "application/json";
  EXPECT_EQ(Status(), 0);
  raw_.content_encoding = "gzip";
  EXPECT_EQ(Status(), 415);
  raw_.content_encoding = "identity";
  raw_.content_length = limits_.max_body_bytes;
  EXPECT_EQ(Status(), 0);
  raw_.content_length = limits_.max_body_bytes + 1;
  EXPECT_EQ(Status(), 413);
}

TEST_F(RequestHeadTest, KnowsOneExpectation) {
  raw_.expect = "100-Continue";
  EXPECT_TRUE(ReadHead(raw_, router_, limits_).expects_continue);
  raw_.expect = "tea";
  EXPECT_EQ(Status(), 417);
}

TEST_F(RequestHeadTest, RefusesBrokenTargets) {
  raw_.target = "/%zz";
  EXPECT_EQ(Status(), 400);
}

}  // namespace
}  // namespace hailo_clip::http
