#include "base/log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

namespace hailo_clip {
namespace {

class LogTest : public testing::Test {
 protected:
  Logger Make(LogFormat format) {
    return {LogLevel::kInfo, format, std::make_shared<spdlog::sinks::ostream_sink_mt>(out_)};
  }
  std::ostringstream out_;
};

TEST_F(LogTest, WritesOneJsonObjectALine) {
  Make(LogFormat::kJson).Info("request", {{"path", "/a\"b\n"}, {"status", 200}, {"ms", 1.5}, {"ok", true}});
  const std::string line = out_.str();
  EXPECT_NE(line.find(R"("level":"INFO","message":"request","path":"/a\"b\n","status":200,"ms":1.5,"ok":true})"),
            std::string::npos)
      << line;
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
}

TEST_F(LogTest, KeepsATextLineALine) {
  Make(LogFormat::kText).Warning("odd", {{"plain", "value"}, {"hostile", "a\nb c"}});
  EXPECT_NE(out_.str().find(R"(WARNING odd plain=value hostile="a\nb c")"), std::string::npos) << out_.str();
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLevel) {
  Logger logger = Make(LogFormat::kText);
  logger.Debug("hidden");
  EXPECT_EQ(out_.str(), "");
  logger.SetLevel(LogLevel::kDebug);
  logger.Debug("shown");
  EXPECT_NE(out_.str().find("shown"), std::string::npos);
}

TEST(ParseLogLevel, IgnoresCaseAndNamesTheChoices) {
  EXPECT_EQ(ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("loud").error().message, "'loud' is not a log level; use DEBUG, INFO, WARNING or ERROR");
  EXPECT_EQ(ParseLogFormat("JSON"), LogFormat::kJson);
}

}  // namespace
}  // namespace hailo_clip
