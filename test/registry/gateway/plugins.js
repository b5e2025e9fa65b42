import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { statePath } from './state.js';

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const indexPath = (env) => join(statePath(env), 'plugins/installs.json');

/** Installed plugins by id: the file that releases of May 2026 kept. */
function readIndex(env) {
  return existsSync(indexPath(env)) ? read(indexPath(env)) : { installRecords: {} };
}

/** The versions of installed plugins, by id. */
export function installedVersions(env) {
  const records = Object.entries(readIndex(env).installRecords);
  return Object.fromEntries(
    records.map(([id, { installPath }]) => [id, read(join(installPath, 'package.json')).version]),
  );
}

/** Its package where it is, its link to this release, and its record, as the real one does. */
function update(index, id, version, packageRoot) {
  const record = index.installRecords[id];
  const manifest = join(record.installPath, 'package.json');
  const from = read(manifest).version;
  writeFileSync(manifest, JSON.stringify({ ...read(manifest), version }));
  record.version = version;
  link(record.installPath, packageRoot);
  console.log(`Updated ${id}: ${from} -> ${version}.`);
}

function link(installPath, packageRoot) {
  const peer = join(installPath, 'node_modules/openclaw');
  rmSync(peer, { force: true });
  symlinkSync(fileURLToPath(packageRoot).replace(/\/$/, ''), peer);
}

/** A helper, and then nothing any more: what a registry that does not answer looks like. */
async function hang() {
  const helper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  writeFileSync(join(statePath(process.env), 'plugin-helper.pid'), String(helper.pid));
  await new Promise((resolve) => helper.once('exit', resolve));
}

/** `plugins update --all` and `plugins doctor`; answers the exit code. */
export async function plugins({ behaviour, action, packageRoot, env = process.env }) {
  const { to = {}, refuses = {}, breaks = {}, hangs = false } = behaviour.plugins ?? {};
  const index = readIndex(env);
  const installed = Object.keys(index.installRecords);
  if (action === 'doctor') {
    const broken = installed.filter((id) => breaks[id] !== undefined);
    if (broken.length === 0) console.log('No plugin issues detected.');
    else
      console.log(['Plugin errors:', ...broken.map((id) => `- ${id} [register]: ${breaks[id]}`)].join('\n'));
    return broken.length === 0 ? 0 : 1;
  }
  for (const id of installed) {
    if (to[id] !== undefined) update(index, id, to[id], packageRoot);
    if (refuses[id] !== undefined) console.error(`Failed to update ${id}: ${refuses[id]}`);
  }
  writeFileSync(indexPath(env), JSON.stringify(index));
  if (hangs) await hang();
  return Object.keys(refuses).some((id) => installed.includes(id)) ? 1 : 0;
}

/** `doctor --fix`: links that lead to another release lead to this one. */
export function repairLinks({ behaviour, packageRoot, env = process.env }) {
  if (behaviour.plugins?.leavesLinks) return;
  for (const { installPath } of Object.values(readIndex(env).installRecords)) link(installPath, packageRoot);
}
