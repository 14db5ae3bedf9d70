#include "engine/import_check.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <future>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scoring.h"
#include "engine/self_test.h"
#include "image/preprocess.h"

namespace hailo_clip {
namespace {

// Above this two embeddings count as one and the same.
constexpr double kSameCosine = 0.9999;

RgbImage Noise(int width, int height) {
  RgbImage image{.width = width, .height = height, .pixels = {}};
  std::uint32_t state = 1;
  for (int i = 0; i < 3 * width * height; ++i) {
    state = state * 1664525U + 1013904223U;  // a linear congruential generator: the same everywhere
    image.pixels.push_back(static_cast<std::uint8_t>(state >> 24U));
  }
  return image;
}

Error BadModel(Error error) {
  if (error.code == ErrorCode::kInternal) error.code = ErrorCode::kBadModel;
  return error;
}

using Pixels = std::vector<std::uint8_t>;
using Ids = std::vector<std::int32_t>;

Batch MakeBatch(const std::vector<Pixels>& pictures) { return ImageBatch{{pictures.begin(), pictures.end()}}; }
Batch MakeBatch(const std::vector<Ids>& texts) { return TextBatch{{texts.begin(), texts.end()}}; }

// One run of exactly these inputs; every embedding is finite and not zero.
template <typename Input>
Result<Embeddings> RunBatch(Encoder& encoder, const std::vector<Input>& inputs, std::string_view what) {
  const Batch batch = MakeBatch(inputs);
  std::promise<Result<Embeddings>> promise;
  encoder.Submit(batch, [&](Result<Embeddings> result) { promise.set_value(std::move(result)); });
  Result<Embeddings> embeddings = promise.get_future().get();
  if (!embeddings.has_value()) return FailWithin(what, BadModel(embeddings.error()));
  for (std::size_t i = 0; i < embeddings->rows(); ++i) {
    const double squares = DotProduct(embeddings->row(i), embeddings->row(i));
    if (!std::isfinite(squares) || squares <= 0)
      return Fail(ErrorCode::kBadModel, "{}: the model gives an embedding that is not finite or zero", what);
  }
  return embeddings;
}

bool IsQuantised(const EncoderInfo& info) { return info.precision.starts_with("int"); }

// Each input alone and in the company of the others; `hint` is added when the two differ. Lowers `limit` to the
// self-test's limit that suits this encoder.
template <typename Input>
Status CheckSide(const LoadedModel& model, EncoderKind kind, const std::vector<Input>& inputs, std::string_view what,
                 std::string_view hint, float& limit) {
  HC_ASSIGN(const auto encoder, model.CreateEncoder(kind));
  const bool quantised = IsQuantised(encoder->info());
  const float same = quantised ? kSameWhenQuantised : model.manifest().self_test.min_cosine;
  HC_ASSIGN(const Embeddings together, RunBatch(*encoder, inputs, what));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    HC_ASSIGN(const Embeddings alone, RunBatch(*encoder, std::vector<Input>{inputs[i]}, what));
    const double cosine = Cosine(alone.row(0), together.row(i));
    if (!(cosine >= same))
      return Fail(ErrorCode::kBadModel,
                  "{}: an embedding depends on what else is in the batch (cosine {:.5f} to the one computed alone){}",
                  what, cosine, hint);
    if (quantised) limit = std::min(limit, static_cast<float>(1 - kRoomWhenQuantised * (1 - cosine)));
    if (inputs[i] != inputs[0] && Cosine(together.row(0), together.row(i)) > kSameCosine)
      return Fail(ErrorCode::kBadModel, "{}: clearly different inputs give the same embedding", what);
  }
  return {};
}

// Seven pictures that spread over the cosines: the cards, the cards in other colours, noise.
std::vector<RgbImage> SpreadOfPictures() {
  std::vector<RgbImage> pictures = {Noise(64, 64)};
  for (const std::string& name : TestCardNames()) {
    const RgbImage card = TestCard(name).value();
    RgbImage inverted = card;
    for (std::uint8_t& value : inverted.pixels) value = static_cast<std::uint8_t>(255 - value);
    RgbImage rotated = card;
    std::ranges::rotate(rotated.pixels, rotated.pixels.begin() + 1);
    pictures.insert(pictures.end(), {card, std::move(inverted), std::move(rotated)});
  }
  return pictures;
}

struct GraphOutput {
  Embeddings rows;  // one for each picture
  std::string precision;
};

// What the graph of both sides says under the name `output` for these pictures, in one batch.
Result<GraphOutput> RunGraph(Backend& backend, const std::filesystem::path& graph, Manifest manifest,
                             std::string_view output, int dimension, std::span<const RgbImage> pictures) {
  BackendFiles& files = manifest.encoders["onnx"];
  files.image = EncoderFile{.file = graph.filename().string(),
                            .sha256 = {},
                            .input = "pixel_values",
                            .output = std::string(output),
                            .attention_mask = {},
                            .data_files = {}};
  files.text = files.image;
  files.text->input = "input_ids";
  manifest.embedding_dimension = dimension;
  auto created = backend.CreateEncoder(EncoderKind::kImage, manifest, graph.parent_path());
  if (!created.has_value()) return FailWithin("measuring the logits", std::move(created).error());
  const std::unique_ptr<Encoder> encoder = *std::move(created);
  std::vector<Pixels> inputs;
  for (const RgbImage& picture : pictures) inputs.push_back(PreparePixels(picture, manifest.image).pixels);
  HC_ASSIGN(Embeddings rows, RunBatch(*encoder, inputs, "measuring the logits"));
  return GraphOutput{.rows = std::move(rows), .precision = encoder->info().precision};
}

struct Line {
  double slope = 0;
  double offset = 0;
};

// Least squares; through the origin unless `with_offset`. A slope of 0 if all x are the same.
Line Fit(std::span<const double> x, std::span<const double> y, bool with_offset) {
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; with_offset && i < x.size(); ++i) {
    mean_x += x[i] / static_cast<double>(x.size());
    mean_y += y[i] / static_cast<double>(x.size());
  }
  double xx = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  constexpr double least_spread = 1e-6;
  const double slope = xx > least_spread ? xy / xx : 0;
  return {.slope = slope, .offset = mean_y - slope * mean_x};
}

}  // namespace

