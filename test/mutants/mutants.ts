// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of the source
/** Which tests must catch a mutant; paths from the checkout. */
export interface Tests {
  tests: string[];
  /** A regular expression for the name of the test, with those of the `describe` around it; all tests when absent. */
  title?: string;
}

/** The lanes of test/README.md. */
export type Lane =
  | 'unit'
  | 'integration'
  | 'stories'
  | 'host'
  | 'killed'
  | 'torture'
  | 'lab'
  | 'openclaw'
  | 'page'
  | 'month';

/** One small change of the source that breaks a promise. */
export interface Mutant {
  name: string;
  file: string;
  /** Once in the file, or the mutant does not apply and the run fails. */
  find: string;
  replace: string;
  caughtBy: Tests & { lane: Lane };
  /**
   * The tests that caught it before each lane had a folder of its own, where `before.ts` does not lead to them; null where none
   * did, so that one was written.
   */
  before?: Tests | null;
  /** How long it may take to be caught, where that is what catches it; in seconds. */
  limitSeconds?: number;
  /** Whether these tests run what is built; those of `unit/` do not when absent, nor those of `layout/`, which is not built. */
  built?: boolean;
}

const unit = (file: string, title?: string) => at('unit', `test/unit/${file}.test.ts`, title);
const integration = (file: string, title?: string) =>
  at('integration', `test/integration/${file}.test.ts`, title);

function at(lane: Lane, path: string, title?: string): Tests & { lane: Lane } {
  return { lane, tests: [path], ...(title !== undefined && { title }) };
}

