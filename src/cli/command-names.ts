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
    'pack',
    'import',
    'signers',
    'yanked',
    'lockfile',
  ],
  'Automatic updates:': ['timer'],
  'The gateway and its supervisor:': ['setup', 'run', 'adopt', 'unadopt', 'uninstall', 'logs'],
  'Repair:': ['recover', 'doctor', 'report'],
  'First steps:': ['demo', 'completion'],
};

/** Names that people type from habit. */
export const ALIASES: Record<string, string> = { ls: 'list', upgrade: 'update', revert: 'rollback' };
