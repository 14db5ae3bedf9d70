#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <utility>

namespace hailo_clip {
namespace {

// Length of the UTF-8 sequence at the front of `text`; 0 if it is not one (RFC 3629 section 4).
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned least = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned most = first == 0xED ? 0x9F : 0xBF;
    return byte(1) >= least && byte(1) <= most && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned least = first == 0xF0 ? 0x90 : 0x80;
    const unsigned most = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= least && byte(1) <= most && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// yaml-cpp takes U+0004 for the end of the text and guesses UTF-16 from NUL bytes, so neither may reach it.
Status CheckCharacters(std::string_view text, std::string_view source) {
  int line = 1;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = Utf8Length(text);
    if (length == 0) return Fail(ErrorCode::kInvalidArgument, "{}:{}: the text is not UTF-8", source, line);
    if ((first < 0x20 && first != '\t' && first != '\n' && first != '\r') || first == 0x7F)
      return Fail(ErrorCode::kInvalidArgument, "{}:{}: the control character {:#04x} is not allowed", source, line,
                  first);
    if (first == '\n') ++line;
    text.remove_prefix(length);
  }
  return {};
}

// Builds the tree from yaml-cpp's events and refuses, while the text is being read, what must not grow.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}

  [[nodiscard]] YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw YAML::ParserException(mark, "a second document ('---') is not allowed");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override { RefuseAnchor(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { RefuseAnchor(mark); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor != 0) RefuseAnchor(mark);
    if (ExpectsKey()) throw YAML::ParserException(mark, "a key is missing");
    Attach(NewNode(mark, YamlNode::Kind::kNull));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    CheckProperties(mark, tag, anchor);
    if (ExpectsKey()) {
      if (open_.back().Find(value) != nullptr)
        throw YAML::ParserException(mark, fmt::format("the key '{}' is there twice", value));
      pending_keys_.back() = {value, mark.line};
      return;
    }
    YamlNode node = NewNode(mark, YamlNode::Kind::kScalar);
    node.text = value;
    Attach(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMapping);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

 private:
  struct PendingKey {
    std::string text;
    int line = 0;
  };

  [[noreturn]] static void RefuseAnchor(const YAML::Mark& mark) {
    throw YAML::ParserException(mark, "anchors (&) and aliases (*) are not allowed; quote the value if it is text");
  }

  // "?" is a plain scalar, "!" a quoted one.
  static void CheckProperties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) RefuseAnchor(mark);
    if (!tag.empty() && tag != "?" && tag != "!") throw YAML::ParserException(mark, "tags (!) are not allowed");
  }

  [[nodiscard]] bool ExpectsKey() const {
    return !open_.empty() && open_.back().kind == YamlNode::Kind::kMapping && !pending_keys_.back().has_value();
  }

  [[nodiscard]] YamlNode NewNode(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++nodes_ > limits_.max_nodes)
      throw YAML::ParserException(mark, fmt::format("more than {} values", limits_.max_nodes));
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    return node;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    CheckProperties(mark, tag, anchor);
    if (ExpectsKey()) throw YAML::ParserException(mark, "a key must be a word, not a list or a section");
    if (std::cmp_greater_equal(open_.size(), limits_.max_depth))
      throw YAML::ParserException(mark, fmt::format("nested deeper than {} levels", limits_.max_depth));
    open_.push_back(NewNode(mark, kind));
    pending_keys_.emplace_back();
  }

  void Close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    pending_keys_.pop_back();
    Attach(std::move(node));
  }

  void Attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    if (std::optional<PendingKey>& key = pending_keys_.back(); key.has_value()) {
      node.key = std::move(key->text);
      node.line = key->line + 1;
      key.reset();
    }
    open_.back().children.push_back(std::move(node));
  }

  const YamlLimits limits_;
  YamlNode root_;
  std::vector<YamlNode> open_;                           // lists and sections that have not ended, outermost first
  std::vector<std::optional<PendingKey>> pending_keys_;  // of each of these: the key whose value comes next
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view name) const {
  if (kind != Kind::kMapping) return nullptr;
  const auto found = std::ranges::find(children, name, &YamlNode::key);
  return found == children.end() ? nullptr : &*found;
}

Result<YamlNode> ParseYaml(std::string_view text, std::string_view source, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes)
    return Fail(ErrorCode::kTooLarge, "{}: {} bytes are more than the limit of {}", source, text.size(),
                limits.max_bytes);
  HC_TRY(CheckCharacters(text, source));
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(limits);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.TakeRoot();
  } catch (const YAML::Exception& error) {
    return Fail(ErrorCode::kInvalidArgument, "{}:{}: {}", source, std::max(error.mark.line, 0) + 1, error.msg);
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kInvalidArgument, "{}: cannot be read as YAML: {}", source, error.what());
  }
}

std::string QuoteYaml(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace hailo_clip
