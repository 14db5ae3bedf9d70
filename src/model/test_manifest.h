// A small valid manifest for tests.
#pragma once

#include <string>

#include "base/sha256.h"
#include "model/manifest.h"

namespace hailo_clip {

inline Manifest TestManifest(const std::string& name = "tiny") {
  Manifest manifest;
  manifest.name = name;
  manifest.embedding_dimension = 2;
  manifest.scoring.logit_scale = 14.284856F;
  manifest.scoring.none_of_these_below = 0.1875F;
  manifest.image.resize_size = 40;
  manifest.image.crop_size = 32;
  manifest.image.mean = {0.48145466F, 0.4578275F, 0.40821073F};
  manifest.image.standard_deviation = {0.26862954F, 0.26130258F, 0.27577711F};
  manifest.text.tokenizer.files = {"vocab.json", "merges.txt"};
  manifest.tokenizer_sha256 = {{"vocab.json", Sha256Hex("v")}, {"merges.txt", Sha256Hex("m")}};
  EncoderFile image{.file = "image.onnx",
                    .sha256 = Sha256Hex("i"),
                    .input = "pixel_values",
                    .output = "image_embeds",
                    .attention_mask = {},
                    .best_batch = 4,
                    .data_files = {}};
  EncoderFile text{.file = "text.onnx",
                   .sha256 = Sha256Hex("t"),
                   .input = "input_ids",
                   .output = "text_embeds",
                   .attention_mask = "attention_mask",
                   .best_batch = {},
                   .data_files = {}};
  text.data_files = {{"onnx/text.onnx_data", Sha256Hex("d")}};
  manifest.encoders["onnx"] = {.image = image, .text = text};
  manifest.licence = "MIT";
  manifest.source = "a \"quoted\" place: # with\ttrouble";
  manifest.revision = "1";
  manifest.self_test.min_cosine = 0.999F;
  manifest.self_test.images = {{.input = "card:1", .embedding = {0.6F, -0.8F}}};
  manifest.self_test.texts = {{.input = "a photo of a cat", .embedding = {1, -0.0F}},
                              {.input = "", .embedding = {0, 1}}};
  return manifest;
}

}  // namespace hailo_clip
