#include "engine/batch_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hailo_clip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SteadyTime At(int ms) { return SteadyTime(std::chrono::milliseconds(ms)); }

TEST(ChooseBatch, TakesTheEarliestDeadlineFirst) {
  const std::vector<WaitingInput> waiting = {{.deadline = At(300)}, {.deadline = At(100)}, {.deadline = At(200)}};
  EXPECT_THAT(ChooseBatch(waiting, 2), ElementsAre(1, 2));
}

TEST(ChooseBatch, KeepsTheOrderOfArrivalAmongEquals) {
  const std::vector<WaitingInput> waiting(4);
  EXPECT_THAT(ChooseBatch(waiting, 3), ElementsAre(0, 1, 2));
}

TEST(ChooseBatch, FillsABatchWithBulkOnlyBehindInteractiveInputs) {
  const std::vector<WaitingInput> waiting = {{.priority = Priority::kBulk, .deadline = At(1)},
                                             {.priority = Priority::kBulk, .deadline = At(2)},
                                             {.deadline = At(900)}};
  EXPECT_THAT(ChooseBatch(waiting, 2), ElementsAre(2, 0));
}

TEST(ChooseBatch, LetsClientsTakeTurns) {
  std::vector<WaitingInput> waiting(6, {.deadline = At(100), .client = "10.0.0.1"});
  waiting.push_back({.deadline = At(500), .client = "10.0.0.2"});
  waiting.push_back({.deadline = At(400), .client = "10.0.0.3"});
  EXPECT_THAT(ChooseBatch(waiting, 4), ElementsAre(0, 7, 6, 1));
}

TEST(ChooseBatch, LeavesOutWhatIsMuchLongerOrShorterThanTheMostUrgentOne) {
  const std::vector<WaitingInput> waiting = {{.length = 8}, {.length = 70}, {.length = 12}, {.length = 17}};
  EXPECT_THAT(ChooseBatch(waiting, 8), ElementsAre(0, 2));
  const std::vector<WaitingInput> long_first = {{.deadline = At(1), .length = 70}, {.length = 8}, {.length = 60}};
  EXPECT_THAT(ChooseBatch(long_first, 8), ElementsAre(0, 2));
}

TEST(ChooseBatch, ChoosesNothingOfNothing) { EXPECT_THAT(ChooseBatch({}, 8), IsEmpty()); }

}  // namespace
}  // namespace hailo_clip
