/** `npm run docs`: writes every document that is made of the commands, the schemas and the error codes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generate, repository } from './generate.js';

for (const [path, text] of Object.entries(await generate())) {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
}
