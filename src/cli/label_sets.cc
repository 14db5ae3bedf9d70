// hailo-clip label-sets: which there are, and making one from a text file.
#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/labels_file.h"

namespace hailo_clip {
namespace {

struct AddFlags {
  std::string name;
  std::string labels_file;
  std::vector<std::string> templates;
  std::optional<double> threshold;
  std::optional<double> reject_below;
};

// Runs `work` with the store that the configuration names.
template <typename Work>
int WithStore(const CommonFlags& flags, const Work& work) {
  const auto loaded = LoadConfigFor(flags);
  if (!loaded.has_value()) return Report(loaded.error());
  LabelSetStore store(LabelSetFolders(loaded->config));
  const Status done = work(store);
  return done.has_value() ? kExitDone : Report(done.error());
}

int List(const CommonFlags& flags) {
  return WithStore(flags, [](const LabelSetStore& store) -> Status {
    fmt::print("{:<28} {:>7}  {}\n", "NAME", "LABELS", "FILE");
    Status all;
    for (const LabelSetStore::Found& found : store.List()) {
      Result<LabelSet> set = store.Read(found);
      if (set.has_value())
        fmt::print("{:<28} {:>7}  {}\n", found.name, set->labels.size(), found.file.string());
      else
        all = std::unexpected(std::move(set).error());
    }
    return all;
  });
}

int Show(const CommonFlags& flags, const std::string& name) {
  return WithStore(flags, [&](const LabelSetStore& store) -> Status {
    HC_ASSIGN(const LabelSetStore::Found found, store.Find(name));
    HC_ASSIGN(const LabelSet set, store.Read(found));
    fmt::print("{}\n", FormatLabelSet(set));
    return {};
  });
}

int Remove(const CommonFlags& flags, const std::string& name) {
  return WithStore(flags, [&](LabelSetStore& store) { return store.Remove(name); });
}

int Add(const CommonFlags& flags, const AddFlags& add) {
  return WithStore(flags, [&](LabelSetStore& store) -> Status {
    HC_ASSIGN(std::vector<std::string> labels, ReadLabelsFile(add.labels_file));
    const LabelSet set{.labels = std::move(labels),
                       .templates = add.templates,
                       .descriptions = {},
                       .threshold = add.threshold,
                       .reject_below = add.reject_below};
    HC_ASSIGN(const bool is_new, store.Write(add.name, set));
    fmt::print("label set '{}' with {} labels {}; a running service uses it at once\n", add.name, set.labels.size(),
               is_new ? "made" : "replaced");
    return {};
  });
}

}  // namespace

void AddLabelSetsCommand(CLI::App& app, CommonFlags& flags, int& status) {
  CLI::App* sets = app.add_subcommand("label-sets", "List, show, make or remove lists of labels to classify with");
  sets->require_subcommand(1);
  sets->footer(
      "Examples:\n"
      "  hailo-clip label-sets add garden --labels garden.txt --template photo\n"
      "  hailo-clip classify photo.jpg --label-set garden");
  CLI::App* list = sets->add_subcommand("list", "The label sets that can be used, and where they are");
  AddCommonFlags(*list, flags);
  list->callback([&flags, &status] { status = List(flags); });

  auto name = std::make_shared<std::string>();
  CLI::App* show = sets->add_subcommand("show", "Print a label set as JSON, as PUT /v1/label-sets takes it");
  show->add_option("name", *name, "Its name")->required();
  AddCommonFlags(*show, flags);
  show->callback([&flags, &status, name] { status = Show(flags, *name); });
  CLI::App* remove = sets->add_subcommand("rm", "Remove a label set of yours");
  remove->add_option("name", *name, "Its name")->required();
  AddCommonFlags(*remove, flags);
  remove->callback([&flags, &status, name] { status = Remove(flags, *name); });

  auto options = std::make_shared<AddFlags>();
  CLI::App* add = sets->add_subcommand("add", "Make a label set from a text file, or replace it");
  add->add_option("name", options->name, "Its name: a-z, 0-9, - and _")->required();
  add->add_option("--labels", options->labels_file, "A text file with one label a line")->required();
  add->add_option("--template", options->templates,
                  "'photo' or a sentence with one {} that every label is put into (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  add->add_option("--threshold", options->threshold, "Leave out labels that score less, 0 to 1");
  add->add_option("--reject-below", options->reject_below,
                  "Say 'none of these' if the best similarity (cosine) is below this");
  AddCommonFlags(*add, flags);
  add->callback([&flags, &status, options] { status = Add(flags, *options); });
}

}  // namespace hailo_clip
