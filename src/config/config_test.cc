#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "base/file.h"
#include "base/test_folder.h"
#include "config/keys.h"
#include "config/load.h"

namespace hailo_clip {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ConfigLoad : public ::testing::Test {
 protected:
  [[nodiscard]] Result<LoadedConfig> Load(std::string_view yaml) {
    sources_.file = folder_ / "hailo-clip.yaml";
    EXPECT_TRUE(WriteFileAtomically(*sources_.file, yaml).has_value());
    sources_.getenv = [this](const char* name) -> const char* {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    };
    for (const auto& [name, value] : environment_) sources_.environment_names.push_back(name);
    return LoadConfig(sources_);
  }
  [[nodiscard]] std::string ErrorOf(std::string_view yaml) {
    const Result<LoadedConfig> loaded = Load(yaml);
    if (loaded.has_value()) return "(no error)";
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidArgument);
    return loaded.error().message;
  }

  const TestFolder test_folder_;
  const fs::path folder_ = test_folder_.path();
  ConfigSources sources_;
  std::map<std::string, std::string> environment_;
};

// The file that the service before this one shipped, key for key.
TEST_F(ConfigLoad, TheOriginalsFileLoadsUnchanged) {
  const auto loaded = Load(R"(server:
  host: "0.0.0.0"
  port: 5000
  debug: false
clip:
  model: "clip-resnet-50x4"
  embedding_dimension: 640
  device: 0
  image_size: 224
  batch_size: 1
  device_timeout_ms: 5000
  apply_softmax: true
  logit_scale: 100.0
text_embedding:
  mode: "ondemand"
  cache_enabled: true
  cache_max_entries: 1000
performance:
  worker_threads: 2
  max_queue_size: 10
  request_timeout: 30
  warmup_enabled: false
  warmup_iterations: 3
resource_limits:
  memory_max: "3G"
  cpu_quota: "80%"
logging:
  level: "INFO"
  format: "json"
)");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  const Config& config = loaded->config;
  EXPECT_EQ(config.server.host, "0.0.0.0");
  EXPECT_EQ(config.clip.model, "clip-resnet-50x4");
  EXPECT_EQ(config.clip.embedding_dimension, 640);
  EXPECT_EQ(config.clip.image_size, 224);
  EXPECT_EQ(config.clip.batch_size, 1);
  EXPECT_EQ(config.clip.logit_scale, 100.0);
  EXPECT_EQ(config.text_embedding.mode, TextMode::kOnDemand);
  EXPECT_EQ(config.resource_limits.memory_max, "3G");
  EXPECT_EQ(config.resource_limits.cpu_quota, "80%");
  EXPECT_EQ(config.logging.level, LogLevel::kInfo);
  EXPECT_EQ(config.logging.format, LogFormat::kJson);
  EXPECT_EQ(loaded->file, sources_.file);
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST_F(ConfigLoad, ThePackagedFileHasEveryKeyWithItsDefault) {
  const auto text = ReadFile(fs::path(HAILO_CLIP_SOURCE_DIR) / "packaging/hailo-clip.yaml", 1U << 20U);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const auto loaded = Load(*text);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  const ConfigChange change = CompareConfigs(Config(), loaded->config);
  EXPECT_THAT(change.applied_live, IsEmpty());
  EXPECT_THAT(change.need_restart, ElementsAre("server.host", "models.dirs", "label_sets.dir"));
  // In the table's order, each behind its section.
  std::size_t at = 0;
  for (const ConfigKey& key : ConfigKeys()) {
    const std::size_t section = text->find(fmt::format("\n{}:", key.section()));
    ASSERT_NE(section, std::string::npos) << key.name;
    const std::size_t found = text->find(fmt::format("\n  {}: ", key.word()), section);
    ASSERT_NE(found, std::string::npos) << key.name;
    EXPECT_GT(found, at) << key.name;
    at = found;
  }
}

TEST_F(ConfigLoad, WhatIsPrintedLoadsBackEqual) {
  const auto first = Load(
      "server: {host: '::1', allowed_origins: ['https://a.example', 'http://b.example:81'], rate_limit: 0.5}\n"
      "clip: {batch_size: 8, logit_scale: 99.5, if_missing: starter, embedding_dimension: 512}\n"
      "text_embedding: {mode: precomputed}\nimage: {apply_orientation: off, max_pixels: 5000000}\n"
      "resource_limits: {cpu_quota: 300%, memory_max: ''}\n"
      "logging: {level: debug, format: text}\nmodels: {dirs: ['/srv/a, b', '/srv/\"c\"']}\n");
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const std::string printed = FormatConfig(first->config);
  const auto second = Load(printed);
  ASSERT_TRUE(second.has_value()) << second.error().message << "\n" << printed;
  EXPECT_EQ(FormatConfig(second->config), printed);
  EXPECT_THAT(second->config.models.dirs, ElementsAre("/srv/a, b", "/srv/\"c\""));
  EXPECT_THAT(second->config.server.allowed_origins, ElementsAre("https://a.example", "http://b.example:81"));
  EXPECT_EQ(second->config.clip.if_missing, IfMissing::kStarter);
  EXPECT_FALSE(second->config.image.apply_orientation);
  EXPECT_EQ(second->config.logging.level, LogLevel::kDebug);
  // Every key is printed.
  for (const ConfigKey& key : ConfigKeys()) EXPECT_THAT(printed, HasSubstr(fmt::format("\n  {}: ", key.word())));
  const auto defaults = Load(FormatConfig(Config()));
  ASSERT_TRUE(defaults.has_value()) << defaults.error().message;
  EXPECT_EQ(FormatConfig(defaults->config), FormatConfig(Config()));
}

TEST_F(ConfigLoad, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  environment_ = {{"HAILO_CLIP_SERVER_PORT", "5002"}, {"HAILO_CLIP_SERVER_HOST", "10.0.0.2"}};
  sources_.flags = {{"server.port", "5003"}};
  const auto loaded = Load("server:\n  port: 5001\n  host: 10.0.0.1\n  io_threads: 2\n");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->config.server.port, 5003);
  EXPECT_EQ(loaded->config.server.host, "10.0.0.2");
  EXPECT_EQ(loaded->config.server.io_threads, 2);
}

