import { expect, test } from 'vitest';
import { withoutSecrets } from '../../../src/core/secret-words.js';

test.each([
  [['node', '--token', 's', '--port', '1'], 'node --token … --port 1'],
  [['node', '--auth-token=s', '--key', '--verbose'], 'node --auth-token=… --key --verbose'],
  [['env', 'API_KEY=s', '"DB_PASSWORD=a b"', 'PORT=1'], 'env API_KEY=… "DB_PASSWORD=…" PORT=1'],
  [
    ['sh', '-c', ". x; TOKEN=s exec node --password 'a b' --port 1"],
    'sh -c . x; TOKEN=… exec node --password … --port 1',
  ],
  [['curl', 'https://u:s@host/?k=s'], 'curl https://host/'],
  [['/opt/token/bin', 'monkey', '--keys'], '/opt/token/bin monkey --keys'],
])('a command line is shown without secrets: %j', (words, shown) => {
  expect(withoutSecrets(words)).toBe(shown);
});
