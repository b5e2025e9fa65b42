import { expect, test } from 'vitest';
import { until } from '../support/place.js';
import { bootHost, type Host } from './host.js';
import { filesOf } from './recipe.js';
import { chain, GATEWAY, LONG, RUN, those } from './story.js';
import { SUPERVISED, type Supervised } from './supervised.js';

/** The recipe as it was before: it starts OpenClaw. */
function before(text: string): string {
  return text
    .replace('openclaw-releases run --replace', 'openclaw gateway')
    .replace(/openclaw-releases('?,?\n\s*args: |\ncommand_args=)(['"])run --replace/, 'openclaw$1$2gateway');
}

const supervisors: Record<string, Supervised> = SUPERVISED;

/** Content and mode of each file, and which is not there. */
function look(host: Host, paths: string[]): Promise<string> {
  const script = 'for file; do stat -c "%a %n" "$file"; sha256sum "$file"; done 2>&1';
  return host.run(['sh', '-c', script, 'sh', ...paths], { reject: false });
}

test.each(Object.keys(supervisors))(
  'adopt names %s, writes run into its files where it has some, and unadopt puts them back',
  LONG,
  async (name) => {
    const { chapter, files, boot, start, parent, stop } = supervisors[name] as Supervised;
    const recipe = Object.entries(filesOf(chapter)).map(([path, text]) => [path, before(text)]);
    const host = await bootHost({ files: { ...Object.fromEntries(recipe), ...files?.() } });
    host.publish('2026.6.1');
    const npm = ['npm', 'install', '--global', '--prefix', '/usr/local', 'openclaw@2026.6.1'];
    await host.run(['env', `npm_config_registry=${host.registry.url}`, ...npm]);
    await host.run(boot);
    await host.run(start, { reject: false });
    const ready = async () => (await host.get('/readyz'))?.status === 200;
    await until('OpenClaw is ready', ready, 40_000);

    const refused = await host.cli('adopt');
    expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'supervisor_not_found' } } });
    expect(refused.json.error.message).toContain(`${chapter} runs process`);
    const { supervisor, version } = await host.ok('adopt', '--dry-run');
    expect(supervisor).toMatchObject({ name: chapter, service: 'openclaw' });
    const { changes, additions, commands } = supervisor;
    const paths = [...changes, ...additions].map(({ path }) => path);
    const then = await look(host, paths);

    expect((await host.cli('adopt', '--write')).json.error).toMatchObject({ code: 'no_current' });
    await host.ok('stage', version);
    await host.ok('switch', version, '--no-restart');
    if (name === 'pm2') {
      // pm2 keeps its services in no file for people: the lines are for a new one.
      expect((await host.cli('adopt', '--write')).json.error).toMatchObject({ code: 'supervisor_file' });
      for (const { path, lines } of additions) await host.write(path, `${lines.join('\n')}\n`);
    } else {
      expect(await host.ok('adopt', '--write')).toMatchObject({ supervisor: chapter, commands });
    }
    for (const command of commands) await host.run(['sh', '-c', command]);
    await chain(host, parent, '2026.6.1');
    expect((await host.cli('adopt')).json.error.message).toContain('openclaw-releases run runs process');

    if (name !== 'pm2') {
      expect(await look(host, paths)).not.toBe(then);
      expect(await host.ok('unadopt')).toMatchObject({ supervisor: chapter, commands });
      expect(await look(host, paths)).toBe(then);
      for (const command of commands) await host.run(['sh', '-c', command]);
      await until('OpenClaw itself is ready', async () => those(host, RUN).length === 0 && (await ready()));
      expect(those(host, GATEWAY)).toHaveLength(1);
    }
    await host.run(stop);
  },
);