TEST_F(ConfigLoad, ListsInTheEnvironmentAreSeparatedByCommas) {
  environment_ = {{"HAILO_CLIP_MODELS_DIRS", "/srv/a, /srv/b"}, {"HAILO_CLIP_SERVER_ALLOWED_ORIGINS", ""}};
  const auto loaded = Load("server:\n  allowed_origins: [https://a.example]\n");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_THAT(loaded->config.models.dirs, ElementsAre("/srv/a", "/srv/b"));
  EXPECT_THAT(loaded->config.server.allowed_origins, IsEmpty());
}

TEST_F(ConfigLoad, UnknownKeysAreRefusedWithTheLineAndTheNearestKey) {
  EXPECT_THAT(ErrorOf("server:\n  port: 1\nclip:\n  modle: x\n"),
              EndsWith("hailo-clip.yaml:4: unknown key 'clip.modle'; did you mean 'clip.model'?"));
  EXPECT_THAT(ErrorOf("server:\n  model: x\n"), EndsWith(":2: unknown key 'server.model'; did you mean 'clip.model'?"));
  EXPECT_THAT(ErrorOf("sever:\n  port: 1\n"), EndsWith(":1: unknown key 'sever'; did you mean 'server'?"));
  EXPECT_THAT(ErrorOf("port: 1\n"), EndsWith(":1: unknown key 'port'; did you mean 'server.port'?"));
  EXPECT_THAT(ErrorOf("clip:\n  zzzzzzzz: 1\n"), EndsWith(":2: unknown key 'clip.zzzzzzzz'"));
}

TEST_F(ConfigLoad, UnknownVariablesAndFlagsAreRefused) {
  environment_ = {{"HAILO_CLIP_SERVER_PROT", "1"}};
  EXPECT_EQ(ErrorOf(""), "unknown environment variable HAILO_CLIP_SERVER_PROT; did you mean 'HAILO_CLIP_SERVER_PORT'?");
  environment_.clear();
  sources_.environment_names.clear();
  sources_.flags = {{"server.prot", "1"}};
  EXPECT_EQ(ErrorOf(""), "command line: unknown key 'server.prot'; did you mean 'server.port'?");
}

