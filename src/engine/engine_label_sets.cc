// The part of the engine that serves label sets.
#include <algorithm>
#include <utility>

#include "engine/engine.h"

namespace hailo_clip {

Classification Engine::RankLabels(const ServedModel& serving, const ClassifyRequest& request,
                                  std::shared_ptr<const CompiledLabels> labels, std::span<const float> image) const {
  const StageTimer timer(metrics_.Of(Stage::kScore), clock_);
  ScoringOptions scoring = ScoringOf(*serving.model, request);
  if (!scoring.threshold) scoring.threshold = labels->set.threshold;
  if (!scoring.reject_below) scoring.reject_below = labels->set.reject_below;
  const bool softmax = scoring.apply_activation && scoring.model.activation == Activation::kSoftmax;
  const RankingNeed need{.best = std::max<std::size_t>(2, static_cast<std::size_t>(scoring.top_k)),
                         .softmax_scale = softmax ? scoring.model.logit_scale : 0};
  Ranking ranking = RankPrompts(RankingCosines(labels->matrix.embeddings, labels->coarse, image, need), scoring);
  const std::size_t count = labels->set.labels.size();
  return Classification{.model = serving.identity,
                        .label_set = std::move(labels),
                        .ranked = std::move(ranking.ranked),
                        .margin = ranking.margin,
                        .none_of_these = ranking.none_of_these,
                        .prompts_cached = count};
}

Result<bool> Engine::PutLabelSet(std::string_view name, const LabelSet& set) {
  HC_ASSIGN(const bool is_new, label_sets_.store().Write(name, set));
  const auto main = Main();
  const auto found = label_sets_.store().Find(name);
  if (main.has_value() && found.has_value()) label_sets_.Prepare(*found, main->model);
  return is_new;
}

LabelSetInfo Engine::Inform(const LabelSetStore::Found& found, LabelSet set) const {
  LabelSetInfo info{.name = found.name, .set = std::move(set), .shipped = found.shipped};
  if (const auto main = Main(); main.has_value()) {
    info.progress = label_sets_.Progress(found, info.set, *main->model);
    info.model = main->identity;
  }
  return info;
}

Result<LabelSetInfo> Engine::ShowLabelSet(std::string_view name) const {
  HC_ASSIGN(const LabelSetStore::Found found, label_sets_.store().Find(name));
  HC_ASSIGN(LabelSet set, label_sets_.store().Read(found));
  return Inform(found, std::move(set));
}

std::vector<LabelSetInfo> Engine::ListLabelSets() const {
  std::vector<LabelSetInfo> list;
  for (const LabelSetStore::Found& found : label_sets_.store().List()) {
    Result<LabelSet> set = label_sets_.store().Read(found);
    if (set.has_value())
      list.push_back(Inform(found, *std::move(set)));
    else
      logger_.Warning("a label set is left out of the list", {{"reason", set.error().message}});
  }
  return list;
}

Status Engine::RemoveLabelSet(std::string_view name) { return label_sets_.Remove(name); }

void Engine::PrepareLabelSets() {
  const auto main = Main();
  if (!main.has_value()) return;
  for (const LabelSetStore::Found& found : label_sets_.store().List()) label_sets_.Prepare(found, main->model);
}

}  // namespace hailo_clip
