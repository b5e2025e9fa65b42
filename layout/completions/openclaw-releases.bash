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
        'setup' | 'stage' | 'update' | 'check' | 'list' | 'show' | 'switch' | 'rollback' | 'drill' | 'status' | 'history' | 'cancel' | 'restart-now' | 'verify' | 'scrub' | 'pack' | 'import' | 'signers' | 'yanked' | 'lockfile' | 'lockfile import' | 'diff' | 'why' | 'remove' | 'prune' | 'retention' | 'pin' | 'unpin' | 'notify' | 'hold' | 'unhold' | 'timer' | 'timer enable' | 'timer disable' | 'timer status' | 'timer explain' | 'timer run' | 'recover' | 'run' | 'adopt' | 'unadopt' | 'logs' | 'report' | 'uninstall' | 'doctor' | 'completion' | 'demo')
          path=$path${path:+ }${COMP_WORDS[at]} ;;
      esac ;;
    esac
  done
  case "$before" in
    --root|--lockfile|--output|--cache) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --color) COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
    --registry|--allow-scripts|--plugins-timeout|--settle|--ready-timeout|--idle-timeout|--countdown|--limit|--since|--for|--base|--sign|--keep|--max-bytes|--releases|--bytes|--leave-free|--why|--channel|--window|--time-zone|--delay|--jitter|--minimum-age|--minimum-interval|--soak|--drill|--scrub|--idle|--max-defer|--skip|--stop-timeout|--unit|--lines) COMPREPLY=($(compgen -W "" -- "$word")); return ;;
    --probe) COMPREPLY=($(compgen -W "version boot auto" -- "$word")); return ;;
    --codec) COMPREPLY=($(compgen -W "zstd gzip" -- "$word")); return ;;
    --policy) COMPREPLY=($(compgen -W "wanted required" -- "$word")); return ;;
    --share) COMPREPLY=($(compgen -W "auto reflink none" -- "$word")); return ;;
  esac
  case "$path" in
    '') words="setup stage update check list show switch rollback drill status history cancel restart-now verify scrub pack import signers yanked lockfile diff why remove prune retention pin unpin notify hold unhold timer recover run adopt unadopt logs report uninstall doctor completion demo --help" ;;
    'setup') words="--root --json --color --dry-run --yes --registry --help" ;;
    'stage') words="--root --json --color --registry --even-if-yanked --probe --allow-scripts --lockfile --no-lockfile --help" ;;
    'update') words="--root --json --color --registry --dry-run --no-snapshot --even-if-yanked --probe --allow-scripts --lockfile --no-lockfile --plugins-timeout --evict-orphan --settle --ready-timeout --idle-timeout --countdown --help" ;;
    'check') words="--root --json --color --registry --help" ;;
    'list') words="--root --json --color --help" ;;
    'show') words="--root --json --color --help $(_openclaw_releases_ids "$root")" ;;
    'switch') words="--root --json --color --no-restart --even-if-yanked --plugins-timeout --evict-orphan --settle --ready-timeout --idle-timeout --countdown --help $(_openclaw_releases_ids "$root")" ;;
    'rollback') words="--root --json --color --dry-run --yes --keep-state --evict-orphan --settle --ready-timeout --idle-timeout --countdown --help $(_openclaw_releases_ids "$root")" ;;
    'drill') words="--root --json --color --ready-timeout --for-real --yes --any-time --settle --help $(_openclaw_releases_ids "$root")" ;;
    'status') words="--root --json --color --prometheus --follow --help" ;;
    'history') words="--root --json --color --limit --since --failed --help" ;;
    'cancel') words="--root --json --color --help" ;;
    'restart-now') words="--root --json --color --help" ;;
    'verify') words="--root --json --color --help $(_openclaw_releases_ids "$root")" ;;
    'scrub') words="--root --json --color --for --help" ;;
    'pack') words="--root --json --color --output --codec --base --sign --help $(_openclaw_releases_ids "$root")" ;;
    'import') words="--root --json --color --even-if-yanked --probe --help $(compgen -f -- "$word")" ;;
    'signers') words="--root --json --color --policy --help $(compgen -f -- "$word")" ;;
    'yanked') words="--root --json --color --help $(compgen -f -- "$word")" ;;
    'lockfile') words="import --help" ;;
    'lockfile import') words="--root --json --color --help $(compgen -f -- "$word")" ;;
    'diff') words="--root --json --color --help" ;;
    'why') words="--root --json --color --help $(_openclaw_releases_ids "$root")" ;;
    'remove') words="--root --json --color --dry-run --help $(_openclaw_releases_ids "$root")" ;;
    'prune') words="--root --json --color --keep --max-bytes --dry-run --help" ;;
    'retention') words="--root --json --color --releases --bytes --leave-free --share --defaults --help" ;;
    'pin') words="--root --json --color --help $(_openclaw_releases_ids "$root")" ;;
    'unpin') words="--root --json --color --help $(_openclaw_releases_ids "$root")" ;;
    'notify') words="--root --json --color --test --off --help" ;;
    'hold') words="--root --json --color --why --help" ;;
    'unhold') words="--root --json --color --help" ;;
    'timer') words="enable disable status explain run --help" ;;
    'timer enable') words="--root --json --color --registry --system --dry-run --channel --window --any-time --time-zone --delay --jitter --minimum-age --minimum-interval --soak --drill --scrub --idle --countdown --max-defer --skip --skip-none --defaults --help" ;;
    'timer disable') words="--root --json --color --system --help" ;;
    'timer status') words="--root --json --color --help" ;;
    'timer explain') words="--root --json --color --registry --help" ;;
    'timer run') words="--root --json --color --registry --even-if-yanked --probe --allow-scripts --lockfile --no-lockfile --plugins-timeout --evict-orphan --settle --ready-timeout --help" ;;
    'recover') words="--root --json --color --boot --help" ;;
    'run') words="--root --json --color --stop-timeout --replace --help" ;;
    'adopt') words="--root --json --color --dry-run --write --registry --evict-orphan --settle --ready-timeout --unit --system --even-if-yanked --probe --allow-scripts --lockfile --no-lockfile --help" ;;
    'unadopt') words="--root --json --color --evict-orphan --settle --ready-timeout --unit --system --help" ;;
    'logs') words="--root --json --color --lines --help" ;;
    'report') words="--root --json --color --output --help" ;;
    'uninstall') words="--root --json --color --evict-orphan --settle --ready-timeout --unit --system --dry-run --yes --help" ;;
    'doctor') words="--root --json --color --help" ;;
    'completion') words="bash zsh fish --help" ;;
    'demo') words="--cache --help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _openclaw_releases openclaw-releases
