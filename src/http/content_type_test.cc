#include "http/content_type.h"

#include <gtest/gtest.h>

namespace hailo_clip::http {
namespace {

TEST(ContentType, KnowsTheKindsOfBodies) {
  EXPECT_EQ(KindOf("application/json"), BodyKind::kJson);
  EXPECT_EQ(KindOf("Application/JSON ; charset=utf-8"), BodyKind::kJson);
  EXPECT_EQ(KindOf("application/vnd.api+json"), BodyKind::kJson);
  EXPECT_EQ(KindOf("multipart/form-data; boundary=x"), BodyKind::kMultipart);
  EXPECT_EQ(KindOf("image/jpeg"), BodyKind::kPicture);
  EXPECT_EQ(KindOf("application/octet-stream"), BodyKind::kPicture);
  for (const char* other : {"", "text/plain", "text/json", "application/x-www-form-urlencoded", "applicationjson"})
    EXPECT_EQ(KindOf(other), BodyKind::kOther) << other;
}

TEST(ContentType, FindsATypeInAnAcceptHeader) {
  for (const char* accept :
       {"application/x-ndjson", "text/html, Application/X-NDJSON;q=0.9", " application/x-ndjson ,"})
    EXPECT_TRUE(Accepts(accept, "application/x-ndjson")) << accept;
  for (const char* accept : {"", "*/*", "application/*", "application/json", "application/x-ndjson2", ",;,"})
    EXPECT_FALSE(Accepts(accept, "application/x-ndjson")) << accept;
}

TEST(ContentType, ReadsParameters) {
  EXPECT_EQ(ContentTypeParameter("a/b; boundary=xyz", "boundary"), "xyz");
  EXPECT_EQ(ContentTypeParameter("a/b; q; x=1 ; Boundary=\"a;\\\"b\" ; y=2", "boundary"), "a;\"b");
  EXPECT_EQ(ContentTypeParameter("form-data; filename=\"a; name=b\"; name=\"c\"", "name"), "c");
  for (const char* without : {"a/b", "a/b;", "a/b; boundary", "a/b; boundary=\"x"})
    EXPECT_EQ(ContentTypeParameter(without, "boundary"), std::nullopt) << without;
}

}  // namespace
}  // namespace hailo_clip::http
