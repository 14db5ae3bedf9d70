# bash completion for hailo-clip
_hailo_clip() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words=
  case "$previous" in
    revoke) words=$("${COMP_WORDS[0]}" keys list 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
    --model | --against | show | verify | rm | export | default) words=$("${COMP_WORDS[0]}" models list --json 2>/dev/null | sed -n 's/^{"name":"\([^"]*\)".*/\1/p') ;;
    --precision) words="fp32 fp16 int8 uint8 q4 q4f16 bnb4" ;;
    --label-set) words=$("${COMP_WORDS[0]}" label-sets list 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
    --log-level) words="DEBUG INFO WARNING ERROR" ;;
    --template) words=photo ;;
    --format) words="jsonl csv"; [ "$command" = embed ] && words+=" npy" ;;
    --config | --labels | --output | -o) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [ -z "$words" ]; then
    local common="--config --set --model --log-level --help"
    case "$command" in
      serve) words="--host --port $common" ;;
      classify) words="--prompt --labels --label-set --template --top-k --threshold --reject-below --json --csv --output --format $common" ;;
      embed) words="--text --csv --json --output --format $common" ;;
      doctor) words=$common ;;
      models) [ "$COMP_CWORD" -eq 2 ] && words="list show verify import export rm default seal" || words="--name --precision --logit-scale --logit-bias --replace --clear --json $common" ;;
      bench) [ "$COMP_CWORD" -eq 2 ] && words=models || words="--against --rounds --json $common" ;;
      label-sets) [ "$COMP_CWORD" -eq 2 ] && words="list show add rm" || words="--labels --template --threshold --reject-below $common" ;;
      keys) [ "$COMP_CWORD" -eq 2 ] && words="add list revoke" || words="--last $common" ;;
      config) [ "$COMP_CWORD" -eq 2 ] && words="check show" || words=$common ;;
      *) words="serve classify embed models label-sets keys bench config doctor --version --help" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  # Pictures and folders wherever no flag is being typed.
  [[ $current == -* ]] || case "$command" in
    classify | embed | models) [ "$COMP_CWORD" -ge 2 ] && COMPREPLY+=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _hailo_clip hailo-clip
