import type { Commands } from './program.js';

export const COMMANDS: Commands = {
  setup: async () => (await import('./commands/setup.js')).setupCommand(),
  stage: async () => (await import('./commands/stage.js')).stageCommand(),
  update: async () => (await import('./commands/update.js')).updateCommand(),
  check: async () => (await import('./commands/check.js')).checkCommand(),
  list: async () => (await import('./commands/list.js')).listCommand(),
  show: async () => (await import('./commands/show.js')).showCommand(),
  switch: async () => (await import('./commands/switch.js')).switchCommand(),
  rollback: async () => (await import('./commands/rollback.js')).rollbackCommand(),
  drill: async () => (await import('./commands/drill.js')).drillCommand(),
  status: async () => (await import('./commands/status.js')).statusCommand(),
  history: async () => (await import('./commands/history.js')).historyCommand(),
  cancel: async () => (await import('./commands/cancel.js')).cancelCommand(),
  'restart-now': async () => (await import('./commands/cancel.js')).restartNowCommand(),
  verify: async () => (await import('./commands/verify.js')).verifyCommand(),
  scrub: async () => (await import('./commands/scrub.js')).scrubCommand(),
  lockfile: async () => (await import('./commands/lockfile.js')).lockfileCommand(),
  diff: async () => (await import('./commands/diff.js')).diffCommand(),
  why: async () => (await import('./commands/why.js')).whyCommand(),
  remove: async () => (await import('./commands/remove.js')).removeCommand(),
  prune: async () => (await import('./commands/prune.js')).pruneCommand(),
  retention: async () => (await import('./commands/retention.js')).retentionCommand(),
  pin: async () => (await import('./commands/pin.js')).pinCommand(),
  unpin: async () => (await import('./commands/pin.js')).unpinCommand(),
  notify: async () => (await import('./commands/notify.js')).notifyCommand(),
  hold: async () => (await import('./commands/hold.js')).holdCommand(),
  unhold: async () => (await import('./commands/hold.js')).unholdCommand(),
  timer: async () => (await import('./commands/timer.js')).timerCommand(),
  recover: async () => (await import('./commands/recover.js')).recoverCommand(),
  run: async () => (await import('./commands/run.js')).runCommand(),
  adopt: async () => (await import('./commands/adopt.js')).adoptCommand(),
  unadopt: async () => (await import('./commands/adopt.js')).unadoptCommand(),
  logs: async () => (await import('./commands/logs.js')).logsCommand(),
  report: async () => (await import('./commands/report.js')).reportCommand(),
  uninstall: async () => (await import('./commands/uninstall.js')).uninstallCommand(),
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand(),
  completion: async () => (await import('./commands/completion.js')).completionCommand(),
  demo: async () => (await import('./commands/demo.js')).demoCommand(),
};

/** Headings of the help, and the commands below each. */
export const GROUPS: Record<string, string[]> = {
  'Everyday:': [
    'check',
    'update',
    'rollback',
    'drill',
    'status',
    'list',
    'history',
    'notify',
    'hold',
    'unhold',
    'cancel',
    'restart-now',
  ],
  'Releases:': [
    'stage',
    'switch',
    'show',
    'diff',
    'why',
    'verify',
    'scrub',
    'pin',
    'unpin',
    'remove',
    'prune',
    'retention',
    'lockfile',
  ],
  'Automatic updates:': ['timer'],
  'The gateway and its supervisor:': ['setup', 'run', 'adopt', 'unadopt', 'uninstall', 'logs'],
  'Repair:': ['recover', 'doctor', 'report'],
  'First steps:': ['demo', 'completion'],
};

/** Names that people type from habit. */
export const ALIASES: Record<string, string> = { ls: 'list', upgrade: 'update', revert: 'rollback' };

/** Commands that only programs start: the gateway starts `rpc`, and another command starts `run-change`. */
export const HIDDEN_COMMANDS: Commands = {
  rpc: async () => (await import('./commands/rpc.js')).rpcCommand(),
  'run-change': async () => (await import('./commands/run-change.js')).runChangeCommand(),
};