/** By room of `src/`; `layout/` last. */
export const MUTANTS: Mutant[] = [
  // errors, versions, records
  {
    name: 'exit code of a wrong checksum',
    file: 'src/errors.ts',
    find: "integrity_mismatch: 'failed'",
    replace: "integrity_mismatch: 'refused'",
    caughtBy: integration('refusals', 'an archive that is not what the registry promised'),
  },
  {
    name: 'exit code of a rollback',
    file: 'src/errors.ts',
    find: 'rolledBack: 5,',
    replace: 'rolledBack: 4,',
    caughtBy: integration('bad-versions', 'crashing at start'),
  },
  {
    name: 'exit code not set',
    file: 'src/cli/output.ts',
    find: '  process.exitCode = EXIT[ERROR_CODES[record.code]];\n',
    replace: '  process.exitCode = EXIT[ERROR_CODES[record.code]] && EXIT.internal;\n',
    caughtBy: integration('cli', 'an unknown one is a usage error'),
  },
  {
    name: 'correction taken for a prerelease',
    file: 'src/version.ts',
    find: '? PHASE.correction : PHASE.prerelease;',
    replace: '? PHASE.prerelease : PHASE.prerelease;',
    caughtBy: unit('version'),
  },
  {
    name: 'record of another name believed',
    file: 'src/record.ts',
    find: 'if (id !== undefined && named !== id)',
    replace: 'if (id === undefined && named !== named)',
    caughtBy: unit('record', 'a copy under another name'),
  },
  {
    name: 'record of a newer schema believed',
    file: 'src/record.ts',
    find: '  const wrong = whyNot(kind, value);\n',
    replace: '  const wrong = value === null ? whyNot(kind, value) : null;\n',
    caughtBy: unit('store/mend', 'what says whose the gateway is stays'),
  },
  {
    name: 'pipe read for a record',
    file: 'src/record.ts',
    find: 'if (!stats.isFile()) return',
    replace: 'if (stats.isDirectory()) return',
    caughtBy: unit('record', 'a pipe is not waited for'),
    limitSeconds: 30,
  },

  // host
  {
    name: 'fsync of a file left out',
    file: 'src/host/durable.ts',
    find: 'at += writeSync(fd, bytes, at);\n    fsyncSync(fd);\n',
    replace: 'at += writeSync(fd, bytes, at);\n',
    caughtBy: unit('host/durable', 'a file is on disk'),
    before: null,
  },
  {
    name: 'fsync of a directory left out',
    file: 'src/host/durable.ts',
    find: '  fsyncDirectory(dirname(path));\n}\n\n/**\n * Replaces',
    replace: '}\n\n/**\n * Replaces',
    caughtBy: unit('host/durable', 'a link is replaced'),
    before: null,
  },
  {
    name: 'start of a process not compared',
    file: 'src/host/process.ts',
    find: 'now !== null && now.startTicks === identity.startTicks && now.bootId',
    replace: 'now !== null && now.bootId',
    caughtBy: unit('store/lock', 'a pid that another process has now'),
  },
  {
    name: 'boot not compared',
    file: 'src/host/process.ts',
    find: ' && now.bootId === identity.bootId;',
    replace: ';',
    caughtBy: unit('store/lock', 'another boot'),
  },
  {
    name: 'port of IPv6 not looked at',
    file: 'src/host/listener.ts',
    find: "usesIpv6() ? (listeningInodes('/proc/net/tcp6', port) ?? []) : []",
    replace: "usesIpv6() ? (listeningInodes('/proc/net/tcp', port) ?? []) : []",
    caughtBy: unit('host/listener', 'finds this process listening on ::1'),
  },
  {
    name: 'one socket of a port enough',
    file: 'src/host/listener.ts',
    find: '[...sockets].every(',
    replace: '[...sockets].some(',
    caughtBy: unit('host/listener', 'is not so of one of two'),
  },
  {
    name: 'end of the line in a unit file',
    file: 'src/host/unit-template.ts',
    find: '  if (/[\\x00-\\x1f\\x7f]/.test(value)) throw unwritable(value);\n',
    replace: '  if (/[\\x00]/.test(value)) throw unwritable(value);\n',
    caughtBy: unit('adopt/unit-file', 'refuses a path that would end the line'),
  },
  {
    name: 'percent in a unit file',
    file: 'src/host/unit-template.ts',
    find: `.replaceAll('"', '\\\\"').replaceAll('%', '%%');`,
    replace: `.replaceAll('"', '\\\\"');`,
    caughtBy: unit('adopt/unit-file', 'doubles what systemd would replace'),
  },
  {
    name: 'time of a file not put back',
    file: 'src/host/written.ts',
    find: '    utimesSync(path, before.mtimeMs / 1000, before.mtimeMs / 1000);\n',
    replace: '    utimesSync(path, new Date(), before.mtimeMs && new Date());\n',
    caughtBy: unit('adopt/apply', 'byte for byte'),
  },

  // store
  {
    name: 'dead owner holds the lock',
    file: 'src/store/owner-link.ts',
    find: 'return owner && isAlive(owner) ? owner : null;',
    replace: 'return owner && (isAlive(owner) || true) ? owner : null;',
    caughtBy: unit('store/lock', 'a dead owner'),
  },
  {
    name: 'lock of a living owner broken',
    file: 'src/store/dead-lock.ts',
    find: '  if (living) return living;\n',
    replace: '  if (living && depth > 0) return living;\n',
    caughtBy: unit('store/lock', 'a lock whose owner lives is not broken'),
  },
  {
    name: 'lock of somebody else released',
    file: 'src/store/owner-link.ts',
    find: 'if (ownerText(path) === text) rmSync(path, { force: true });',
    replace: 'if (ownerText(path) !== null || text === null) rmSync(path, { force: true });',
    caughtBy: unit('store/lock', 'taken by somebody else is not released'),
  },
  {
    name: 'lock not exclusive',
    file: 'src/store/lock.ts',
    find: "    if (systemCode(error) === 'ELOCKED') return null;\n",
    replace: "    if (systemCode(error) === 'ELOCKED') return async () => {};\n",
    caughtBy: unit('store/lock', 'a second one is refused'),
  },
  {
    name: 'sealed without being on disk',
    file: 'src/store/seal.ts',
    find: '  await syncFilesystem(staged);\n  const { digest: treeDigest, files, bytes } = tree;\n',
    replace: '  const { digest: treeDigest, files, bytes } = tree;\n',
    caughtBy: unit('store/seal', 'a release is on disk'),
    before: null,
  },
  {
    name: 'name before the manifest',
    file: 'src/store/seal.ts',
    find: "  writeFileDurably(join(staged, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\\n`, 0o444);\n  renameDurably(staged, destination, 'release');\n",
    replace:
      "  renameDurably(staged, destination, 'release');\n  writeFileDurably(join(destination, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\\n`, 0o444);\n",
    caughtBy: at(
      'killed',
      'test/killed/update.test.ts',
      'every durable write of an update has its two lines',
    ),
  },
  {
    name: 'release left open to changes',
    file: 'src/store/seal.ts',
    find: '  const { mode, size } = lstatSync(path);\n  chmodSync(path, mode & 0o555);\n',
    replace: '  const { mode, size } = lstatSync(path);\n  chmodSync(path, mode & 0o777);\n',
    caughtBy: unit('store/tree', 'complete and read-only'),
  },
  {
    name: 'release sealed over another',
    file: 'src/store/seal.ts',
    find: "  if (existsSync(destination)) {\n    throw new ReleasesError('release_exists'",
    replace: "  if (existsSync(`${destination}.other`)) {\n    throw new ReleasesError('release_exists'",
    caughtBy: unit('store/tree', 'a second release of the same id is refused'),
  },
  {
    name: 'list of digests not compared',
    file: 'src/store/tree.ts',
    find: 'if (found.digest === treeDigest && sealedDigest === treeDigest) return [];',
    replace: 'if (found.text === sealed) return [];',
    caughtBy: unit('store/tree', 'a list that was edited together with its file'),
  },
  {
    name: 'file added to a release not seen',
    file: 'src/store/tree.ts',
    find: "  for (const path of after.keys()) if (!before.has(path)) differences.push({ path, kind: 'added' });\n",
    replace: '',
    caughtBy: unit('store/tree', 'an added file are each named'),
  },
  {
    name: 'link out of a release sealed',
    file: 'src/store/tree.ts',
    find: "if (path !== 'node' && (inside",
    replace: "if (path === '' && (inside",
    caughtBy: unit('store/tree', 'a link that leaves the release is refused'),
  },
  {
    name: 'digests in another order',
    file: 'src/store/digests.ts',
    find: 'done[asked.shift() ?? 0] = answer;',
    replace: 'done[asked.pop() ?? 0] = answer;',
    caughtBy: unit('store/digests', 'are those of each, in their order'),
  },
  {
    name: 'link to anything',
    file: 'src/store/switch.ts',
    find: '`releases/${checkReleaseId(id)}`',
    replace: '`releases/${id}`',
    caughtBy: unit('store/switch', 'cannot become a link'),
  },
  {
    name: 'trial that cannot be read has starts left',
    file: 'src/store/switch.ts',
    find: 'boots: 0, bootId: null };',
    replace: 'boots: TRIAL_BOOTS, bootId: null };',
    caughtBy: unit('store/switch'),
  },
  {
    name: 'quarantine counts for keeping',
    file: 'src/store/collect.ts',
    find: 'releases.filter(({ id }) => quarantineOf(policy, id) === null).reverse()',
    replace: 'releases.filter(({ id }) => quarantineOf(policy, id) !== undefined).reverse()',
    caughtBy: unit('store/collect', 'does not take the place of one that was well'),
  },
  {
    name: 'needed release pruned',
    file: 'src/store/collect.ts',
    find: 'const reason = needed.get(release.id) ?? (',
    replace: "const reason = (newest.has('') ? needed.get(release.id) : null) ?? (",
    caughtBy: unit('store/collect', 'the newest and the needed stay'),
  },
  {
    name: 'pruned although a file is corrupt',
    file: 'src/store/collect.ts',
    find: '  requireReadable(root);\n  const { releases, unsealed }',
    replace: '  if (needed.size > 1000) requireReadable(root);\n  const { releases, unsealed }',
    caughtBy: unit('store/collect', 'nothing is collected while there is something that cannot be read'),
  },
  {
    name: 'corrupt policy written over',
    file: 'src/store/policy.ts',
    find: "  if (found.state === 'unreadable') setAside(root, root.policy, found.why);\n",
    replace:
      "  if (found.state === 'unreadable' && found.why === '') setAside(root, root.policy, found.why);\n",
    caughtBy: unit('store/mend', 'a policy that became unreadable after the lock was taken'),
  },
  {
    name: 'second failure counts as the first',
    file: 'src/store/policy.ts',
    find: 'const points = 1 + (before ? pointsAt(before, Date.parse(failure.at)) : 0);',
    replace: 'const points = 1 + (before ? pointsAt(before, Date.parse(failure.at)) * 0 : 0);',
    caughtBy: unit('store/collect'),
  },
  {
    name: 'manifest of current moved away',
    file: 'src/store/mend.ts',
    find: 'if (id === currentRelease(root) || id === previousRelease(root)) {',
    replace: 'if (id === previousRelease(root)) {',
    caughtBy: unit('store/mend', 'stays when it is not made anew'),
  },
  {
    name: 'half of a restore moved away',
    file: 'src/store/mend.ts',
    find: 'return { movedTo: null, instead: standsInForRestore(root) };',
    replace: 'return { movedTo: aside(), instead: standsInForRestore(root) };',
    caughtBy: unit('store/mend', 'what says which state belongs to which release stays'),
  },
  {
    name: 'manifest made of files that were edited',
    file: 'src/store/rebuild.ts',
    find: 'if (tree.text !== sealed) throw',
    replace: "if (tree.text === '') throw",
    caughtBy: unit('store/mend', 'is not made anew when a file differs'),
  },
  {
    name: 'set aside over something else',
    file: 'src/store/aside.ts',
    find: 'const free = count === 1 ? stem : `${stem}-${count}`;\n    if (!lstatSync(free, { throwIfNoEntry: false })) return free;',
    replace:
      'const free = count === 1 ? stem : `${stem}-${count}`;\n    if (free !== root.path) return free;',
    caughtBy: unit('store/aside'),
    before: null,
  },
  {
    name: 'temporary file of a living writer removed',
    file: 'src/store/leftovers.ts',
    find: 'if (pid !== undefined && identify(Number(pid)) === null) rmSync',
    replace: 'if (pid !== undefined && identify(Number(pid))?.pid !== 0) rmSync',
    caughtBy: unit('store/leftovers'),
  },

  // source
  {
    name: 'range taken for a release',
    file: 'src/source/spec.ts',
    find: "if (type === 'tag' && TAG.test(text))",
    replace: "if (type === 'tag' || type === 'range')",
    caughtBy: unit('source/spec'),
  },
  {
    name: 'another spelling of a version taken',
    file: 'src/source/spec.ts',
    find: 'if (valid(version) === version) return version;',
    replace: "if (valid(version, { loose: true })) return valid(version, { loose: true }) ?? '';",
    caughtBy: unit('source/spec'),
  },
  {
    name: 'control character in a path',
    file: 'src/source/spec.ts',
    find: 'text !== text.trim() || CONTROL.test(text)',
    replace: 'text !== text.trim() || (CONTROL.test(text) && text.length < 2)',
    caughtBy: unit('source/spec'),
  },
  {
    name: 'password of a registry told',
    file: 'src/source/failure.ts',
    find: "  url.password = '';\n",
    replace: '',
    caughtBy: unit('source/failure'),
  },
  {
    name: 'absent signature called verified',
    file: 'src/source/signatures.ts',
    find: 'const verified = keys.length > 0 && (manifest._signatures?.length ?? 0) > 0;',
    replace: 'const verified = keys.length > 0;',
    caughtBy: integration('refusals', 'an absent signature is reported'),
  },
  {
    name: 'signature not checked',
    file: 'src/source/signatures.ts',
    find: 'keys.length > 0 && { verifySignatures: true,',
    replace: 'keys.length > 0 && { verifySignatures: false,',
    caughtBy: integration('refusals', 'a signature that does not fit is refused'),
  },
  {
    name: 'one of the checksums enough',
    file: 'src/source/lockfile.ts',
    find: '.every((checksum) => known.has(checksum))',
    replace: '.some((checksum) => known.has(checksum))',
    caughtBy: unit('source/lockfile', 'sameBytes'),
  },
  {
    name: 'lockfile of other versions taken',
    file: 'src/source/lockfile.ts',
    find: 'if (a?.version !== b?.version || !sameBytes(',
    replace: 'if (!sameBytes(',
    caughtBy: unit('source/lockfile', 'firstDifference'),
  },
  {
    name: 'package without a checksum taken',
    file: 'src/source/lockfile.ts',
    find: 'if (!integrity && !inBundle && !link) throw',
    replace: 'if (!integrity && !inBundle && !link && location === OPENCLAW) throw',
    caughtBy: integration('lockfiles', 'with a package that has no checksum'),
  },
  {
    name: 'checksum of an archive not compared',
    file: 'src/source/installing/unpack.ts',
    find: 'if (!found || this.#wanted?.match(found)) return;',
    replace: 'if (!found || this.#wanted) return;',
    caughtBy: unit('source/installing/unpack', 'tells an archive with another checksum'),
  },

  // supervisor
  {
    name: 'delay of restarts without a limit',
    file: 'src/supervisor/backoff.ts',
    find: 'const delayMs = Math.min(this.#nextMs, this.#options.maxMs);\n    this.#nextMs = Math.min(delayMs * 2, this.#options.maxMs);',
    replace: 'const delayMs = this.#nextMs;\n    this.#nextMs = delayMs * 2;',
    caughtBy: integration('supervisor-lifecycle', 'after a delay that grows up to its limit'),
  },
  {
    name: 'exit code of the gateway not passed on',
    file: 'src/supervisor/keeper.ts',
    find: 'return this.#lastEnding ? exitCodeOf(this.#lastEnding) : 0;',
    replace: 'return this.#lastEnding ? 0 * exitCodeOf(this.#lastEnding) : 0;',
    caughtBy: integration('supervisor-lifecycle', 'ends the supervisor when it ended with 78'),
  },
  {
    name: 'kill of a gateway not told',
    file: 'src/supervisor/keeper.ts',
    find: 'this.#lastEnding?.killed ?? false',
    replace: 'this.#lastEnding?.killed === null',
    caughtBy: integration('supervisor-restart', 'a stop that ends in SIGKILL is still followed by a start'),
  },
  {
    name: 'one of two main processes taken',
    file: 'src/supervisor/systemd-glance.ts',
    find: 'return started.length === 1 ? (started[0] ?? null) : null;',
    replace: 'return started[0] ?? null;',
    caughtBy: unit('supervisor/systemd-glance'),
  },
  {
    name: 'value of a unit cut at its equals sign',
    file: 'src/supervisor/systemd-format.ts',
    find: "    const at = line.indexOf('=');\n    if (at > 0) properties",
    replace: "    const at = line.lastIndexOf('=');\n    if (at > 0) properties",
    caughtBy: unit('supervisor/systemd-format'),
  },
  {
    name: 'drain longer than systemd allows',
    file: 'src/supervisor/systemd-restart.ts',
    find: 'Math.max(stopLimitMs - STOP_MARGIN_MS, stopLimitMs / 2)',
    replace: 'Math.max(stopLimitMs, stopLimitMs / 2)',
    caughtBy: unit('supervisor/systemd-format', 'the stop limit'),
  },
  {
    name: 'killed systemctl taken for an answer',
    file: 'src/supervisor/systemctl.ts',
    find: 'killed: code === null,',
    replace: 'killed: code === -1,',
    caughtBy: unit('supervisor/systemctl', 'may fail, which is an answer, or be killed'),
  },

  // adopt
  {
    name: 'unset variable of a unit kept',
    file: 'src/adopt/unit-file.ts',
    find: 'delete settings.environment[entry];',
    replace: "if (entry === '') delete settings.environment[entry];",
    caughtBy: unit('adopt/unit-file', 'the settings of a unit'),
  },
  {
    name: 'reset of a unit not understood',
    file: 'src/adopt/unit-file.ts',
    find: "if (value === '') settings.execStart = [];",
    replace: "if (value === '') settings.execStart.push(...[]);",
    caughtBy: unit('adopt/unit-file', 'the settings of a unit'),
  },
  {
    name: 'unit written before it is on record',
    file: 'src/adopt/apply.ts',
    find: '  writeFileDurably(recordPath(root), `${JSON.stringify(adoption, null, 2)}\\n`, 0o600);\n  ownLikeDirectory(recordPath(root));\n  writePlanned(writes);\n',
    replace:
      '  writePlanned(writes);\n  writeFileDurably(recordPath(root), `${JSON.stringify(adoption, null, 2)}\\n`, 0o600);\n  ownLikeDirectory(recordPath(root));\n',
    caughtBy: unit('adopt/apply', 'has on record what was there before it writes the first file'),
  },
  {
    name: 'drop-in not undone',
    file: 'src/adopt/apply.ts',
    find: '  undoWritten(adoption);\n',
    replace: '  undoWritten({ ...adoption, files: adoption.files.slice(0, -1) });\n',
    caughtBy: unit('adopt/apply', 'byte for byte'),
  },
  {
    name: 'another unit adopted by the same root',
    file: 'src/adopt/apply.ts',
    find: 'if (earlier && (earlier.unit !== unit || earlier.scope !== scope))',
    replace: 'if (earlier && earlier.scope !== scope)',
    caughtBy: unit('adopt/apply', 'refuses a root that has adopted another unit'),
  },

  // state
  {
    name: 'name of a kept state out of its directory',
    file: 'src/state/kept.ts',
    find: "if (NAME.test(name) && !name.includes('..'))",
    replace: 'if (NAME.test(name))',
    caughtBy: unit('state/kept', 'a\\.\\.b'),
  },
  {
    name: 'damaged snapshot put back',
    file: 'src/state/exchange/decision.ts',
    find: "const why = kept.kind === 'snapshot' ? whyNotIntact(from) : null;",
    replace: "const why = kept.kind === 'snapshot' && scope !== 'all' ? whyNotIntact(from) : null;",
    caughtBy: unit('state/exchange/exchange', 'that a file of the snapshot was changed'),
  },
  {
    name: 'digest of a kept file not compared',
    file: 'src/state/exchange/intact.ts',
    find: 'return digestFile(path).sha256 === copied.sha256;',
    replace: "return digestFile(path).sha256 !== '';",
    caughtBy: unit('state/exchange/exchange', 'that a file of the snapshot was changed'),
  },
  {
    name: 'state exchanged that has not changed',
    file: 'src/state/exchange/decision.ts',
    find: '  if (restore.onlyIfChanged) {\n',
    replace: "  if (restore.onlyIfChanged && scope === 'config') {\n",
    caughtBy: unit('state/exchange/exchange', 'moves nothing when the versions are still those'),
  },
  {
    name: 'newer state not kept',
    file: 'src/state/exchange/exchange.ts',
    find: '    await setStateAside(root.states, restore);\n',
    replace: "    if (restore.aside.name === '') await setStateAside(root.states, restore);\n",
    caughtBy: unit('state/exchange/exchange', 'puts back what was kept, keeps what was there'),
  },
  {
    name: 'phase of a restore not written',
    file: 'src/state/exchange/exchange.ts',
    find: '  requestRestore(root, next);\n',
    replace: "  if (phase !== 'putting-back') requestRestore(root, next);\n",
    caughtBy: at(
      'killed',
      'test/killed/exchange.test.ts',
      'an exchange that is killed is finished by the next run',
    ),
  },
  {
    name: 'transcript written over',
    file: 'src/state/exchange/put-back.ts',
    find: 'moveOne(kept, there ? join(aside, path) : live);',
    replace: 'moveOne(kept, there && aside === path ? join(aside, path) : live);',
    caughtBy: unit('state/exchange/exchange', 'keeps a transcript that differs'),
  },
  {
    name: 'mode of a file not put back',
    file: 'src/state/exchange/put-back.ts',
    find: 'if (list !== null) giveModesBack(place.directory, list);',
    replace: "if (list !== null && from === '') giveModesBack(place.directory, list);",
    caughtBy: unit('state/exchange/exchange', 'modes and links included'),
  },
  {
    name: 'log of a database left out of the copy',
    file: 'src/state/databases.ts',
    find: 'return header.wal && !hasSideFiles(path);',
    replace: 'return header.wal || !hasSideFiles(path);',
    caughtBy: unit('state/copying/snapshot', 'each database whole in one file'),
  },
  {
    name: 'log beside what is no database left out',
    file: 'src/state/copying/copier.ts',
    find: 'for (const name of [path, `${path}-wal`, `${path}-journal`]) {',
    replace: 'for (const name of [path, `${path}-journal`]) {',
    caughtBy: unit('state/databases', 'copied as it is, with what is beside it'),
  },
  {
    name: 'snapshot open to others',
    file: 'src/state/copying/copy-file.ts',
    find: 'chmodSync(copy, 0o600 | (mode & 0o100));',
    replace: 'chmodSync(copy, 0o644 | (mode & 0o100));',
    caughtBy: unit('state/copying/snapshot', 'closed to others'),
  },
  {
    name: 'snapshot with a name before it is on disk',
    file: 'src/state/copying/snapshot.ts',
    find: '    await syncFilesystem(staged);\n',
    replace: "    if (staged === '') await syncFilesystem(staged);\n",
    caughtBy: at('host', 'test/host/state-cut.test.ts'),
    built: false,
  },
  {
    name: 'uncommitted version believed',
    file: 'src/state/user-version.ts',
    find: 'if (frame.readUInt32BE(4) > 0) committed = uncommitted;',
    replace: 'if (frame.readUInt32BE(4) >= 0) committed = uncommitted;',
    caughtBy: unit('state/user-version', 'lost its end'),
    before: null,
  },
  {
    name: 'half of a restore taken back',
    file: 'src/state/intent.ts',
    find: "if (readRestore(root)?.phase !== 'pending') return false;",
    replace: 'if (readRestore(root) === null) return false;',
    caughtBy: unit('state/intent'),
    before: null,
  },
  {
    name: 'half of a restore replaced by another',
    file: 'src/state/intent.ts',
    find: "(begun.state === 'read' && begun.value.phase !== 'pending')",
    replace: "(begun.state === 'read' && begun.value.change === '')",
    caughtBy: unit('state/intent'),
    before: null,
  },

  // gateway
  {
    name: 'ceiling of a start removed',
    file: 'src/gateway/deadline.ts',
    find: "    if (waitedMs >= this.#limits.ceilingMs) return { state: 'exhausted', waitedMs };\n",
    replace: '',
    caughtBy: unit('gateway/deadline'),
  },
  {
    name: 'time for a start doubled',
    file: 'src/gateway/deadline.ts',
    find: 'const MARGIN = 3;',
    replace: 'const MARGIN = 6;',
    caughtBy: unit('gateway/deadline'),
  },
  {
    name: 'token sent to every page',
    file: 'src/gateway/health.ts',
    find: "      ask('/readyz'),\n",
    replace: "      ask('/readyz', { authorization: `Bearer ${endpoint.token}` }),\n",
    caughtBy: unit('gateway/health', 'sends the token to nothing else'),
  },
  {
    name: 'channel that fails now not seen',
    file: 'src/gateway/health.ts',
    find: '    ...after.failing.filter((name) => !before.failing.includes(name)),\n',
    replace: '    ...after.failing.filter((name) => before.failing.includes(name) && !before.ready),\n',
    caughtBy: unit('gateway/health', 'worsened'),
  },
  {
    name: 'answer without a limit',
    file: 'src/gateway/answer.ts',
    find: '      if (size > LIMIT) return drop(response);\n',
    replace: '',
    caughtBy: unit('gateway/health', 'reads 64 KiB of an answer'),
  },
  {
    name: 'secret of a candidate told',
    file: 'src/gateway/candidate-environment.ts',
    find: 'left.replaceAll(secret,',
    replace: 'left.replaceAll(`${secret}\\n`,',
    caughtBy: unit('gateway/candidate-environment', 'is told without secrets'),
  },
  {
    name: 'port of the environment before the argument',
    file: 'src/gateway/endpoint.ts',
    find: '    parsePort(portArgument(launch.args)) ??\n    parsePort(launch.env.OPENCLAW_GATEWAY_PORT) ??\n    parsePort(member',
    replace:
      "    parsePort(portArgument(launch.args)) ??\n    parsePort(member(gateway, 'port')) ??\n    parsePort(launch.env.OPENCLAW_GATEWAY_PORT) ??\n    parsePort(member",
    caughtBy: unit('gateway/endpoint', 'comes from OPENCLAW_GATEWAY_PORT before the configuration'),
  },

  // change
  {
    name: 'effect before its intent',
    file: 'src/change/engine.ts',
    find: '  saveIntent(context, record);\n  observer.step?.(record, change);\n  const end',
    replace: '  observer.step?.(record, change);\n  const end',
    caughtBy: unit('change/engine'),
  },
  {
    name: 'undone in the order of doing',
    file: 'src/change/engine.ts',
    find: 'for (const step of [...steps].reverse()) {',
    replace: 'for (const step of [...steps]) {',
    caughtBy: unit('change/engine'),
  },
  {
    name: 'failed undo not told',
    file: 'src/change/engine.ts',
    find: "  if (change.undoError) return 'rollback_failed';\n",
    replace: '',
    caughtBy: unit('change/engine'),
  },
  {
    name: 'interruption not heard',
    file: 'src/change/engine.ts',
    find: '      if (!proven) context.signal.throwIfAborted();\n',
    replace: '',
    caughtBy: unit('change/engine'),
  },
  {
    name: 'quarantine not recorded',
    file: 'src/change/engine.ts',
    find: '  blame(context.root, context.change);\n',
    replace: '  if (context.change.error === null) blame(context.root, context.change);\n',
    caughtBy: integration('bad-versions', 'crashing at start'),
  },
  {
    name: 'release that crashed not blamed',
    file: 'src/change/blame.ts',
    find: "  'gateway_crashed',\n",
    replace: '',
    caughtBy: unit('change/blame'),
  },
  {
    name: 'switch before the snapshot',
    file: 'src/change/plan.ts',
    find: "    'baseline',\n    'snapshot',\n    'switch',\n    'restart',\n    'verify',\n    'plugins',\n    'bless',\n    'collect',\n  ],\n  switch",
    replace:
      "    'baseline',\n    'switch',\n    'snapshot',\n    'restart',\n    'verify',\n    'plugins',\n    'bless',\n    'collect',\n  ],\n  switch",
    caughtBy: unit('change/steps/idle', 'a plan without it leaves the step out'),
  },
  {
    name: 'rollback not verified',
    file: 'src/change/plan.ts',
    find: "rollback: ['idle', 'baseline', 'switch', 'restart', 'verify', 'bless'],",
    replace: "rollback: ['idle', 'baseline', 'switch', 'restart', 'bless'],",
    caughtBy: integration('main-job'),
  },
  {
    name: 'no trial before current',
    file: 'src/change/steps/switch.ts',
    find: '        beginTrial(context, to);\n',
    replace: "        if (to === '') beginTrial(context, to);\n",
    caughtBy: integration('interruption', 'killed while verifying a release that crashes'),
  },
  {
    name: 'trial after current',
    file: 'src/change/steps/switch.ts',
    find: '      pointPrevious(root, from);\n',
    replace: '      pointPrevious(root, from);\n      pointCurrent(root, to);\n',
    caughtBy: at(
      'killed',
      'test/killed/update.test.ts',
      'every durable write of an update has its two lines',
    ),
  },
  {
    name: 'previous not written',
    file: 'src/change/steps/switch.ts',
    find: '      pointPrevious(root, from);\n',
    replace: '',
    caughtBy: integration('main-job'),
  },
  {
    name: 'current not pointed back',
    file: 'src/change/steps/switch.ts',
    find: '    pointCurrent(root, change.facts.from);\n',
    replace: '',
    caughtBy: integration('bad-versions', 'crashing at start'),
  },
  {
    name: 'previous not pointed back',
    file: 'src/change/steps/switch.ts',
    find: '    pointPrevious(root, change.facts.previous);\n',
    replace: '',
    caughtBy: integration('bad-versions', 'crashing at start'),
  },
  {
    name: 'staged half left',
    file: 'src/change/steps/stage.ts',
    find: '    removeTree(root, stagingDirectory(context));\n',
    replace: '',
    caughtBy: integration('refusals', 'a transfer that breaks off leaves nothing'),
  },
  {
    name: 'snapshot of a failed update left',
    file: 'src/change/steps/snapshot.ts',
    find: '  async undo({ root, change }) {\n    dropSnapshots(root, change);\n',
    replace: "  async undo({ root, change }) {\n    if (change.id === '') dropSnapshots(root, change);\n",
    caughtBy: integration('state-snapshot', 'after snapshot'),
  },
  {
    name: 'gateway not brought back',
    file: 'src/change/steps/baseline.ts',
    find: 'if (!before || !context.mayRestart) return;',
    replace: "if (!before || !context.mayRestart || before.state === 'running') return;",
    caughtBy: integration('bad-versions', 'crashing at start'),
  },
  {
    name: 'trial of a dead launcher left',
    file: 'src/change/steps/baseline.ts',
    find: '    endTrialOfTheDead(context);\n',
    replace: '    if (instance === null) endTrialOfTheDead(context);\n',
    caughtBy: unit('change/steps/baseline', 'does not outlive going back'),
  },
  {
    name: 'plugins not put back',
    file: 'src/change/steps/plugins.ts',
    find: '  async undo(context) {\n    await returnPluginSet(context);\n',
    replace: '  async undo(context) {\n',
    caughtBy: integration('plugins', 'the plugins go back with the code'),
  },
  {
    name: 'room not asked for',
    file: 'src/change/steps/reserve.ts',
    find: 'if (free.bytes < needed.bytes || (',
    replace: 'if (free.bytes < 0 || (',
    caughtBy: at('host', 'test/integration/refusals.test.ts', 'too little disk is refused'),
  },
  {
    name: 'one idle moment enough',
    file: 'src/change/steps/idle.ts',
    find: 'const isQuiet = isIdle && idleSince !== null && performance.now() - idleSince >= quietMs;',
    replace: 'const isQuiet = isIdle && performance.now() - (idleSince ?? 0) >= quietMs;',
    caughtBy: unit('change/steps/idle', 'one idle moment between two pieces of work'),
  },
  {
    name: 'what is cut off not told',
    file: 'src/change/steps/idle.ts',
    find: '    if (facts.busy && facts.busy.length > 0) facts.cut = facts.busy;\n',
    replace: '',
    caughtBy: unit('change/steps/idle', 'which says what will be cut off'),
  },
  {
    name: 'countdown not announced',
    file: 'src/change/steps/idle.ts',
    find: "  saveIntent(context, stepOf(context.change, 'idle'));\n",
    replace: "  if (facts.restartAt === null) saveIntent(context, stepOf(context.change, 'idle'));\n",
    caughtBy: unit('change/steps/idle', 'what is shown is on disk before it is waited for'),
  },
  {
    name: 'verified: another process',
    file: 'src/change/verification.ts',
    find: ' || (expected.instance !== null && instance !== expected.instance)) {',
    replace: ') {',
    caughtBy: unit('change/verification', 'another process'),
    before: { tests: ['test/integration/bad-versions.test.ts'], title: 'crashing after 5 s' },
  },
  {
    name: 'verified: its own release',
    file: 'src/change/verification.ts',
    find: '  if (expected.release !== null && release !== null && release !== expected.release) {\n',
    replace: "  if (expected.release === '' && release !== null && release !== expected.release) {\n",
    caughtBy: unit('change/verification', 'from another release'),
    before: null,
  },
  {
    name: 'verified: its own Node',
    file: 'src/change/verification.ts',
    find: "  return runsProgram(pid, join(releaseDirectory(root, expected.release), 'node'));\n",
    replace: "  return runsProgram(pid, join(releaseDirectory(root, expected.release), 'node')) || true;\n",
    caughtBy: unit('change/verification', 'another Node'),
    before: null,
  },
  {
    name: 'verified: the version that it says',
    file: 'src/change/verification.ts',
    find: '    checkVersion(health, version);\n',
    replace: '    checkVersion(health, version && null);\n',
    caughtBy: unit('change/verification', 'says another version'),
    before: { tests: ['test/integration/bad-versions.test.ts'], title: 'answering with another version' },
  },
  {
    name: 'verified: whose the port is',
    file: 'src/change/verification.ts',
    find: '    if (health.answered) await checkListener(endpoint, supervisor);\n',
    replace: '    if (health.phase === health.version) await checkListener(endpoint, supervisor);\n',
    caughtBy: unit('change/verification', 'the port is held'),
    before: null,
  },
  {
    name: 'verified: ready',
    file: 'src/change/verification.ts',
    find: '(health.ready || !expected.mustBeReady)',
    replace: '(health.ready || expected.mustBeReady)',
    caughtBy: unit('change/verification', 'is not ready'),
    before: { tests: ['test/integration/bad-versions.test.ts'], title: 'never ready.? ends on' },
  },
  {
    name: 'verified: nothing worse',
    file: 'src/change/verification.ts',
    find: ' && worse.length === 0;',
    replace: ';',
    caughtBy: unit('change/verification', 'that worked before'),
    before: { tests: ['test/integration/bad-versions.test.ts'], title: 'ready, but with a channel less' },
  },
  {
    name: 'verified: still so after a while',
    file: 'src/change/verification.ts',
    find: 'if (settledMs >= expected.settleMs && startedFrom',
    replace: 'if (startedFrom',
    caughtBy: unit('change/verification', 'before it has settled'),
    before: { tests: ['test/integration/bad-versions.test.ts'], title: 'crashing after 5 s' },
  },
  {
    name: 'pinned release pruned',
    file: 'src/change/needed.ts',
    find: "need(id, 'pinned');",
    replace: "need(id && null, 'pinned');",
    caughtBy: integration('cli', 'what runs, is current or pinned is never removed'),
  },
  {
    name: 'previous pruned',
    file: 'src/change/needed.ts',
    find: "  need(previousRelease(root), 'previous');\n",
    replace: "  need(previousRelease(root) && null, 'previous');\n",
    caughtBy: integration('cli', 'what runs, is current or pinned is never removed'),
  },
  {
    name: 'trial without a record believed',
    file: 'src/change/lost.ts',
    find: 'const isAboutAnother = trial.id !== to && directoryNames',
    replace: 'const isAboutAnother = trial.id === to && directoryNames',
    caughtBy: unit('change/lost'),
  },
  {
    name: 'configuration of a newer release called compatible',
    file: 'src/change/readable/rules.ts',
    find: 'compareVersions(config, version) > 0;',
    replace: 'compareVersions(config, version) >= 0;',
    caughtBy: unit('change/readable/rules'),
  },
  {
    name: 'database that was raised called compatible',
    file: 'src/change/readable/rules.ts',
    find: '  if (raised) {\n',
    replace: "  if (raised && raised[0] === '') {\n",
    caughtBy: unit('change/readable/rules'),
  },
  {
    name: 'verdict told twice',
    file: 'src/change/requests/requests.ts',
    find: 'if (findRequest(root, id)?.deliveredAt === null) return true;',
    replace: 'if (findRequest(root, id)) return true;',
    caughtBy: unit('change/requests/requests', 'what is told is what has its verdict, once'),
  },
  {
    name: 'request that somebody waits for forgotten',
    file: 'src/change/requests/requests.ts',
    find: 'waiting.has(id) || unfinished.has',
    replace: 'unfinished.has',
    caughtBy: unit('change/requests/requests', 'a request is kept for a week'),
  },
  {
    name: 'same wish not joined',
    file: 'src/change/requests/sameness.ts',
    find: 'if (plan.target === other.target || plan.target === facts.to) return true;',
    replace: 'if (plan.target === facts.to && other.target === facts.from) return true;',
    caughtBy: integration('rpc', 'of many that ask for the same at once'),
  },
  {
    name: 'hold not kept to',
    file: 'src/store/policy.ts',
    find: '  if (!held) return null;\n',
    replace: '  if (!held?.until) return null;\n',
    caughtBy: integration('rpc', 'rollback, switch, pins, holds'),
  },

  // schedule
  {
    name: 'timer: minimum age',
    file: 'src/schedule/time-rules.ts',
    find: 'const ms = question.settings.minimumAgeHours * HOUR;',
    replace: 'const ms = question.settings.minimumAgeHours * 0;',
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: time between two changes',
    file: 'src/schedule/time-rules.ts',
    find: 'const end = Math.max(...ends) + ms;',
    replace: 'const end = Math.min(...ends) - ms;',
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: window',
    file: 'src/schedule/time-rules.ts',
    find: 'if (open) return pass(`A',
    replace: 'if (open || windows.length === 1) return pass(`A',
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: end of a window',
    file: 'src/schedule/window.ts',
    find: '.filter(({ end }) => end > ms)',
    replace: '.filter(({ end }) => end >= ms)',
    caughtBy: unit('schedule/window'),
  },
  {
    name: 'timer: three failures in a row',
    file: 'src/schedule/host-rules.ts',
    find: 'const BREAKS_AFTER = 3;',
    replace: 'const BREAKS_AFTER = 4;',
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: hold',
    file: 'src/schedule/host-rules.ts',
    find: "    if (hold.until === null) return no('Updates are held until a person lets go.');\n",
    replace: "    if (hold.until === null) return pass('Updates are held until a person lets go.');\n",
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: quarantine',
    file: 'src/schedule/release-rules.ts',
    find: '    if (until <= now) return pass(`${version} failed',
    replace: '    if (until >= now) return pass(`${version} failed',
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: deprecated release',
    file: 'src/schedule/release-rules.ts',
    find: '    if (published.deprecated)\n',
    replace: "    if (published.deprecated === '')\n",
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: rollback by hand',
    file: 'src/schedule/release-rules.ts',
    find: 'if (last?.from !== version || last.to === version || !isOlder',
    replace: 'if (last?.from !== version || last.to !== version || !isOlder',
    caughtBy: unit('schedule/decision'),
  },
  {
    name: 'timer: delay after failures',
    file: 'src/schedule/backoff.ts',
    find: 'Math.min(DAY, FIRST_MS * 2 **',
    replace: 'Math.min(2 * DAY, FIRST_MS * 2 **',
    caughtBy: unit('schedule/timing', 'backoff'),
  },
  {
    name: 'timer: jitter of its runs',
    file: 'src/schedule/jitter.ts',
    find: "Math.floor(drawn('run', installId) * periodMs)",
    replace: "Math.floor(drawn('run', installId) * 2 * periodMs)",
    caughtBy: unit('schedule/timing', 'nextRunJitter'),
  },
  {
    name: 'timer: the same hosts first each time',
    file: 'src/schedule/jitter.ts',
    find: "return drawn('release', installId, version);",
    replace: "return drawn('release', installId) + version.length * 0;",
    caughtBy: at(
      'stories',
      'test/stories/schedule-fleet.test.ts',
      'does not make the same hosts the first ones',
    ),
    before: null,
    built: false,
  },
  {
    name: 'timer: clock that was put back',
    file: 'src/schedule/clock.ts',
    find: 'if (now - since < LONGEST_WAIT_FOR_CLOCK_MS)',
    replace: 'if (now - since < 0)',
    caughtBy: unit('schedule/timing', 'readClock'),
  },
  {
    name: 'timer: deadline of an announcement',
    file: 'src/schedule/announcement.ts',
    find: 'settings.deadlineHours * HOUR;',
    replace: 'settings.deadlineHours * 2 * HOUR;',
    caughtBy: unit('schedule/timing', 'Announced'),
  },

  // rpc, plugin
  {
    name: 'unknown parameter accepted',
    file: 'src/rpc/fields.ts',
    find: 'if (!Object.hasOwn(fields, name)) {',
    replace: "if (name === '') {",
    caughtBy: unit('rpc/handle'),
  },
  {
    name: 'fraction taken for a whole number',
    file: 'src/rpc/fields.ts',
    find: "typeof value === 'number' && Number.isInteger(value) &&",
    replace: "typeof value === 'number' &&",
    caughtBy: unit('rpc/handle'),
  },
  {
    name: 'reader changes something',
    file: 'src/rpc/handle.ts',
    find: "return scope === 'operator.read' && (scopes",
    replace: 'return (scopes',
    caughtBy: unit('rpc/handle', 'whoever may only look is refused'),
  },
  {
    name: 'form of another site accepted',
    file: 'src/plugin/access.ts',
    find: 'if (request.headers[OWN_HEADER] === undefined || !isJson(request)) {',
    replace: 'if (request.headers[OWN_HEADER] === undefined && mode === OWN_HEADER) {',
    caughtBy: at(
      'stories',
      'test/plugin/gateway.test.ts',
      'whoever may only look can look and change nothing',
    ),
  },
  {
    name: 'scope of a proxy not asked for',
    file: 'src/plugin/access.ts',
    find: "scopes === null ? isShared : scopes.includes('operator.admin');",
    replace: "scopes === null ? isShared : scopes.includes('operator.read');",
    caughtBy: at(
      'stories',
      'test/plugin/gateway.test.ts',
      'whoever may only look can look and change nothing',
    ),
  },
  {
    name: 'page: no taken for a yes',
    file: 'src/plugin/page/confirm.ts',
    find: "settle(dialog.returnValue === 'yes');",
    replace: "settle(dialog.returnValue !== '');",
    caughtBy: at('page', 'test/plugin/page.test.ts', 'by the keyboard alone'),
  },

  // layout
  {
    name: 'launcher: starts of a trial not counted',
    file: 'layout/bin/gateway',
    find: 'line="$id $((boots - 1))${boot:+ $boot}"',
    replace: 'line="$id $((boots - 0))${boot:+ $boot}"',
    caughtBy: integration('launcher', 'dash.* comes back to the proven release after exactly'),
  },
  {
    name: 'launcher: a reboot does not end a trial',
    file: 'layout/bin/gateway',
    find: '  ! rebooted || boots=0\n',
    replace: '  ! rebooted || boots=$boots\n',
    caughtBy: integration('launcher', 'dash.*gateway during a trial'),
  },
  {
    name: 'launcher: state not claimed before going back',
    file: 'layout/bin/gateway',
    find: '  claim_state || return 1\n',
    replace: '  : claim_state || return 1\n',
    caughtBy: integration('launcher-restore', 'goes back with code and state when'),
  },
  {
    name: 'launcher: gateway started on half of a state',
    file: 'layout/bin/gateway',
    find: 'look at $root/restore.json"\n    exit 69\n',
    replace: 'look at $root/restore.json"\n',
    caughtBy: integration('launcher-restore', 'starts nothing when no release has a Node'),
  },
  {
    name: 'launcher: current by its link',
    file: 'layout/bin/gateway',
    find: 'exec "$release/node" "$release/$(readlink "$release/main")" gateway "$@"',
    replace: 'exec "$root/current/node" "$root/current/$(readlink "$release/main")" gateway "$@"',
    caughtBy: integration('launcher', 'dash.*starts the gateway of the current release'),
  },
  {
    name: 'rescue: twice for one trial',
    file: 'layout/bin/rescue',
    find: `[ "$(cat "$stamp" 2>/dev/null)" = "$line" ] && nothing`,
    replace: `[ "$(cat "$stamp" 2>/dev/null)" = "" ] && [ -e "$stamp/none" ] && nothing`,
    caughtBy: integration('adopt-rescue', 'does not do it again where the trial could not be removed'),
  },
  {
    name: 'rescue: half of a state',
    file: 'layout/bin/rescue',
    find: '! moved || nothing "the state is half put back',
    replace: 'true || nothing "the state is half put back',
    caughtBy: integration('adopt-rescue', 'setting-aside'),
  },
];
