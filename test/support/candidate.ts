import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { CandidateReport, CandidateRequest } from '../../src/candidate/candidate.js';
import { type Behaviour, openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { writeTree } from '../registry/tarball.js';
import { ORDINARY, ordinaryUser } from './ordinary-user.js';

/** Unpacks a version in miniature as a release has it, ready to be started. */
export function layOutMiniature(release: string, version: string, behaviour: Behaviour = {}): void {
  const openclaw = join(release, 'node_modules/openclaw');
  writeTree(openclawPackage(version, behaviour), openclaw);
  writeTree(tinyDependency(), join(release, 'node_modules/tiny-dep'));
  // Its own install script does this.
  rmSync(join(openclaw, '.openclaw-lifecycle-pending'));
}

/** Gives a directory to that user, and starts a candidate as it; as this one, where this is no superuser. */
export async function bootAsOrdinary(request: CandidateRequest, directory: string): Promise<CandidateReport> {
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${ORDINARY}:${ORDINARY}`, directory]);
  const { command, checkout } = ordinaryUser();
  const script = `
    const { bootCandidate } = await import(${JSON.stringify(join(checkout, 'dist/candidate/candidate.js'))});
    console.log(JSON.stringify(await bootCandidate(${JSON.stringify(request)})));`;
  const [file = '', ...args] = [...command, process.execPath, '--input-type=module', '-e', script];
  const { stdout } = await execa(file, args, { cwd: '/', timeout: 60_000 });
  return JSON.parse(stdout) as CandidateReport;
}
