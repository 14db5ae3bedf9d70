#include "engine/scoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace hailo_clip {
namespace {

ScoringOptions Softmax(float scale, int top_k = 10) {
  return {.model = {.activation = Activation::kSoftmax, .logit_scale = scale}, .top_k = top_k};
}

TEST(RankPrompts, SoftmaxOfScaledCosines) {
  const Ranking ranking = RankPrompts(std::array{0.20F, 0.30F, 0.25F}, Softmax(10));
  // By hand: exp(-1), 1, exp(-0.5) over their sum.
  const double sum = std::exp(-1.0) + 1 + std::exp(-0.5);
  ASSERT_EQ(ranking.ranked.size(), 3U);
  EXPECT_EQ(ranking.ranked[0].index, 1U);
  EXPECT_NEAR(ranking.ranked[0].score, 1 / sum, 1e-6);
  EXPECT_NEAR(ranking.ranked[1].score, std::exp(-0.5) / sum, 1e-6);
  EXPECT_NEAR(ranking.ranked[2].score, std::exp(-1.0) / sum, 1e-6);
  EXPECT_NEAR(*ranking.margin, (1 - std::exp(-0.5)) / sum, 1e-6);
  EXPECT_FLOAT_EQ(static_cast<float>(ranking.ranked[0].similarity), 0.30F);
}

TEST(RankPrompts, ASinglePromptScoresItsCosine) {
  const Ranking ranking = RankPrompts(std::array{-0.1F}, Softmax(100));
  EXPECT_FLOAT_EQ(static_cast<float>(ranking.ranked.at(0).score), -0.1F);
  EXPECT_EQ(ranking.margin, std::nullopt);
}

TEST(RankPrompts, WithoutActivationScoresAreCosines) {
  ScoringOptions options = Softmax(100);
  options.apply_activation = false;
  const Ranking ranking = RankPrompts(std::array{-0.5F, 0.25F}, options);
  EXPECT_EQ(ranking.ranked[0].score, 0.25);
  EXPECT_EQ(ranking.ranked[1].score, -0.5);
}

TEST(RankPrompts, SigmoidScoresEachPromptAlone) {
  const ScoringOptions options{.model = {.activation = Activation::kSigmoid, .logit_scale = 10, .logit_bias = -2}};
  const Ranking ranking = RankPrompts(std::array{0.1F, 0.3F}, options);
  EXPECT_NEAR(ranking.ranked[0].score, 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(ranking.ranked[1].score, 1 / (1 + std::exp(1.0)), 1e-6);
  EXPECT_NEAR(RankPrompts(std::array{0.3F}, options).ranked[0].score, 1 / (1 + std::exp(-1.0)), 1e-6);
}

TEST(RankPrompts, TiesKeepTheOrderGiven) {
  const Ranking ranking = RankPrompts(std::array{0.1F, 0.2F, 0.2F, 0.1F}, Softmax(5));
  std::vector<std::size_t> order;
  for (const RankedPrompt& prompt : ranking.ranked) order.push_back(prompt.index);
  EXPECT_THAT(order, testing::ElementsAre(1, 2, 0, 3));
  EXPECT_EQ(ranking.ranked[0].score, ranking.ranked[1].score);
}

TEST(RankPrompts, TheBestFewAreThoseOfAFullSort) {
  std::mt19937 random(5);
  std::uniform_int_distribution<int> step(0, 40);  // few values, so that there are many ties
  std::vector<float> cosines(5'000);
  for (float& cosine : cosines) cosine = 0.01F * static_cast<float>(step(random));
  std::vector<std::size_t> sorted(cosines.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::ranges::stable_sort(sorted, [&](std::size_t a, std::size_t b) { return cosines[a] > cosines[b]; });
  for (const int top_k : {1, 2, 3, 200, 5'000, 9'000}) {
    const Ranking ranking = RankPrompts(cosines, Softmax(100, top_k));
    ASSERT_EQ(ranking.ranked.size(), std::min<std::size_t>(cosines.size(), static_cast<std::size_t>(top_k)));
    for (std::size_t i = 0; i < ranking.ranked.size(); ++i) ASSERT_EQ(ranking.ranked[i].index, sorted[i]) << i;
  }
}

TEST(RankPrompts, TheScoresOfManyPromptsAddUpToOne) {
  std::vector<float> cosines(100'000);
  for (std::size_t i = 0; i < cosines.size(); ++i) cosines[i] = 0.3F * std::sin(static_cast<float>(i));
  double sum = 0;
  for (const RankedPrompt& prompt : RankPrompts(cosines, Softmax(100, 100'000)).ranked) sum += prompt.score;
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(RankPrompts, TopKCutsButTheMarginIsOverAll) {
  const Ranking ranking = RankPrompts(std::array{0.1F, 0.3F, 0.2F}, Softmax(10, 1));
  EXPECT_EQ(ranking.ranked.size(), 1U);
  EXPECT_GT(*ranking.margin, 0);
}

TEST(RankPrompts, TheThresholdDropsLowScores) {
  ScoringOptions options = Softmax(100);
  options.threshold = 0.5;
  EXPECT_EQ(RankPrompts(std::array{0.1F, 0.3F, 0.2F}, options).ranked.size(), 1U);
  options.threshold = 1.0;
  EXPECT_TRUE(RankPrompts(std::array{0.1F, 0.3F, 0.29F}, options).ranked.empty());
}

TEST(RankPrompts, NoneOfTheseFollowsTheRequestAndTheManifest) {
  ScoringOptions options = Softmax(10);
  const std::array cosines = {0.1F, 0.2F};
  EXPECT_FALSE(RankPrompts(cosines, options).none_of_these);
  options.reject_below = 0.25;
  EXPECT_TRUE(RankPrompts(cosines, options).none_of_these);
  options.reject_below = 0.15;
  EXPECT_FALSE(RankPrompts(cosines, options).none_of_these);
  options.model.none_of_these_below = 0.3F;
  EXPECT_TRUE(RankPrompts(cosines, options).none_of_these);
}

TEST(RankPrompts, LargeScalesDoNotOverflow) {
  const Ranking ranking = RankPrompts(std::array{1.0F, -1.0F}, Softmax(10'000));
  EXPECT_EQ(ranking.ranked[0].score, 1.0);
  EXPECT_EQ(ranking.ranked[1].score, 0.0);
}

TEST(SumOfExponentials, IsThatOfDoubles) {
  std::vector<float> cosines;
  for (int i = 0; i < 1'003; ++i) cosines.push_back(-1 + 0.001F * static_cast<float>(i));
  for (const double scale : {1.0, 20.0, 100.0, 1'000.0}) {
    double expected = 0;
    for (const float cosine : cosines) expected += std::exp(scale * (double{cosine} - cosines.back()));
    // Reference: the C library's exp in double precision; single precision is exact to 1e-6 of the sum.
    EXPECT_NEAR(SumOfExponentials(cosines, cosines.back(), scale) / expected, 1, 1e-6) << scale;
  }
}

TEST(NormalizeToUnitLength, RefusesWhatHasNoDirection) {
  std::array vector = {3.0F, 4.0F};
  EXPECT_TRUE(NormalizeToUnitLength(vector));
  EXPECT_FLOAT_EQ(vector[0], 0.6F);
  std::array zero = {0.0F, 0.0F};
  EXPECT_FALSE(NormalizeToUnitLength(zero));
  std::array infinite = {std::numeric_limits<float>::infinity(), 0.0F};
  EXPECT_FALSE(NormalizeToUnitLength(infinite));
  std::array not_a_number = {std::nanf(""), 1.0F};
  EXPECT_FALSE(NormalizeToUnitLength(not_a_number));
}

TEST(DotProduct, EqualsTheSumInDoublesForEveryLength) {
  std::vector<float> a, b;
  double expected = 0;
  for (int i = 0; i < 600; ++i) {
    EXPECT_NEAR(DotProduct(a, b), expected, 1e-4) << i;
    a.push_back(std::sin(static_cast<float>(i)));
    b.push_back(std::cos(static_cast<float>(i) * 0.5F));
    expected += double{a.back()} * b.back();
  }
}

}  // namespace
}  // namespace hailo_clip
