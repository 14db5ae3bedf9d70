// Faults on purpose: the sanitizer builds must catch them, or their silence about everything else means nothing.
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

namespace {

int Overflow() {
  std::vector<int> values(4, 1);
  const volatile std::size_t beyond = 4;
  return values.data()[beyond];
}

int Race() {
  int counter = 0;
  std::thread other([&counter] {
    for (int i = 0; i < 10'000; ++i) ++counter;
  });
  for (int i = 0; i < 10'000; ++i) ++counter;
  other.join();
  return counter;
}

int UndefinedShift() {
  const volatile int distance = 40;
  return 1 << distance;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view fault = argc > 1 ? argv[1] : "";
  const int result = fault == "overflow" ? Overflow() : fault == "race" ? Race() : UndefinedShift();
  std::printf("not caught: %d\n", result);
  return 0;
}
