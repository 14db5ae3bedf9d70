#include "http/origin.h"

#include <gtest/gtest.h>

#include <vector>

namespace hailo_clip::http {
namespace {

TEST(Origin, AllowsPagesOfThisServerUnderLocalNames) {
  for (const char* host : {"127.0.0.1:5000", "192.168.1.5", "[::1]:5000", "[fe80::1]", "localhost:5000", "raspberrypi",
                           "pi.local", "PI.Local.", "pi.lan:81", "pi.home", "pi.home.arpa", "pi.internal"})
    EXPECT_TRUE(IsOriginAllowed(std::string("http://") + host, host, {})) << host;
}

TEST(Origin, RefusesPublicNamesThatWereRepointed) {
  for (const char* host : {"evil.example", "evil.example:5000", "local.evil.example", "1.2.3.4.evil.example", ""})
    EXPECT_FALSE(IsOriginAllowed(std::string("http://") + host, host, {})) << host;
}

TEST(Origin, RefusesOtherHostsAndPorts) {
  EXPECT_FALSE(IsOriginAllowed("http://evil.example", "pi:5000", {}));
  EXPECT_FALSE(IsOriginAllowed("http://pi:8080", "pi:5000", {}));
  EXPECT_FALSE(IsOriginAllowed("http://pi.evil.example", "pi", {}));
  EXPECT_FALSE(IsOriginAllowed("null", "pi", {}));
  EXPECT_FALSE(IsOriginAllowed("pi", "pi", {}));
  EXPECT_FALSE(IsOriginAllowed("http://[::1", "[::1", {}));
}

TEST(Origin, KnowsDefaultPorts) {
  EXPECT_TRUE(IsOriginAllowed("http://pi", "pi:80", {}));
  EXPECT_TRUE(IsOriginAllowed("https://pi", "pi", {}));
  EXPECT_TRUE(IsOriginAllowed("https://pi:443", "pi", {}));
  EXPECT_FALSE(IsOriginAllowed("https://pi", "pi:80", {}));
}

TEST(Origin, AllowsListedOriginsWhateverTheHost) {
  const std::vector<std::string> allowed{"https://App.example/", "http://other:3000"};
  EXPECT_TRUE(IsOriginAllowed("https://app.example", "public.example", allowed));
  EXPECT_TRUE(IsOriginAllowed("http://other:3000", "pi", allowed));
  EXPECT_FALSE(IsOriginAllowed("http://other:3001", "pi", allowed));
  EXPECT_FALSE(IsOriginAllowed("http://app.example", "pi", allowed));
}

}  // namespace
}  // namespace hailo_clip::http
