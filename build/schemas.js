/**
 * `npm run schemas` makes `layout/schemas/` of the types that they describe: of our files, and in `views/` of what
 * commands answer. A file says so by a tag only where a type cannot: `src/core/scalars.ts` has the patterns and limits.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** File in `layout/schemas/`: module and type, and what has this shape. */
const SCHEMAS = {
  release: ['store/manifest', 'Manifest', 'releases/<release>/release.json'],
  change: ['ledger/ledger', 'Change', 'changes/<change>.json'],
  policy: ['store/policy', 'Policy', 'policy.json'],
  progress: ['ledger/progress', 'ProgressRecord', 'staging/<change>.progress'],
  'registry-keys': ['registry/signing-keys', 'KeysFile', 'registry-keys.json'],
  supervisor: ['supervisor/select', 'SupervisorRecord', 'supervisor.json'],
  adopted: ['adopt/apply', 'Adoption', 'adopted.json'],
  'adopted-files': ['adopt/supervisor-files-record', 'SupervisorFiles', 'adopted-files.json'],
  compatibility: ['rollback/compatibility/current-state', 'CompatibilityRecord', 'compatibility.json'],
  history: ['ledger/history', 'History', 'history.json'],
  'gateway-cache': ['views/gateway-cache', 'StartRecord', 'gateway-cache.json'],
  restore: ['state/restore-records', 'Restore', 'restore.json, trial-restore.json'],
  'restore-result': ['state/restore-records', 'LastRestore', 'restore-result.json'],
  'kept-state': ['state/snapshots', 'Snapshot', 'states/<name>/state.json'],
  'file-list': ['state/snapshot-layout', 'FileList', 'states/<name>/files.json'],
  scrub: ['store/scrub-record', 'ScrubFile', 'scrub.json'],
  pack: ['pack/pack', 'Pack', 'pack.json of a pack'],
  request: ['rpc/requests/requests', 'RequestRecord', 'requests/<request>.json'],
  'system-units': ['adopt/system-unit-record', 'SystemRecord', 'system-units.json'],
  'timer-state': ['store/timer-state', 'TimerStateFile', 'timer-state.json'],
  timer: ['adopt/timer-unit-record', 'TimerRecord', 'timer.json'],
  yanked: ['store/yanked', 'YankedList', 'yanked.json'],
  'views/answers': ['cli/answers', 'Answers', 'answers of commands with --json, and of methods'],
};

const ref = (name) => ({ $ref: `#/definitions/${name}` });

/** Keys of every answer of a command, and of a method. */
const OK = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
const ENVELOPE = {
  ...OK,
  properties: { schema: { type: 'integer', const: 1 }, ...OK.properties },
  required: ['schema', 'ok'],
};

const modules = [...new Set(Object.values(SCHEMAS).map(([module]) => module))];
const generator = createGenerator({
  path: at(`src/{${modules.join(',')}}.ts`),
  tsconfig: at('tsconfig.json'),
  skipTypeCheck: true,
  topRef: false,
  additionalProperties: true,
});

mkdirSync(at('layout/schemas/views'), { recursive: true });
for (const [name, [, type, title]] of Object.entries(SCHEMAS)) {
  const { $schema, definitions, ...schema } = generator.createSchema(type);
  // A record of another version may have an error that this one does not know.
  if (definitions.ErrorCode) definitions.ErrorCode = { type: 'string' };
  const shape = name === 'views/answers' ? answers(schema, definitions) : { ...schema, definitions };
  const whole = { $schema, $id: `openclaw-releases:${name}`, title, ...shape };
  writeFileSync(at(`layout/schemas/${name}.schema.json`), `${JSON.stringify(whole, withoutAbsent, 2)}\n`);
}

/** Removes keys that a type declares as undefined. */
function withoutAbsent(_, value) {
  return value?.not ? undefined : value;
}

/**
 * Makes a definition of each command: its documents, or a failure. `timer enable` is `timer-enable`. That of a method,
 * whose name has a dot, has no failure: a gateway answers with a failure in another way.
 */
function answers({ properties }, definitions) {
  const commands = Object.entries(properties).map(([command, { anyOf, description, ...document }]) => {
    const documents = anyOf ?? [document];
    const shape = command.includes('.')
      ? { ...OK, anyOf: documents }
      : { ...ENVELOPE, anyOf: [...documents, ref('Failure')] };
    return [command.replaceAll(' ', '-'), { ...(description && { description }), ...shape }];
  });
  const failure = { type: 'object', properties: { error: ref('ErrorRecord') }, required: ['error'] };
  return { definitions: { ...Object.fromEntries(commands), Failure: failure, ...definitions } };
}
