import { readdirSync, writeFileSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
writeFileSync(new URL('postinstall-inventory.json', dist), `${JSON.stringify(readdirSync(dist).sort())}\n`);
