#include "http/api_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"

namespace hailo_clip::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr std::time_t kNow = 1'772'366'400;  // 2026-03-01 12:00:00 UTC
const std::string kHash(64, 'a');

std::string ParseError(std::string_view text) {
  const Result<ApiKeys> keys = ApiKeys::Parse(text, "keys");
  if (keys.has_value()) return "(no error)";
  EXPECT_EQ(keys.error().code, ErrorCode::kInvalidArgument);
  return keys.error().message;
}

TEST(ApiKeys, FindsAKeyByItsTextOnly) {
  ApiKeys keys;
  const auto kitchen = keys.Add("kitchen", kNow);
  const auto door = keys.Add("door", kNow);
  ASSERT_TRUE(kitchen.has_value() && door.has_value());
  ASSERT_NE(keys.Find(*kitchen), nullptr);
  EXPECT_EQ(keys.Find(*kitchen)->name, "kitchen");
  EXPECT_EQ(keys.Find(*door)->name, "door");
  for (const std::string& wrong :
       {std::string(), std::string("kitchen"), keys.Find(*door)->sha256, door->substr(1), *door + "a"})
    EXPECT_EQ(keys.Find(wrong), nullptr) << wrong;
}

TEST(ApiKeys, RefusesAKeyWithOneOtherCharacterWhereverItIs) {
  ApiKeys keys;
  const auto key = keys.Add("a", kNow);
  ASSERT_TRUE(key.has_value());
  for (std::size_t i = 0; i < key->size(); ++i) {
    std::string wrong = *key;
    wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
    EXPECT_EQ(keys.Find(wrong), nullptr) << i;
  }
}

TEST(ApiKeys, AKeyHas256BitsAndIsNeverTheSame) {
  ApiKeys keys;
  const auto first = keys.Add("a", kNow);
  const auto second = keys.Add("b", kNow);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_THAT(*first, MatchesRegex("hck_[a-z2-7]{52}"));
  EXPECT_NE(*first, *second);
}

TEST(ApiKeys, WhatIsKeptIsTheHash) {
  ApiKeys keys;
  const auto key = keys.Add("kitchen", kNow);
  ASSERT_TRUE(key.has_value());
  const std::string text = keys.Format();
  EXPECT_THAT(text, EndsWith("\nkitchen 2026-03-01T12:00:00Z sha256:" + Sha256Hex(*key) + "\n"));
  EXPECT_THAT(text, Not(HasSubstr(*key)));
  const auto again = ApiKeys::Parse(text, "keys");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_NE(again->Find(*key), nullptr);
  EXPECT_EQ(again->Format(), text);
}

TEST(ApiKeys, ARevokedKeyIsNotFound) {
  ApiKeys keys;
  const auto key = keys.Add("a", kNow);
  const auto other = keys.Add("b", kNow);
  ASSERT_TRUE(key.has_value() && other.has_value());
  EXPECT_TRUE(keys.Revoke("a").has_value());
  EXPECT_EQ(keys.Find(*key), nullptr);
  EXPECT_NE(keys.Find(*other), nullptr);
  EXPECT_EQ(keys.Revoke("a").error().code, ErrorCode::kInvalidArgument);
}

TEST(ApiKeys, RefusesNamesThatAreTakenOrWouldBreakTheFile) {
  ApiKeys keys;
  ASSERT_TRUE(keys.Add("Kitchen-2.left_", kNow).has_value());
  for (const std::string& name : {std::string("Kitchen-2.left_"), std::string(), std::string("a b"),
                                  std::string("a\nb"), std::string("#a"), std::string("-a"), std::string(65, 'a')})
    EXPECT_EQ(keys.Add(name, kNow).error().code, ErrorCode::kInvalidArgument) << name;
  EXPECT_EQ(keys.all().size(), 1U);
}

TEST(ApiKeys, HoldsNoMoreThanTheLimit) {
  std::string text;
  for (std::size_t i = 0; i < kMaxApiKeys; ++i) text += fmt::format("k{} 2026 sha256:{}\n", i, kHash);
  auto keys = ApiKeys::Parse(text, "keys");
  ASSERT_TRUE(keys.has_value()) << keys.error().message;
  EXPECT_THAT(keys->Add("one-more", kNow).error().message, HasSubstr("limit"));
  EXPECT_THAT(ParseError(text + "more 2026 sha256:" + kHash), HasSubstr("keys:1001: more than 1000"));
}

TEST(ApiKeys, SkipsCommentsAndEmptyLines) {
  const auto keys = ApiKeys::Parse("# a\r\n\r\n  \n\tdoor  2026-01-01T00:00:00Z\tsha256:" + kHash + "\r\n#", "keys");
  ASSERT_TRUE(keys.has_value()) << keys.error().message;
  ASSERT_EQ(keys->all().size(), 1U);
  EXPECT_EQ(keys->all()[0].name, "door");
  EXPECT_EQ(keys->all()[0].sha256, kHash);
  EXPECT_TRUE(ApiKeys::Parse("", "keys")->empty());
}

TEST(ApiKeys, NamesTheLineThatIsWrongWithoutRepeatingIt) {
  const std::string good = "a 2026 sha256:" + kHash;
  for (const std::string& bad :
       {std::string("secret"), std::string("secret 2026"), "secret 2026 " + kHash, "secret 2026 sha256:" + kHash + "0",
        "secret 2026 sha256:" + std::string(64, 'A'), "secret 2026 sha256:" + kHash + " more",
        "sec*ret 2026 sha256:" + kHash, std::string("secret \0 sha256:", 16) + kHash}) {
    const std::string error = ParseError(good + "\n" + bad + "\n");
    EXPECT_THAT(error, HasSubstr("keys:2: must be 'NAME CREATED sha256:HEX'")) << bad;
    EXPECT_THAT(error, Not(HasSubstr("sec"))) << bad;
  }
  EXPECT_EQ(ParseError(good + "\n" + good), "keys:2: there is a key 'a' already");
}

}  // namespace
}  // namespace hailo_clip::http
