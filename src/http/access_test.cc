#include "http/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hailo_clip::http {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    ApiKeys keys;
    kitchen_ = *keys.Add("kitchen", 0);
    door_ = *keys.Add("door", 0);
    access_.SetKeys(keys);
  }

  // 0 if the request may go on.
  int Status(const Access::Credentials& credentials, std::string_view address = "10.0.0.1") {
    last_ = access_.Admit(credentials, address, limit_, now_);
    return last_.refusal ? last_.refusal->status : 0;
  }

  Access access_{ApiKeys()};
  std::string kitchen_, door_;
  RateLimit limit_;
  SteadyTime now_{1h};
  Access::Admission last_;
};

TEST_F(AccessTest, WithoutKeysEverybodyMayAskWhateverTheySend) {
  access_.SetKeys(ApiKeys());
  EXPECT_EQ(Status({}), 0);
  EXPECT_EQ(Status({.x_api_key = "", .authorization = "Bearer unused"}), 0);
  EXPECT_EQ(last_.key, "");
}

TEST_F(AccessTest, TakesAKeyFromEitherHeader) {
  const std::string bearer = "Bearer " + door_;
  const std::string shouted = "  bEARER   " + door_ + " ";
  EXPECT_EQ(Status({.x_api_key = kitchen_, .authorization = ""}), 0);
  EXPECT_EQ(last_.key, "kitchen");
  EXPECT_EQ(Status({.x_api_key = "", .authorization = bearer}), 0);
  EXPECT_EQ(last_.key, "door");
  EXPECT_EQ(Status({.x_api_key = "", .authorization = shouted}), 0);
  EXPECT_EQ(Status({.x_api_key = kitchen_, .authorization = bearer}), 0);
  EXPECT_EQ(last_.key, "kitchen");
  EXPECT_EQ(Status({.x_api_key = "wrong", .authorization = bearer}), 401) << "X-API-Key counts";
}

TEST_F(AccessTest, AsksForAKeyThatIsMissing) {
  EXPECT_EQ(Status({}), 401);
  EXPECT_THAT(last_.refusal->headers, ElementsAre(Pair("WWW-Authenticate", R"(Bearer realm="hailo-clip")")));
  EXPECT_EQ(Status({.x_api_key = "", .authorization = "Basic Zm9vOmJhcg=="}), 401);
  EXPECT_EQ(Status({.x_api_key = "", .authorization = "Bearer"}), 401);
  EXPECT_EQ(Status({.x_api_key = "", .authorization = kitchen_}), 401) << "without its scheme";
  EXPECT_THAT(last_.refusal->message, HasSubstr("X-API-Key"));
}

TEST_F(AccessTest, RefusesKeysThatAreWrongOrRevoked) {
  EXPECT_EQ(Status({.x_api_key = "hck_wrong", .authorization = ""}), 401);
  EXPECT_THAT(last_.refusal->headers, ElementsAre(Pair("WWW-Authenticate", HasSubstr("invalid_token"))));
  ApiKeys keys;
  ASSERT_TRUE(keys.Add("other", 0).has_value());
  access_.SetKeys(keys);
  EXPECT_EQ(Status({.x_api_key = kitchen_, .authorization = ""}), 401);
}

TEST_F(AccessTest, CountsForTheKeyOrElseForTheAddress) {
  limit_ = {.per_second = 0.1, .burst = 1};
  const Access::Credentials kitchen{.x_api_key = kitchen_, .authorization = ""};
  const Access::Credentials door{.x_api_key = door_, .authorization = ""};
  EXPECT_EQ(Status(kitchen, "10.0.0.1"), 0);
  EXPECT_EQ(Status(kitchen, "10.0.0.2"), 429) << "one key, two addresses";
  EXPECT_THAT(last_.refusal->headers, ElementsAre(Pair("Retry-After", "10")));
  EXPECT_EQ(Status(door, "10.0.0.1"), 0) << "two keys, one address";
  access_.SetKeys(ApiKeys());
  EXPECT_EQ(Status({}, "10.0.0.3"), 0);
  EXPECT_EQ(Status({}, "10.0.0.3"), 429);
  EXPECT_EQ(Status({}, "10.0.0.4"), 0);
  now_ += 10s;
  EXPECT_EQ(Status({}, "10.0.0.3"), 0);
}

TEST_F(AccessTest, WhoTriesWrongKeysUsesUpTheirAddressAndNobodyElses) {
  limit_ = {.per_second = 0.1, .burst = 2};
  const Access::Credentials wrong{.x_api_key = "hck_wrong", .authorization = ""};
  EXPECT_EQ(Status(wrong), 401);
  EXPECT_EQ(Status(wrong), 401);
  EXPECT_EQ(Status(wrong), 429);
  EXPECT_EQ(Status({.x_api_key = kitchen_, .authorization = ""}), 0) << "a key is served from that address too";
}

}  // namespace
}  // namespace hailo_clip::http
