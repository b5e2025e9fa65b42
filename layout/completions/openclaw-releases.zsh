#compdef openclaw-releases
# Completion of openclaw-releases; made by "npm run docs" from the commands themselves.
_openclaw_releases_names() {
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
_openclaw_releases_ids() {
  local -a ids=(${(f)"$(_openclaw_releases_names "${(Q)opt_args[--root]}")"})
  compadd -a ids
}
_openclaw_releases() {
  local context state line curcontext=$curcontext
  typeset -A opt_args
  local -a commands=(
    'setup:find what is there, and lead from it to a running gateway'
    'stage:fetch, install and prove a release beside the others'
    'update:stage, switch, restart, verify; roll back when it fails'
    'check:ask the registry for a newer release, and say what its update would need'
    'list:show every release and its links'
    'show:show one release: where it is from, what it runs on'
    'switch:make a staged release current, restart, verify'
    'rollback:return to the release from before, restart, verify'
    'drill:prove that a rollback would work: start its release on a copy of the state'
    'status:show what runs, what is current, and what is being done'
    'history:show the changes made here, newest first, or the steps of one'
    'cancel:end the active change before its switch; a release that is staged whole stays'
    'restart-now:restart the gateway without waiting for it any longer'
    'verify:compare every file of a release with its sealed digest'
    'scrub:compare all that is kept with what it was: releases, their Nodes, snapshots and records'
    'pack:write a release with its Node into one file, for hosts without a registry'
    'import:take a release from a pack that another host has made; no registry is needed'
    'signers:show or set whose packs this host imports'
    'yanked:show the list of yanked releases, or take a newer one'
    'lockfile:lockfiles of releases: import'
    'diff:compare two staged releases: packages, databases, Node, CHANGELOG'
    'why:say why a release is kept, was not taken, or was rolled back'
    'remove:remove one release that nothing needs'
    'prune:remove releases that nothing needs'
    'retention:show or set how much is kept after an update, and by prune'
    'pin:keep a release for good, and updates that name no version away from it'
    'unpin:let a pinned release go'
    'notify:tell a program or an address of each verdict, and of a timer that has refused for three days'
    'hold:keep the timer, and updates that name no version, from updating'
    'unhold:let the timer update again, also after three rollbacks in a row'
    'timer:updates by a timer: enable, disable, status, explain, run'
    'recover:finish or undo what an interrupted change left'
    'run:supervise the gateway in the foreground'
    'adopt:take over a gateway that runs under systemd or another supervisor'
    'unadopt:give an adopted gateway back as it was'
    'logs:print the end of the gateway'\''s log'
    'report:print what a maintainer needs to understand a failure, without secrets'
    'uninstall:remove all of this from the host, in the right order'
    'doctor:say what has drifted since the gateway was adopted'
    'completion:print what completes commands, options and releases in a shell'
    'demo:stage, run, update, verify and roll back two real releases in a throw-away place'
  )
  _arguments -C '(- *)'--help'[show the help]' '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest) case $words[1] in
    setup) _openclaw_releases_setup ;;
    stage) _openclaw_releases_stage ;;
    update) _openclaw_releases_update ;;
    check) _openclaw_releases_check ;;
    list) _openclaw_releases_list ;;
    show) _openclaw_releases_show ;;
    switch) _openclaw_releases_switch ;;
    rollback) _openclaw_releases_rollback ;;
    drill) _openclaw_releases_drill ;;
    status) _openclaw_releases_status ;;
    history) _openclaw_releases_history ;;
    cancel) _openclaw_releases_cancel ;;
    restart-now) _openclaw_releases_restart_now ;;
    verify) _openclaw_releases_verify ;;
    scrub) _openclaw_releases_scrub ;;
    pack) _openclaw_releases_pack ;;
    import) _openclaw_releases_import ;;
    signers) _openclaw_releases_signers ;;
    yanked) _openclaw_releases_yanked ;;
    lockfile) _openclaw_releases_lockfile ;;
    diff) _openclaw_releases_diff ;;
    why) _openclaw_releases_why ;;
    remove) _openclaw_releases_remove ;;
    prune) _openclaw_releases_prune ;;
    retention) _openclaw_releases_retention ;;
    pin) _openclaw_releases_pin ;;
    unpin) _openclaw_releases_unpin ;;
    notify) _openclaw_releases_notify ;;
    hold) _openclaw_releases_hold ;;
    unhold) _openclaw_releases_unhold ;;
    timer) _openclaw_releases_timer ;;
    recover) _openclaw_releases_recover ;;
    run) _openclaw_releases_run ;;
    adopt) _openclaw_releases_adopt ;;
    unadopt) _openclaw_releases_unadopt ;;
    logs) _openclaw_releases_logs ;;
    report) _openclaw_releases_report ;;
    uninstall) _openclaw_releases_uninstall ;;
    doctor) _openclaw_releases_doctor ;;
    completion) _openclaw_releases_completion ;;
    demo) _openclaw_releases_demo ;;
    esac ;;
  esac
}
_openclaw_releases_setup() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--dry-run[say what is there and what would be done, and change nothing]' \
    '--yes[adopt a gateway without a question, which restarts it once]' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_stage() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '--even-if-yanked[take it although it is yanked or deprecated]' \
    '--probe[how to try it\: its version, a boot on a copy of the state, or auto (one of version, boot, auto; default\: version; environment\: OPENCLAW_RELEASES_PROBE)]:how:(version boot auto)' \
    '*--allow-scripts[dependencies whose install scripts may run]:package:' \
    '--lockfile[install exactly what this package-lock.json of an earlier stage lists]:file:_files' \
    '--no-lockfile[look dependencies up anew, though there is a lockfile of that version here]' \
    '(- *)'--help'[show the help]' \
    '1:spec:'
}
_openclaw_releases_update() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '--dry-run[print the plan and change nothing]' \
    '--no-snapshot[keep no copy of the state, although going back may then be impossible]' \
    '--even-if-yanked[take it although it is yanked or deprecated]' \
    '--probe[how to try it\: its version, a boot on a copy of the state, or auto (one of version, boot, auto; default\: auto; environment\: OPENCLAW_RELEASES_PROBE)]:how:(version boot auto)' \
    '*--allow-scripts[dependencies whose install scripts may run]:package:' \
    '--lockfile[install exactly what this package-lock.json of an earlier stage lists]:file:_files' \
    '--no-lockfile[look dependencies up anew, though there is a lockfile of that version here]' \
    '--plugins-timeout[for the release'\''s own tools to bring plugins along (default\: 120s)]:time:' \
    '--evict-orphan[end a gateway of this user that holds the port outside of the supervisor]' \
    '--settle[how long it must stay healthy (default\: 10s)]:time:' \
    '--ready-timeout[for a gateway that shows no progress (default\: 60s)]:time:' \
    '--idle-timeout[how long to wait for a busy gateway before its restart (default\: 60s)]:time:' \
    '--countdown[from then until the restart, in which it can be stopped (default\: 0s)]:time:' \
    '(- *)'--help'[show the help]' \
    '1:spec:'
}
_openclaw_releases_check() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_list() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_show() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_switch() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--no-restart[only repoint\: takes effect at the next start, and is not verified]' \
    '--even-if-yanked[take it although it is yanked or deprecated]' \
    '--plugins-timeout[for the release'\''s own tools to bring plugins along (default\: 120s)]:time:' \
    '--evict-orphan[end a gateway of this user that holds the port outside of the supervisor]' \
    '--settle[how long it must stay healthy (default\: 10s)]:time:' \
    '--ready-timeout[for a gateway that shows no progress (default\: 60s)]:time:' \
    '--idle-timeout[how long to wait for a busy gateway before its restart (default\: 60s)]:time:' \
    '--countdown[from then until the restart, in which it can be stopped (default\: 0s)]:time:' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_rollback() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--dry-run[print the plan and change nothing]' \
    '--yes[put the state back as well, where the release cannot read what is there now]' \
    '--keep-state[roll back the code alone, also where the state is incompatible]' \
    '--evict-orphan[end a gateway of this user that holds the port outside of the supervisor]' \
    '--settle[how long it must stay healthy (default\: 10s)]:time:' \
    '--ready-timeout[for a gateway that shows no progress (default\: 60s)]:time:' \
    '--idle-timeout[how long to wait for a busy gateway before its restart (default\: 0s)]:time:' \
    '--countdown[from then until the restart, in which it can be stopped (default\: 0s)]:time:' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_drill() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--ready-timeout[how long its start may take, times three (default\: 60s)]:time:' \
    '*--for-real[roll back to the proven previous release and switch forward again, with two outages]' \
    '--yes[with --for-real\: do not ask]' \
    '--any-time[with --for-real\: also outside of the maintenance windows]' \
    '--settle[with --for-real\: how long each must stay healthy (default\: 10s)]:time:' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_status() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--prometheus[print metrics for node_exporter'\''s textfile collector]' \
    '--follow[stay until the active change has its verdict, and exit with its code]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_history() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--limit[most changes to show (default\: 20; all with --json)]:count:' \
    '--since[a date, a date and time, or a duration such as 3d or 12h]:time:' \
    '--failed[only changes that did not succeed]' \
    '(- *)'--help'[show the help]' \
    '1:change:'
}
_openclaw_releases_cancel() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_restart_now() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_verify() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_scrub() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--for[stop after that time; the next scrub continues there]:time:' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_pack() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--output[where to (default\: openclaw-<release>-<system>.pack)]:file:_files' \
    '--codec[how to compress; as the Node of the release can (one of zstd, gzip)]:name:(zstd gzip)' \
    '--base[leave out what this release has; each host must have it]:release:' \
    '--sign[sign it with a key of SSH; needs ssh-keygen here, and on no other host]:key:' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_import() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--even-if-yanked[take it although it is yanked or deprecated]' \
    '--probe[how to try it\: its version, a boot on a copy of the state, or auto (one of version, boot, auto; default\: version; environment\: OPENCLAW_RELEASES_PROBE)]:how:(version boot auto)' \
    '(- *)'--help'[show the help]' \
    '1:file:_files'
}
_openclaw_releases_signers() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--policy[whether a pack must be signed (one of wanted, required)]:policy:(wanted required)' \
    '(- *)'--help'[show the help]' \
    '1:file:_files'
}
_openclaw_releases_yanked() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:file:_files'
}
_openclaw_releases_lockfile() {
  local context state line curcontext=$curcontext
  typeset -A opt_args
  local -a commands=(
    'import:take the lockfile of a release that another host has staged: that version is installed just so from now on'
  )
  _arguments -C '(- *)'--help'[show the help]' '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest) case $words[1] in
    import) _openclaw_releases_lockfile_import ;;
    esac ;;
  esac
}
_openclaw_releases_lockfile_import() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:lockfile:_files'
}
_openclaw_releases_diff() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:from:'
}
_openclaw_releases_why() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_remove() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--dry-run[print what would be removed and change nothing]' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_prune() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--keep[newest releases to keep, whether anything needs them or not]:count:' \
    '--max-bytes[the most that releases and copies of the state may take]:amount:' \
    '--dry-run[print what would be removed and change nothing]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_retention() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--releases[newest releases to keep, whether anything needs them or not]:count:' \
    '--bytes[the most that releases and the copies of the state kept for them may take]:amount:' \
    '--leave-free[what staging must leave free on the filesystem]:amount:' \
    '--share[how a new release shares dependencies with kept ones (one of auto, reflink, none)]:how:(auto reflink none)' \
    '--defaults[forget what was set before]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_pin() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_unpin() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]' \
    '1:release:_openclaw_releases_ids'
}
_openclaw_releases_notify() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--test[send a notification now]' \
    '--off[tell nobody any more]' \
    '(- *)'--help'[show the help]' \
    '1:target:'
}
_openclaw_releases_hold() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--why[shown wherever the hold is]:text:' \
    '(- *)'--help'[show the help]' \
    '1:until:'
}
_openclaw_releases_unhold() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_timer() {
  local context state line curcontext=$curcontext
  typeset -A opt_args
  local -a commands=(
    'enable:have updates made by themselves, and say when that may be'
    'disable:make no updates by themselves any more; what was set is kept'
    'status:show when it looks next, what is set, and what it decided last and why'
    'explain:show the decision and what each rule says, and do nothing'
    'run:update when that may be now, and say why or why not; what the timer runs every hour'
  )
  _arguments -C '(- *)'--help'[show the help]' '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest) case $words[1] in
    enable) _openclaw_releases_timer_enable ;;
    disable) _openclaw_releases_timer_disable ;;
    status) _openclaw_releases_timer_status ;;
    explain) _openclaw_releases_timer_explain ;;
    run) _openclaw_releases_timer_run ;;
    esac ;;
  esac
}
_openclaw_releases_timer_enable() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '--system[a timer of the system, not of this user; for root]' \
    '--dry-run[print every file that would be written and change nothing]' \
    '--channel[stable or beta]:name:' \
    '*--window[when a restart is welcome, "Mon-Fri 02\:00-05\:00"; may be given again]:text:' \
    '--any-time[no windows]' \
    '--time-zone[of the windows (default\: this machine'\''s)]:name:' \
    '--delay[from the publication of a release until the first hosts take it]:time:' \
    '--jitter[over which hosts are spread after that]:time:' \
    '--minimum-age[no release is taken before, with any other setting]:time:' \
    '--minimum-interval[from one change to the next]:time:' \
    '--soak[that a release must have run well before the next one]:time:' \
    '--drill[from one drill of the previous release to the next; 0 makes none]:time:' \
    '--scrub[within which all that is kept is compared with what it was; 0 never]:time:' \
    '--idle[that the gateway must have been idle]:time:' \
    '--countdown[announced before the restart]:time:' \
    '--max-defer[after which a busy gateway is not waited for any more]:time:' \
    '*--skip[never taken; may be given again]:version:' \
    '--skip-none[forget the versions that were skipped]' \
    '--defaults[forget what was set before]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_timer_disable() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--system[a timer of the system; for root]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_timer_status() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_timer_explain() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_timer_run() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '--even-if-yanked[take it although it is yanked or deprecated]' \
    '--probe[how to try it\: its version, a boot on a copy of the state, or auto (one of version, boot, auto; default\: auto; environment\: OPENCLAW_RELEASES_PROBE)]:how:(version boot auto)' \
    '*--allow-scripts[dependencies whose install scripts may run]:package:' \
    '--lockfile[install exactly what this package-lock.json of an earlier stage lists]:file:_files' \
    '--no-lockfile[look dependencies up anew, though there is a lockfile of that version here]' \
    '--plugins-timeout[for the release'\''s own tools to bring plugins along (default\: 120s)]:time:' \
    '--evict-orphan[end a gateway of this user that holds the port outside of the supervisor]' \
    '--settle[how long it must stay healthy (default\: 10s)]:time:' \
    '--ready-timeout[for a gateway that shows no progress (default\: 60s)]:time:' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_recover() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--boot[before the gateway is started\: decide what it will be, and start nothing]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_run() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--stop-timeout[before a gateway that was asked to stop is killed (default\: 330s)]:time:' \
    '--replace[end a run of this root first whose own supervisor was killed]' \
    '(- *)'--help'[show the help]' \
    '1:arguments:'
}
_openclaw_releases_adopt() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--dry-run[print every file that would be written and change nothing]' \
    '--write[where no systemd runs it\: write the lines into the files of its supervisor]' \
    '--registry[npm registry to use instead of npm'\''s configured one]:url:' \
    '--evict-orphan[end a gateway of this user that holds the port outside of the supervisor]' \
    '--settle[how long it must stay healthy (default\: 10s)]:time:' \
    '--ready-timeout[for a gateway that shows no progress (default\: 60s)]:time:' \
    '--unit[the gateway'\''s systemd unit (default\: openclaw-gateway.service)]:name:' \
    '--system[a unit of the system, not of this user]' \
    '--even-if-yanked[take it although it is yanked or deprecated]' \
    '--probe[how to try it\: its version, a boot on a copy of the state, or auto (one of version, boot, auto; default\: version; environment\: OPENCLAW_RELEASES_PROBE)]:how:(version boot auto)' \
    '*--allow-scripts[dependencies whose install scripts may run]:package:' \
    '--lockfile[install exactly what this package-lock.json of an earlier stage lists]:file:_files' \
    '--no-lockfile[look dependencies up anew, though there is a lockfile of that version here]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_unadopt() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--evict-orphan[end a gateway of this user that holds the port outside of the supervisor]' \
    '--settle[how long it must stay healthy (default\: 10s)]:time:' \
    '--ready-timeout[for a gateway that shows no progress (default\: 60s)]:time:' \
    '--unit[the gateway'\''s systemd unit (default\: openclaw-gateway.service)]:name:' \
    '--system[a unit of the system, not of this user]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_logs() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--lines[how many lines at most (default\: 100)]:count:' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_report() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--output[write it to this file]:file:_files' \
    '(- *)'--help'[show the help]' \
    '1:change:'
}
_openclaw_releases_uninstall() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '--evict-orphan[end a gateway of this user that holds the port outside of the supervisor]' \
    '--settle[how long it must stay healthy (default\: 10s)]:time:' \
    '--ready-timeout[for a gateway that shows no progress (default\: 60s)]:time:' \
    '--unit[the gateway'\''s systemd unit (default\: openclaw-gateway.service)]:name:' \
    '--system[a unit of the system, not of this user]' \
    '--dry-run[say what would be removed and change nothing]' \
    '--yes[remove it without a question]' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_doctor() {
  _arguments '--root[where releases live (environment\: OPENCLAW_RELEASES_ROOT)]:directory:_files' \
    '--json[print one JSON document on standard output and nothing else]' \
    '--color[colour the output; NO_COLOR is heeded (one of auto, always, never; default\: auto)]:when:(auto always never)' \
    '(- *)'--help'[show the help]'
}
_openclaw_releases_completion() {
  _arguments '(- *)'--help'[show the help]' \
    '1:shell:(bash zsh fish)'
}
_openclaw_releases_demo() {
  _arguments '--cache[keep what npm downloads there, for the next time]:directory:_files' \
    '(- *)'--help'[show the help]'
}
if [ "$funcstack[1]" = _openclaw_releases ]; then _openclaw_releases "$@"; else compdef _openclaw_releases openclaw-releases; fi