TEST_F(ConfigLoad, VariablesLikeNoKeyAreWarnedOf) {
  environment_ = {{"HAILO_CLIP_PORT_5000_TCP", "tcp://10.0.0.1:5000"}, {"HAILO_CLIP_SERVER_PORT", "5001"}};
  const auto loaded = Load("");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->config.server.port, 5001);
  EXPECT_THAT(loaded->warnings,
              ElementsAre("environment variable HAILO_CLIP_PORT_5000_TCP is no configuration key and is ignored"));
}

TEST_F(ConfigLoad, ErrorsNameTheirSource) {
  environment_ = {{"HAILO_CLIP_SERVER_PORT", "http"}};
  EXPECT_EQ(ErrorOf(""), "HAILO_CLIP_SERVER_PORT: 'server.port' must be a whole number from 0 to 65535, not 'http'");
  environment_.clear();
  sources_.environment_names.clear();
  sources_.flags = {{"clip.if_missing", "ignore"}};
  EXPECT_EQ(ErrorOf(""), "command line: 'clip.if_missing' must be fail or starter, not 'ignore'");
}

struct BadValue {
  std::string_view yaml, message;
};
class ConfigValue : public ConfigLoad, public ::testing::WithParamInterface<BadValue> {};

TEST_P(ConfigValue, IsRefusedWithALine) {
  const std::string error = ErrorOf(GetParam().yaml);
  EXPECT_THAT(error, HasSubstr("hailo-clip.yaml:"));
  EXPECT_THAT(error, HasSubstr(std::string(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Bad, ConfigValue,
    ::testing::Values(
        BadValue{"server: {port: 65536}", "'server.port' must be a whole number from 0 to 65535"},
        BadValue{"server: {port: -1}", "'server.port'"}, BadValue{"server: {port: 5000.0}", "not '5000.0'"},
        BadValue{"server: {port: 0x50}", "not '0x50'"}, BadValue{"server: {port: ''}", "'server.port'"},
        BadValue{"server: {port: 99999999999999}", "'server.port'"},
        BadValue{"server: {port: [1]}", "must be a single value, not a list"},
        BadValue{"server: {port: {a: 1}}", "not a section"}, BadValue{"server: {port: }", "has no value"},
        BadValue{"server: {host: 'a b'}", "'server.host'"}, BadValue{"server: {debug: maybe}", "must be true or false"},
        BadValue{"server: {max_body_bytes: 3G}", "must be a number of bytes"},
        BadValue{"server: {max_body_bytes: 99999999999999999999G}", "must be a number of bytes"},
        BadValue{"server: {max_body_bytes: 18014398509481985K}", "must be a number of bytes"},
        BadValue{"server: {allowed_origins: ['*']}", "not '*'"},
        BadValue{"server: {allowed_origins: 'https://a.example/'}", "must be origins"},
        BadValue{"server: {allowed_origins: [[x]]}", "must be a list of words"},
        BadValue{"server: {keys_file: keys}", "must be the absolute path of a file"},
        BadValue{"server: {keys_file: /srv/}", "must be the absolute path of a file"},
        BadValue{"server: {keys_file: ''}", "'server.keys_file'"},
        BadValue{"server: {rate_limit: -1}", "'server.rate_limit' must be a number from 0 to 1000000"},
        BadValue{"server: {rate_burst: 0}", "'server.rate_burst'"}, BadValue{"clip: {model: ../x}", "'clip.model'"},
        BadValue{"clip: {model: ''}", "'clip.model'"}, BadValue{"clip: {batch_size: 0}", "'auto' is allowed too"},
        BadValue{"clip: {logit_scale: nan}", "'clip.logit_scale'"},
        BadValue{"text_embedding: {mode: always}", "ondemand or precomputed"},
        BadValue{"resource_limits: {memory_max: lots}", "MemoryMax"},
        BadValue{"resource_limits: {memory_max: 0G}", "MemoryMax"},
        BadValue{"resource_limits: {cpu_quota: 80}", "CPUQuota"},
        BadValue{"resource_limits: {cpu_quota: 0%}", "CPUQuota"}, BadValue{"logging: {level: LOUD}", "'logging.level'"},
        BadValue{"logging: {format: xml}", "'logging.format'"},
        BadValue{"models: {dirs: [models]}", "must be absolute paths"},
        BadValue{"server: 1", "'server' must be a section"}, BadValue{"- server", "must begin with a section"},
        BadValue{"server: {port: 1}\nserver: {port: 2}", "hailo-clip.yaml:2: the key 'server' is there twice"},
        BadValue{"server: &a {port: 1}", "anchors"}, BadValue{"server: [", "hailo-clip.yaml:"}));

TEST_F(ConfigLoad, AcceptsTheFormsThatPeopleWrite) {
  const auto loaded = Load(
      "server:\n"  // all keys commented out
      "clip: {batch_size: auto}\n"
      "performance: {warmup_enabled: Yes}\n"
      "resource_limits: {memory_max: 3221225472, cpu_quota: 80%}\n"
      "models: {dirs: /srv/models}\n");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_FALSE(loaded->config.clip.batch_size.has_value());
  EXPECT_TRUE(loaded->config.performance.warmup_enabled);
  EXPECT_EQ(loaded->config.resource_limits.memory_max, "3221225472");
  EXPECT_THAT(loaded->config.models.dirs, ElementsAre("/srv/models"));
  const auto sizes = Load("server: {max_body_bytes: 8M, max_header_bytes: 64K, max_body_bytes_in_flight: 1G}\n");
  ASSERT_TRUE(sizes.has_value()) << sizes.error().message;
  EXPECT_EQ(sizes->config.server.max_body_bytes, std::size_t{8} << 20U);
  EXPECT_EQ(sizes->config.server.max_header_bytes, std::size_t{64} << 10U);
  EXPECT_EQ(sizes->config.server.max_body_bytes_in_flight, std::size_t{1} << 30U);
}

TEST_F(ConfigLoad, ChecksWhatMustFitTogether) {
  EXPECT_THAT(ErrorOf("server: {max_body_bytes: 512M}"), HasSubstr("must not be above"));
  const auto slow = Load("server: {shutdown_timeout_s: 60}");
  ASSERT_TRUE(slow.has_value());
  EXPECT_THAT(slow->warnings, ElementsAre(HasSubstr("TimeoutStopSec")));
}

TEST_F(ConfigLoad, AFileThatWasNamedMustBeThere) {
  sources_.file = folder_ / "missing.yaml";
  const auto loaded = LoadConfig(sources_);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr("missing.yaml"));
}

TEST(ConfigCompare, SaysWhatNeedsARestart) {
  Config wanted;
  EXPECT_THAT(CompareConfigs(Config(), wanted).need_restart, IsEmpty());
  wanted.logging.level = LogLevel::kDebug;
  wanted.server.debug = true;
  wanted.server.allowed_origins = {"https://a.example"};
  wanted.server.keys_file = "/srv/keys";
  wanted.server.rate_limit = 0.5;
  wanted.server.port = 1;
  wanted.clip.batch_size = 4;
  const ConfigChange change = CompareConfigs(Config(), wanted);
  EXPECT_THAT(change.applied_live, UnorderedElementsAre("logging.level", "server.debug", "server.allowed_origins",
                                                        "server.keys_file", "server.rate_limit"));
  EXPECT_THAT(change.need_restart, UnorderedElementsAre("server.port", "clip.batch_size"));
}

TEST(ConfigKeyTable, NamesVariablesAsDocumented) {
  std::vector<std::string> variables;
  for (const ConfigKey& key : ConfigKeys()) variables.push_back(key.variable());
  EXPECT_THAT(variables, ::testing::IsSupersetOf({"HAILO_CLIP_SERVER_PORT", "HAILO_CLIP_CLIP_MODEL",
                                                  "HAILO_CLIP_TEXT_EMBEDDING_CACHE_MAX_ENTRIES"}));
}

}  // namespace
}  // namespace hailo_clip