Result<float> CheckNewModel(const LoadedModel& model) {
  float limit = model.manifest().self_test.min_cosine;
  const PreprocessSpec& spec = model.manifest().image;
  std::vector<Pixels> pictures = {PreparePixels(Noise(64, 64), spec).pixels};
  for (const std::string& name : TestCardNames()) {
    HC_ASSIGN(const RgbImage card, TestCard(name));
    pictures.push_back(PreparePixels(card, spec).pixels);
  }
  HC_TRY(CheckSide(model, EncoderKind::kImage, pictures, "pictures", "", limit));
  if (!model.has_texts()) return limit;
  std::vector<Ids> texts;
  for (const std::string& text : SelfTestTexts()) texts.push_back(model.Tokenize(text).ids);
  HC_TRY(CheckSide(model, EncoderKind::kText, texts, "texts",
                   "; if the texts differ in length, the graph looks at the padding: text.pad_id or text.padding is "
                   "wrong, or a mask is missing",
                   limit));
  return limit;
}

Status MeasureLogits(Backend& backend, const std::filesystem::path& graph, Manifest& manifest) {
  const std::vector<RgbImage> pictures = SpreadOfPictures();
  const auto run = [&](std::string_view output, int dimension, std::size_t count) {
    return RunGraph(backend, graph, manifest, output, dimension, std::span(pictures).first(count));
  };
  // The text is the backend's stand-in; a single picture, so that its embedding is the one row of the output.
  HC_ASSIGN(const GraphOutput text, run("text_embeds", manifest.embedding_dimension, 1));
  HC_ASSIGN(const GraphOutput images, run("image_embeds", manifest.embedding_dimension, pictures.size()));
  HC_ASSIGN(const GraphOutput logits, run("logits_per_image", 1, pictures.size()));

  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    x.push_back(Cosine(images.rows.row(i), text.rows.row(0)));
    y.push_back(logits.rows.row(i).front());
  }
  const bool sigmoid = manifest.scoring.activation == Activation::kSigmoid;
  const Line line = Fit(x, y, sigmoid);
  // For the arithmetic in the graph: float32, or numbers of eleven bits.
  const double tolerance = logits.precision == "fp32" ? 1e-4 : 2e-3;
  double off = 0;
  for (std::size_t i = 0; i < x.size(); ++i) off = std::max(off, std::abs(line.slope * x[i] + line.offset - y[i]));
  // Written so that NaN fails.
  if (!(line.slope > 0 && off <= tolerance * std::max(1.0, line.slope)))
    return Fail(ErrorCode::kBadModel,
                "{}: its logits are not {}, so the scale cannot be measured; give --logit-scale{}",
                graph.filename().string(), sigmoid ? "scale * cosine + bias" : "scale * cosine",
                sigmoid ? " and --logit-bias" : "");
  manifest.scoring.logit_scale = static_cast<float>(line.slope);
  if (sigmoid) manifest.scoring.logit_bias = static_cast<float>(line.offset);
  return {};
}

}  // namespace hailo_clip
