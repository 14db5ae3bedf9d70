#include "engine/self_test.h"

#include <algorithm>
#include <cstdint>

#include "engine/scoring.h"

namespace hailo_clip {
namespace {

constexpr std::string_view kCardNames[] = {"card:1", "card:2"};

// 320 x 240. Patches of eight strong colours over a diagonal gradient, thin lines in one corner, noise in another.
RgbImage DrawCard(std::uint32_t seed) {
  constexpr std::uint8_t kColours[8][3] = {{220, 30, 30},  {30, 170, 50},  {40, 60, 210},   {235, 200, 40},
                                           {190, 60, 180}, {40, 190, 200}, {240, 240, 240}, {20, 20, 25}};
  RgbImage card{.width = 320, .height = 240, .pixels = {}};
  card.pixels.reserve(std::size_t{3} * 320 * 240);
  std::uint32_t noise = seed * 2654435761U + 1;
  for (int y = 0; y < card.height; ++y) {
    for (int x = 0; x < card.width; ++x) {
      noise = noise * 1664525U + 1013904223U;  // a linear congruential generator: the same everywhere
      int rgb[3] = {x * 255 / 319, y * 255 / 239, (x + y) * 255 / 558};
      const std::uint32_t patch = static_cast<std::uint32_t>(x / 40 + 3 * (y / 48)) * seed;
      const bool disc = (x % 40 - 20) * (x % 40 - 20) + (y % 48 - 24) * (y % 48 - 24) < 260;
      for (int c = 0; c < 3; ++c) {
        if (disc) rgb[c] = kColours[patch % 8][c];
        if (x > 240 && y < 80) rgb[c] = (x / 2 + (seed == 1 ? 0 : y)) % 4 < 2 ? 250 : 5;
        if (x < 90 && y > 170) rgb[c] = static_cast<int>(noise >> (8 + 8 * c) & 0xFFU);
        card.pixels.push_back(static_cast<std::uint8_t>(std::clamp(rgb[c], 0, 255)));
      }
    }
  }
  return card;
}

Result<std::vector<std::vector<float>>> EncodeCards(LoadedModel& model, const std::vector<std::string>& names) {
  std::vector<EncoderInput> cards;
  for (const std::string& name : names) {
    HC_ASSIGN(const RgbImage card, TestCard(name));
    cards.emplace_back(PreparePixels(card, model.manifest().image).pixels);
  }
  const auto call = model.StartImages({});
  HC_TRY(call->Add(std::move(cards)));  // in one batch, where the encoder takes more than one
  return model.FinishImages(*call);
}

Result<std::vector<std::vector<float>>> EncodePlainTexts(LoadedModel& model, const std::vector<std::string>& texts) {
  std::vector<std::vector<std::int32_t>> tokens;
  for (const std::string& text : texts) tokens.push_back(model.Tokenize(text).ids);
  return model.EncodeTokens(std::move(tokens), {});
}

// Lowers `smallest` to the cosine between what was expected of an input and what came out.
Status Compare(const Manifest& manifest, const SelfTestVector& expected, std::span<const float> actual,
               double& smallest) {
  if (expected.embedding.size() != actual.size())
    return Fail(ErrorCode::kBadModel, "self-test: '{}' has {} numbers in the manifest, the model gives {}",
                expected.input, expected.embedding.size(), actual.size());
  const double cosine = Cosine(expected.embedding, actual);
  smallest = std::min(smallest, cosine);
  if (cosine >= manifest.self_test.min_cosine) return {};
  return Fail(
      ErrorCode::kBadModel,
      "self-test failed: '{}' gives an embedding with cosine {:.7f} to the known one, at least {} is wanted; the "
      "model's files or its manifest are damaged, or the backend computes something else",
      expected.input, cosine, manifest.self_test.min_cosine);
}

// A simulated device computes nothing that could be known: only that every input gets its own embedding, alone and in a
// batch, can be tested.
Result<double> SimulatedSelfTest(LoadedModel& model) {
  HC_ASSIGN(const auto batch, EncodeCards(model, TestCardNames()));
  double smallest = 1.0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    HC_ASSIGN(const auto alone, EncodeCards(model, {TestCardNames()[i]}));
    smallest = std::min(smallest, Cosine(alone.front(), batch[i]));
  }
  if (smallest >= model.manifest().self_test.min_cosine) return smallest;
  return Fail(ErrorCode::kInternal, "self-test: the simulated device mixes up the inputs of a batch");
}

std::vector<std::string> InputsOf(const std::vector<SelfTestVector>& vectors) {
  std::vector<std::string> inputs;
  for (const SelfTestVector& vector : vectors) inputs.push_back(vector.input);
  return inputs;
}

}  // namespace

Result<RgbImage> TestCard(std::string_view name) {
  for (std::uint32_t i = 0; i < std::size(kCardNames); ++i)
    if (name == kCardNames[i]) return DrawCard(i + 1);
  return Fail(ErrorCode::kBadModel, "self-test: there is no test picture '{}'; use card:1 or card:2", name);
}

std::vector<std::string> TestCardNames() { return {std::begin(kCardNames), std::end(kCardNames)}; }

std::vector<std::string> SelfTestTexts() {
  return {"a photo of a cat", "red", "two people walking along a wet street at night, seen from above", "1 2 3!"};
}

Result<SelfTestSpec> RecordSelfTest(LoadedModel& model) {
  SelfTestSpec spec;
  HC_ASSIGN(auto images, EncodeCards(model, TestCardNames()));
  for (std::size_t i = 0; i < images.size(); ++i) spec.images.push_back({TestCardNames()[i], std::move(images[i])});
  if (!model.has_texts()) return spec;
  HC_ASSIGN(auto texts, EncodePlainTexts(model, SelfTestTexts()));
  for (std::size_t i = 0; i < texts.size(); ++i) spec.texts.push_back({SelfTestTexts()[i], std::move(texts[i])});
  return spec;
}

Result<double> RunSelfTest(LoadedModel& model) {
  if (model.image_info().simulated) return SimulatedSelfTest(model);
  const Manifest& manifest = model.manifest();
  const SelfTestSpec& spec = manifest.self_test;
  if (spec.images.empty() || spec.texts.empty() == model.has_texts())
    return Fail(ErrorCode::kBadModel,
                "model '{}' has no self-test vectors, so nothing shows that it works; import it again to record them",
                manifest.name);
  double smallest = 1.0;
  for (const SelfTestVector& expected : spec.images) {
    HC_ASSIGN(const auto alone, EncodeCards(model, {expected.input}));
    HC_TRY(Compare(manifest, expected, alone.front(), smallest));
  }
  for (const SelfTestVector& expected : spec.texts) {
    HC_ASSIGN(const auto alone, EncodePlainTexts(model, {expected.input}));
    HC_TRY(Compare(manifest, expected, alone.front(), smallest));
  }
  HC_ASSIGN(const auto cards, EncodeCards(model, InputsOf(spec.images)));
  for (std::size_t i = 0; i < cards.size(); ++i) HC_TRY(Compare(manifest, spec.images[i], cards[i], smallest));
  if (!model.has_texts()) return smallest;
  HC_ASSIGN(const auto texts, EncodePlainTexts(model, InputsOf(spec.texts)));
  for (std::size_t i = 0; i < texts.size(); ++i) HC_TRY(Compare(manifest, spec.texts[i], texts[i], smallest));
  return smallest;
}

}  // namespace hailo_clip
