import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/place.js';
import { bootHost } from './host.js';
import { filesOf } from './recipe.js';
import { chain, LONG } from './story.js';
import { SUPERVISED, type Supervised } from './supervised.js';

/** The recipe as it was before: it starts OpenClaw. */
function before(text: string): string {
  return text
    .replace('openclaw-releases run --replace', 'openclaw gateway')
    .replace(/openclaw-releases('?,?\n\s*args: |\ncommand_args=)(['"])run --replace/, 'openclaw$1$2gateway');
}

const supervisors: Record<string, Supervised> = SUPERVISED;

test.each(Object.keys(supervisors))(
  'adopt names %s, and the lines that it prints put run into its place',
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
    await until('OpenClaw is ready', async () => (await host.version()) === '2026.6.1', 40_000);

    const refused = await host.cli('adopt');
    expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'supervisor_not_found' } } });
    expect(refused.json.error.message).toContain(`${chapter} runs process`);
    const { supervisor, version } = await host.ok('adopt', '--dry-run');
    expect(supervisor).toMatchObject({ name: chapter, service: 'openclaw' });

    await host.ok('stage', version);
    await host.ok('switch', version, '--no-restart');
    for (const { path, before, after } of supervisor.changes) {
      const text = await host.run(['cat', path]);
      expect(text.split('\n')).toContain(before);
      await host.write(path, `${text.replace(before, after)}\n`);
    }
    for (const { path, lines } of supervisor.additions) {
      expect(await host.run(['ls', dirname(path)])).not.toBe('');
      await host.run(['sh', '-c', 'printf "%s\\n" "$@" >>"$0" && chmod +x "$0"', path, ...lines]);
    }
    for (const command of supervisor.commands) await host.run(['sh', '-c', command]);
    await chain(host, parent, '2026.6.1');
    expect((await host.cli('adopt')).json.error.message).toContain('openclaw-releases run runs process');
    await host.run(stop);
  },
);
