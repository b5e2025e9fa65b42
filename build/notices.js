/**
 * Writes `dist/NOTICES.txt`: whose libraries are joined into the files of `dist/`, and on which terms. All that this package
 * depends on is in it, joined or not.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));

function terms(path) {
  const names = readdirSync(at(path)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  return names.map((name) => readFileSync(at(`${path}/${name}`), 'utf8').trim());
}

const notices = Object.entries(packages)
  .filter(([path, { dev, optional }]) => path !== '' && !dev && !optional)
  .map(([path]) => {
    const { name, version, license } = JSON.parse(readFileSync(at(`${path}/package.json`), 'utf8'));
    return [`${name} ${version} (${license})`, ...terms(path)].join('\n\n');
  });
writeFileSync(at('dist/NOTICES.txt'), `${[...new Set(notices)].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
