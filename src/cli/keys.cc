// hailo-clip keys: who may use a service that others on the network can reach.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <functional>

#include "cli/command.h"
#include "http/api_key_file.h"

namespace hailo_clip {
namespace {

constexpr std::string_view kSoon = "a running service knows within a few seconds";

int Change(const CommonFlags& flags, const std::function<Status(http::ApiKeys&)>& change) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const Status changed = http::ChangeApiKeys(loaded->config.server.keys_file, change);
  return changed.has_value() ? kExitDone : Report(changed.error());
}

// The key alone goes to stdout, so that a script can keep it: KEY=$(hailo-clip keys add shop).
int AddKey(const CommonFlags& flags, const std::string& name) {
  std::string text;
  bool first = false;
  const int status = Change(flags, [&](http::ApiKeys& keys) -> Status {
    first = keys.empty();
    HC_ASSIGN(text, keys.Add(name, std::time(nullptr)));
    return {};
  });
  if (status != kExitDone) return status;
  fmt::print("{}\n", text);
  fmt::print(stderr,
             "This is the key '{}'. It is shown this once and kept nowhere; {}.\n"
             "Clients send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'.\n",
             name, kSoon);
  if (first) fmt::print(stderr, "It is the first: from now on every request but those for /health needs a key.\n");
  return kExitDone;
}

int ListKeys(const CommonFlags& flags) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  const auto keys = http::ReadApiKeys(loaded->config.server.keys_file);
  if (!keys.has_value()) return Report(keys.error());
  fmt::print("{:<32} {}\n", "NAME", "CREATED");
  for (const http::ApiKey& key : keys->all()) fmt::print("{:<32} {}\n", key.name, key.created);
  if (keys->empty())
    fmt::print(stderr, "there is no key in {}: whoever reaches the service may use it\n",
               loaded->config.server.keys_file.string());
  return kExitDone;
}

int RevokeKey(const CommonFlags& flags, const std::string& name, bool last) {
  bool none_left = false;
  const int status = Change(flags, [&](http::ApiKeys& keys) -> Status {
    HC_TRY(keys.Revoke(name));
    none_left = keys.empty();
    if (none_left && !last)
      return Fail(ErrorCode::kInvalidArgument,
                  "'{}' is the last key, and without one whoever reaches the service may use it; add another one "
                  "first, or say --last if that is meant",
                  name);
    return {};
  });
  if (status != kExitDone) return status;
  fmt::print("the key '{}' is revoked; {}{}\n", name, kSoon,
             none_left ? ". It was the last: now nobody needs a key" : "");
  return kExitDone;
}

}  // namespace

void AddKeysCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* keys = app.add_subcommand("keys", "Make, list or revoke the API keys that clients need");
  keys->require_subcommand(1);
  keys->footer(
      "Examples:\n"
      "  sudo hailo-clip keys add kitchen-tablet\n"
      "  curl -H \"X-API-Key: $KEY\" http://pi.local:5000/v1/models\n"
      "As long as there is no key, nobody needs one. The file is server.keys_file; it holds hashes only.");
  auto name = std::make_shared<std::string>();
  CLI::App* add = keys->add_subcommand("add", "Make a key and print it, this once");
  add->add_option("name", *name, "What to call it: letters, digits, '.', '_' and '-'")->required();
  AddCommonFlags(*add, flags);
  add->callback([&flags, &status, name] { status = AddKey(flags, *name); });

  CLI::App* list = keys->add_subcommand("list", "The names of the keys, and when they were made");
  AddCommonFlags(*list, flags);
  list->callback([&flags, &status] { status = ListKeys(flags); });

  auto last = std::make_shared<bool>(false);
  CLI::App* revoke = keys->add_subcommand("revoke", "Take a key back: requests with it get 401");
  revoke->add_option("name", *name, "Its name")->required();
  revoke->add_flag("--last", *last, "Also if it is the last one; then nobody needs a key");
  AddCommonFlags(*revoke, flags);
  revoke->callback([&flags, &status, name, last] { status = RevokeKey(flags, *name, *last); });
}

}  // namespace hailo_clip
