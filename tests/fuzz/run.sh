#!/usr/bin/env bash
# run.sh PROGRAM SECONDS: fuzzes from the seeds in tests/data, then prints how much of the parser's sources the corpus
# reached. Findings stay in build/fuzz/findings; a non-zero exit status means there is one.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$(realpath "$1") seconds=$2
name=$(basename "$program")
name=${name#fuzz_}
work="$root/build/fuzz/corpus/$name"
mkdir -p "$work/seeds" "$work/grown" "$root/build/fuzz/findings"

seed() { # seed PREFIX FILE...: the prefix byte chooses the reader in targets that have several
  local prefix=$1 file
  shift
  for file in "$@"; do
    { printf '%b' "$prefix"; head -c 65536 "$file"; } > "$work/seeds/$(basename "$file").$(printf '%s' "$prefix" | tr -dc 0-9)"
  done
}
data="$root/tests/data"
case "$name" in
  picture_decode) cp -f "$data"/images/*.* "$data"/images/bad/*.* "$work/seeds/"; rm -f "$work"/seeds/*.jsonl "$work"/seeds/*.md; sources=src/image ;;
  tokenizer_files)
    seed '\000' "$data/clip/tokenizer.json"
    seed '\001' "$root/models/starter/merges.txt"
    seed '\002' "$data/clip/bpe_simple_vocab_16e6.txt.gz"
    sources=src/text ;;
  tokenizer_encode) (cd "$work/seeds" && sed -n 's/.*"text":"\([^"]*\)".*/\1/p' "$data/clip/tokens.jsonl" | split -l 40 - text.); sources=src/text ;;
  wordpiece)
    { printf 'M'; head -c 20000 "$data/bert/vocab.txt"; printf '\000A photo of a caf\303\251, unaffable!'; } > "$work/seeds/bert"
    { printf 'N[UNK]\n[CLS]\n[SEP]\ncaf\n##\303\251\n\000caf\303\251 [SEP] x'; } > "$work/seeds/small"
    sources=src/text ;;
  sentencepiece_model)
    seed '\000' "$data/sentencepiece/t5.model" "$data/sentencepiece/gemma.model"
    seed '\001' "$data/sentencepiece/t5.model"
    seed '\002' "$data/sentencepiece/gemma.json" "$data/sentencepiece/nllb.json" "$data/sentencepiece/siglip.json"
    sources=src/text ;;
  published_config)
    published() { { printf '%b' "$1"; cat "$data/models/$2/config.json"; printf '\000'; cat "$data/models/$3"; printf '\000'; printf '%s' "$4"; } > "$work/seeds/$2"; }
    published '\000' xenova xenova/preprocessor_config.json '{"tokenizer_class":"CLIPTokenizer"}'
    published '\000' siglip siglip/preprocessor_config.json '{"tokenizer_class":"SiglipTokenizer","pad_token":{"content":"</s>"}}'
    published '\001' combined combined/preprocessor_config.json '{"tokenizer_class":"BertTokenizerFast","do_lower_case":false}'
    published '\002' immich immich/visual/preprocess_cfg.json '{"tokenizer_class":"T5TokenizerFast","add_bos_token":false}'
    sources=src/model ;;
  manifest_parse) cp -f "$root/docs/manifest.example.yaml" "$root/models/starter/manifest.yaml" "$work/seeds/"; sources="src/model src/base" ;;
  config_*) cp -f "$root/packaging/hailo-clip.yaml" "$root/docs/manifest.example.yaml" "$work/seeds/"; sources="src/config src/base" ;;
  http_*) cp -f "$root/tests/fuzz/seeds/$name"/* "$work/seeds/" 2>/dev/null || true; sources=src/http ;;
esac

cd "$work"
LLVM_PROFILE_FILE="$work/%p.profraw" "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
  -print_final_stats=1 -artifact_prefix="$root/build/fuzz/findings/$name-" "$work/grown" "$work/seeds" > "$work/log" 2>&1 ||
  { tail -n 40 "$work/log"; exit 1; }
grep -E "stat::number_of_executed_units|stat::peak_rss_mb" "$work/log"
llvm-profdata-19 merge -sparse "$work"/*.profraw -o "$work/profile"
rm -f "$work"/*.profraw
(cd "$root" && llvm-cov-19 report "$program" -instr-profile="$work/profile" $sources 2>/dev/null |
  awk 'NR == 1 || /TOTAL|\.cc / { print $1, "lines", $8, "missed", $9, "covered", $10 }')
