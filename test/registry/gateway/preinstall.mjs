import { readFileSync, rmSync } from 'node:fs';

const packageRoot = new URL('../', import.meta.url);

if (JSON.parse(readFileSync(new URL('behaviour.json', packageRoot), 'utf8')).failPreinstall) {
  console.error('openclaw: preinstall failed, as it was asked to');
  process.exit(1);
}
rmSync(new URL('.openclaw-lifecycle-pending', packageRoot), { force: true });
