#include "http/entity_tag.h"

#include <gtest/gtest.h>

namespace hailo_clip::http {
namespace {

TEST(EntityTag, IsFoundInListsAndWithWeakMarks) {
  for (const std::string_view tag : {R"("abc")", R"(W/"abc")"}) {
    for (const std::string_view known :
         {R"("abc")", R"(W/"abc")", R"("x", "abc")", R"( W/"x,y" ,, "abc" , "z")", R"(,"abc",)", "*", " * "})
      EXPECT_TRUE(HasEntityTag(known, tag)) << known;
  }
}

TEST(EntityTag, IsNotFoundInOthersAndPartsOfThem) {
  for (const std::string_view known : {"", ",", "abc", R"("abcd")", R"("x\"abc")", R"(w/"abc")", R"("abc)",
                                       R"("x" "abc")", R"("x,"abc"")", R"(W/)", R"(*, "abc")", R"("*")", "\""})
    EXPECT_FALSE(HasEntityTag(known, R"("abc")")) << known;
}

}  // namespace
}  // namespace hailo_clip::http
