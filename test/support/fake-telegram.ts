import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type AtEnd, writeTree } from './place.js';

/** A Bot API of Telegram on the host's loopback, for any bot. One person writes to them: the owner of the gateway. */
export interface FakeTelegram {
  /** Settings of OpenClaw for a channel to it, by their path, with the credential in a file. */
  settings: Record<string, unknown>;
  /** Two bots in place of one: the credential of `default` is a variable, that of `work` a file. */
  twoBots: { settings: Record<string, unknown>; env: { TELEGRAM_BOT_TOKEN: string } };
  /** Accounts whose bots have asked for messages, oldest first. */
  polled: string[];
  /** The owner, as `commands.ownerAllowFrom` names somebody. */
  owner: string;
  /** Has the owner write to the bot. */
  say(text: string): void;
}

/** Milliseconds until it answers that nobody has written. */
const POLL_MS = 1_000;

const OWNER = 42;
const BOTS = { default: 123_457, work: 123_456 };

const tokenOf = (bot: number) => `${bot}:${'A'.repeat(35)}`;

/** @param place directory for the credential */
export async function startFakeTelegram(atEnd: AtEnd, place: string): Promise<FakeTelegram> {
  const polled: string[] = [];
  let written: { update_id: number; message: object }[] = [];
  let last = 0;
  const server = createServer(async (request, response) => {
    const [, id, method = ''] = /\/bot(\d+):[^/]+\/(\w+)/.exec(request.url ?? '') ?? [];
    const answers: Record<string, unknown> = {
      getMe: { id: Number(id), is_bot: true, first_name: 'Bot', username: `test_${id}_bot` },
      getWebhookInfo: { url: '' },
    };
    const body = await text(request);
    const answer = (result: unknown) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: true, result }));
    if (method === 'getUpdates') {
      polled.push(Object.entries(BOTS).find(([, bot]) => bot === Number(id))?.[0] ?? 'nobody');
      // A request with the number after a message confirms it; until then each answer has it again.
      const offset = Number(/\boffset\W+(\d+)/.exec(`${request.url} ${body}`)?.[1] ?? 0);
      written = written.filter(({ update_id }) => update_id >= offset);
      setTimeout(() => answer(written), POLL_MS);
    } else answer(answers[method] ?? (method === 'sendMessage' ? messageOf('') : true));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  writeTree(place, { 'telegram-token': tokenOf(BOTS.work) });
  const credential = { tokenFile: join(place, 'telegram-token') };
  const channel = {
    ...{ enabled: true, apiRoot: `http://127.0.0.1:${port}` },
    ...{ dmPolicy: 'allowlist', allowFrom: [String(OWNER)] },
  };
  const twoBots = {
    settings: { 'channels.telegram': { ...channel, accounts: { default: {}, work: credential } } },
    env: { TELEGRAM_BOT_TOKEN: tokenOf(BOTS.default) },
  };
  const say = (words: string) => {
    written.push({ update_id: ++last, message: messageOf(words) });
  };
  const settings = { 'channels.telegram': { ...channel, ...credential } };
  return { settings, twoBots, polled, owner: `telegram:${OWNER}`, say };
}

function messageOf(text: string): object {
  const owner = { id: OWNER, first_name: 'Owner' };
  const at = Date.now();
  return {
    ...{ message_id: at % 1_000_000, date: Math.floor(at / 1000), text },
    ...{ from: { ...owner, is_bot: false }, chat: { ...owner, type: 'private' } },
  };
}
