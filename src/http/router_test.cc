#include "http/router.h"

#include <gtest/gtest.h>

namespace hailo_clip::http {
namespace {

std::string OtherBody(int /*status*/, std::optional<ErrorCode> /*code*/, std::string_view /*message*/) {
  return "other";
}
const ErrorShape kOther{StatusOf, OtherBody};

Router MakeTestRouter() {
  Router router;
  const auto handler = [](Request&, const RequestContext&) { return Result<Response>(Response{}); };
  router.Add({.method = "GET", .pattern = "/models", .handler = handler, .accepts = {}});
  router.Add({.method = "GET", .pattern = "/models/*", .handler = handler, .accepts = {}});
  router.Add({.method = "POST", .pattern = "/models", .handler = handler, .accepts = {}});
  router.SetErrors("/m", kNativeErrors);
  router.SetErrors("/models", kOther);
  return router;
}

TEST(Router, FindsByMethodAndPath) {
  const Router router = MakeTestRouter();
  EXPECT_EQ(router.Find("POST", "/models").route->method, "POST");
  EXPECT_EQ(router.Find("GET", "/models").route->pattern, "/models");
}

TEST(Router, TakesHeadAsGet) { EXPECT_EQ(MakeTestRouter().Find("HEAD", "/models").route->method, "GET"); }

TEST(Router, GivesTheTextThatAStarStandsFor) {
  const Router router = MakeTestRouter();
  EXPECT_EQ(router.Find("GET", "/models/a/b").tail, "a/b");
  EXPECT_EQ(router.Find("GET", "/models/").route, nullptr);
}

TEST(Router, TellsUnknownPathsFromUnknownMethods) {
  const Router router = MakeTestRouter();
  EXPECT_EQ(router.Find("GET", "/other").allow, "");
  const Router::Match match = router.Find("DELETE", "/models");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, POST");
}

TEST(Router, ChoosesTheErrorShapeOfTheLongestPrefix) {
  const Router router = MakeTestRouter();
  EXPECT_EQ(router.Find("GET", "/models/x/y").errors, &kOther);
  EXPECT_EQ(router.Find("GET", "/mo").errors, &kNativeErrors);
  EXPECT_EQ(router.Find("GET", "/").errors, &kNativeErrors);
}

}  // namespace
}  // namespace hailo_clip::http
