# Completion of openclaw-releases; made by "npm run docs" from the commands themselves.
_openclaw_releases_ids() {
  local root=$1
  if [ -z "$root" ]; then
    root=${OPENCLAW_RELEASES_ROOT:-}
  fi
  if [ -z "$root" ]; then
    root=${XDG_DATA_HOME:-$HOME/.local/share}/openclaw-releases
    case "${OPENCLAW_PROFILE:-default}" in default) ;; *) root=$root-$OPENCLAW_PROFILE ;; esac
  fi
  if [ -d "$root/releases" ]; then command ls "$root/releases"; fi
  printf '%s\n' current previous
}
_openclaw_releases() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} path= root= at words
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "${COMP_WORDS[at]}" in
      --root)
        at=$((at + 1))
        if [[ ${COMP_WORDS[at]} == '=' ]]; then at=$((at + 1)); fi
        root=${COMP_WORDS[at]} ;;
      -*) ;;
      *) case "$path${path:+ }${COMP_WORDS[at]}" in
        'setup' | 'stage' | 'update' | 'check' | 'list' | 'show' | 'switch' | 'rollback' | 'drill' | 'status' | 'history' | 'cancel' | 'restart-now' | 'verify' | 'lockfile' | 'lockfile import' | 'prune' | 'retention' | 'pin' | 'unpin' | 'hold' | 'unhold' | 'timer' | 'timer enable' | 'timer disable' | 'timer status' | 'timer explain' | 'timer run' | 'recover' | 'run' | 'adopt' | 'unadopt' | 'logs' | 'report' | 'doctor' | 'completion' | 'demo')
          path=$path${path:+ }${COMP_WORDS[at]} ;;
      esac ;;
    esac
  done
  case "$before" in
    --root|--lockfile|--output|--cache) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --registry|--allow-scripts|--plugins-timeout|--settle|--ready-timeout|--idle-timeout|--countdown|--limit|--since|--keep|--max-bytes|--releases|--bytes|--leave-free|--why|--channel|--window|--time-zone|--delay|--jitter|--minimum-age|--minimum-interval|--soak|--drill|--idle|--max-defer|--skip|--stop-timeout|--unit|--lines) COMPREPLY=($(compgen -W "" -- "$word")); return ;;
    --probe) COMPREPLY=($(compgen -W "version boot auto" -- "$word")); return ;;
  esac
  case "$path" in
    '') words="setup stage update check list show switch rollback drill status history cancel restart-now verify lockfile prune retention pin unpin hold unhold timer recover run adopt unadopt logs report doctor completion demo --help" ;;
    'setup') words="--root --json --dry-run --yes --registry --help" ;;
    'stage') words="--root --json --registry --probe --allow-scripts --lockfile --no-lockfile --help" ;;
    'update') words="--root --json --registry --dry-run --no-snapshot --probe --allow-scripts --lockfile --no-lockfile --plugins-timeout --evict-orphan --settle --ready-timeout --idle-timeout --countdown --help" ;;
    'check') words="--root --json --registry --help" ;;
    'list') words="--root --json --help" ;;
    'show') words="--root --json --help $(_openclaw_releases_ids "$root")" ;;
    'switch') words="--root --json --no-restart --plugins-timeout --evict-orphan --settle --ready-timeout --idle-timeout --countdown --help $(_openclaw_releases_ids "$root")" ;;
    'rollback') words="--root --json --dry-run --yes --keep-state --evict-orphan --settle --ready-timeout --idle-timeout --countdown --help $(_openclaw_releases_ids "$root")" ;;
    'drill') words="--root --json --ready-timeout --help $(_openclaw_releases_ids "$root")" ;;
    'status') words="--root --json --follow --help" ;;
    'history') words="--root --json --limit --since --failed --help" ;;
    'cancel') words="--root --json --help" ;;
    'restart-now') words="--root --json --help" ;;
    'verify') words="--root --json --help $(_openclaw_releases_ids "$root")" ;;
    'lockfile') words="import --help" ;;
    'lockfile import') words="--root --json --help $(compgen -f -- "$word")" ;;
    'prune') words="--root --json --keep --max-bytes --dry-run --help" ;;
    'retention') words="--root --json --releases --bytes --leave-free --defaults --help" ;;
    'pin') words="--root --json --help $(_openclaw_releases_ids "$root")" ;;
    'unpin') words="--root --json --help $(_openclaw_releases_ids "$root")" ;;
    'hold') words="--root --json --why --help" ;;
    'unhold') words="--root --json --help" ;;
    'timer') words="enable disable status explain run --help" ;;
    'timer enable') words="--root --json --registry --system --dry-run --channel --window --any-time --time-zone --delay --jitter --minimum-age --minimum-interval --soak --drill --idle --countdown --max-defer --skip --skip-none --defaults --help" ;;
    'timer disable') words="--root --json --system --help" ;;
    'timer status') words="--root --json --help" ;;
    'timer explain') words="--root --json --registry --help" ;;
    'timer run') words="--root --json --registry --probe --allow-scripts --lockfile --no-lockfile --plugins-timeout --evict-orphan --settle --ready-timeout --help" ;;
    'recover') words="--root --json --boot --help" ;;
    'run') words="--root --json --stop-timeout --replace --help" ;;
    'adopt') words="--root --json --dry-run --write --registry --evict-orphan --settle --ready-timeout --unit --system --probe --allow-scripts --lockfile --no-lockfile --help" ;;
    'unadopt') words="--root --json --evict-orphan --settle --ready-timeout --unit --system --help" ;;
    'logs') words="--root --json --lines --help" ;;
    'report') words="--root --json --output --help" ;;
    'doctor') words="--root --json --help" ;;
    'completion') words="bash zsh fish --help" ;;
    'demo') words="--cache --help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _openclaw_releases openclaw-releases
