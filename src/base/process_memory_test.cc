#include "base/process_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace hailo_clip {
namespace {

TEST(ProcessMemory, GrowsWithWhatIsTouched) {
  const std::uintmax_t before = ProcessMemory("RssAnon");
  ASSERT_GT(before, 0U);
  const std::vector<char> touched(std::size_t{64} << 20U, 'x');
  EXPECT_GE(ProcessMemory("RssAnon"), before + touched.size() / 2);
  EXPECT_GE(ProcessMemory("VmHWM"), ProcessMemory("RssAnon"));
}

TEST(ProcessMemory, AnUnknownKeyIsZero) {
  EXPECT_EQ(ProcessMemory("VmNothing"), 0U);
  EXPECT_EQ(ProcessMemory("Vm"), 0U);
}

}  // namespace
}  // namespace hailo_clip
