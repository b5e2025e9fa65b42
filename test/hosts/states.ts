/** Answers of a kernel about a state, by paths below it; a real filesystem gives all others. */
export interface Kernel {
  /** Mount points, as `/proc/self/mountinfo` spells them. */
  mounts?: string[];
  /** Entries, and all below them, on another filesystem than the root. */
  elsewhere?: string[];
  /** The root and the state are layers of a container. */
  overlay?: boolean;
  /** Refusals to remove or to rename an entry. */
  unremovable?: Record<string, string>;
  /** Entries, and all below them, that this process cannot write. */
  unwritable?: string[];
  /** Entries of user 4711. */
  foreign?: string[];
}

export interface StateRow {
  situation: string;
  /** Public report that it is taken from. */
  source?: string;
  /** `.` is the state itself, `~` the directory that it is in. */
  kernel: Kernel;
  /** Root, from the directory that the state is in; `root` unless given. */
  root?: string;
  /** Configuration outside of the state, likewise. */
  config?: string;
  /** Files besides those of each state; `-> ` begins a link. */
  files?: Record<string, string>;
  /** Copied by a restore: all of the state, nothing of it, or these files. Else part of the refusal. */
  expected: 'links' | 'copies' | { copies: string[] } | { refused: string };
}

const FILE = 'credentials/token';
const SESSIONS = 'agents/main/sessions';

/** Filesystems, mounts and owners, and what of a state can be replaced there. */
export const STATES: StateRow[] = [
  { situation: 'root and state on one filesystem', kernel: {}, expected: 'links' },
  { situation: 'the root within the state', kernel: {}, root: 'state/releases', expected: 'links' },
  {
    situation: 'layers of a container',
    source: 'moby/moby#25409, npm/cli#2182',
    kernel: { overlay: true },
    expected: 'copies',
  },
  {
    situation: 'a volume of its own for the state',
    source: 'aws-samples/sample-OpenClaw-on-AWS-with-Bedrock#99',
    kernel: { mounts: ['.'], elsewhere: ['.'] },
    expected: 'copies',
  },
  { situation: 'two volumes of one disk', kernel: { mounts: ['.', '~/root'] }, expected: 'copies' },
  { situation: 'one volume for both', kernel: { mounts: ['~'] }, expected: 'links' },
  {
    situation: 'a volume beside the state whose name begins as that of the state',
    kernel: { mounts: ['~/stat'] },
    expected: 'links',
  },
  { situation: 'a subvolume of btrfs, which is no mount', kernel: { elsewhere: ['.'] }, expected: 'copies' },
  {
    situation: 'a subvolume for a part of the state',
    kernel: { elsewhere: ['credentials'] },
    expected: { copies: [FILE] },
  },
  {
    situation: 'a mount for a part of the state',
    kernel: { mounts: ['credentials'] },
    expected: { copies: [FILE] },
  },
  {
    situation: 'a mount for a part of the state, in a path with a space',
    kernel: { mounts: ['my\\040files'] },
    files: { 'my files/a': 'a' },
    expected: { copies: ['my files/a'] },
  },
  {
    situation: 'a mount in the workspace, which no restore touches',
    kernel: { mounts: ['workspace'], unremovable: { 'workspace/a': 'EBUSY' } },
    files: { 'workspace/a': 'a' },
    expected: 'links',
  },
  {
    situation: 'a file that is mounted',
    kernel: { mounts: [FILE] },
    expected: { refused: '/credentials/token" is mounted into the state directory' },
  },
  {
    situation: 'a file that is mounted read-only, so no release changes it',
    kernel: { mounts: [FILE], unwritable: [FILE] },
    expected: { copies: [FILE] },
  },
  {
    situation: 'a transcript that is mounted, which only grows',
    kernel: { mounts: [`${SESSIONS}/a.jsonl`] },
    files: { [`${SESSIONS}/a.jsonl`]: '{}' },
    expected: 'links',
  },
  {
    situation: 'an immutable file',
    kernel: { unremovable: { [FILE]: 'EPERM' }, unwritable: [FILE] },
    expected: 'links',
  },
  {
    situation: 'a file that can only be appended to',
    kernel: { unremovable: { [FILE]: 'EPERM' } },
    expected: { refused: '/credentials/token" can be written but not replaced (EPERM)' },
  },
  {
    situation: 'an error that nobody has named before',
    kernel: { unremovable: { [FILE]: 'EREMOTEIO' } },
    expected: { refused: '(EREMOTEIO). Look with lsattr -d and ls -ld' },
  },
  {
    situation: 'a part of the state that is mounted read-only, as both states have it',
    kernel: { mounts: ['credentials'], unremovable: { [FILE]: 'EROFS' }, unwritable: ['credentials'] },
    expected: { copies: [FILE] },
  },
  {
    situation: 'a writable file in a directory of another user',
    kernel: { unremovable: { [FILE]: 'EACCES' }, foreign: ['credentials'] },
    expected: { refused: '/credentials" belongs to another user (4711)' },
  },
  {
    situation: 'a directory that its own user has closed, and can open',
    kernel: { unremovable: { [FILE]: 'EACCES' }, unwritable: ['credentials'], foreign: [] },
    expected: 'links',
  },
  {
    situation: 'a directory of another user, which this one cannot change',
    kernel: { unwritable: ['credentials'], foreign: ['credentials'] },
    expected: { refused: 'sudo chown -R' },
  },
  {
    situation: 'a directory of another user that this one may change',
    kernel: { foreign: ['credentials'] },
    expected: 'links',
  },
  {
    situation: "another user's file below a sticky directory",
    kernel: { unremovable: { [FILE]: 'EPERM' }, foreign: [FILE, 'credentials'] },
    expected: { refused: '/credentials/token" can be written but not replaced (EPERM)' },
  },
  {
    situation: 'a state of another user',
    kernel: { unwritable: ['.'], foreign: ['.'] },
    expected: { refused: 'nothing could be put back into it' },
  },
  {
    situation: 'a link to a file elsewhere',
    kernel: { elsewhere: ['~/other'] },
    files: { '../other/note': 'n', note: '-> ../other/note' },
    expected: 'links',
  },
  {
    situation: 'a configuration that another tool manages, where this user cannot write',
    source: 'openclaw#66048',
    kernel: { unwritable: ['~/etc'] },
    config: 'etc/openclaw.json',
    expected: 'links',
  },
  {
    situation: 'a file that vanishes meanwhile',
    kernel: { unremovable: { [FILE]: 'ENOENT' } },
    expected: 'links',
  },
];
