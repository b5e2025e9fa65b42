import { spawn } from 'node:child_process';
import type { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { satisfies } from 'semver';
import { ReleasesError, systemCode } from '../core/errors.js';
import type { Codec } from './pack.js';

/** Bytes of a piece: small ones cost more than they save. */
const PIECE = 1 << 20;

/** Bytes of a decompressed piece. Each wakes a thread, so small ones take time; large ones have V8 search its heap more often. */
const DECOMPRESSED = 1 << 18;

/** zstd came with Node 22.15. */
type Zlib = typeof zlib & { createZstdDecompress?(options: { chunkSize: number }): Transform };

/**
 * Program of the Node that compresses: that of the release, so that the same release gives the same bytes, however
 * old this Node is. It takes pieces of one size, because where one ends may show in what comes out.
 */
const COMPRESSOR = `
const zlib = require('node:zlib');
const { pipeline } = require('node:stream');
const [codec] = process.argv.slice(1);
const { ZSTD_c_compressionLevel: level } = zlib.constants;
async function* evenly(source) {
  let held = [], length = 0;
  for await (const bytes of source) {
    held.push(bytes); length += bytes.length;
    if (length < ${PIECE}) continue;
    const all = Buffer.concat(held);
    const whole = length - (length % ${PIECE});
    for (let at = 0; at < whole; at += ${PIECE}) yield all.subarray(at, at + ${PIECE});
    held = [all.subarray(whole)]; length -= whole;
  }
  yield Buffer.concat(held);
}
const made = codec === 'zstd' ? zlib.createZstdCompress({ params: { [level]: 9 } }) : zlib.createGzip({ level: 6 });
pipeline(process.stdin, evenly, made, process.stdout, (error) => { if (error) { console.error(error.message); process.exit(1); } });
`;

/** Best codec of a Node. */
export const codecOf = (version: string): Codec => (satisfies(version, '^22.15 || >=23.8') ? 'zstd' : 'gzip');

/** @throws errors of `source`, of `target` and of the program */
export async function compress(
  node: string,
  codec: Codec,
  source: AsyncIterable<Buffer>,
  target: Writable,
  signal: AbortSignal | undefined,
): Promise<void> {
  await through(node, ['-e', COMPRESSOR, codec], source, signal, (out) => pipeline(out, target));
}

/**
 * Decompresses in this process, or by the program `zstd` where this Node has no zstd.
 * @throws ReleasesError `pack_unsuitable` without either; errors of a damaged payload
 */
export async function decompress(
  codec: Codec,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
  take: (pieces: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const make = { gzip: zlib.createGunzip, zstd: (zlib as Zlib).createZstdDecompress }[codec];
  if (make) return pipeline(source, make({ chunkSize: DECOMPRESSED }), take, { ...(signal && { signal }) });
  return through('zstd', ['-dc'], source, signal, take).catch((cause) => {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    const message = `The pack is of zstd, which Node ${process.version} cannot read.`;
    throw new ReleasesError('pack_unsuitable', message, {
      hint: 'Install the program zstd here, or make the pack with: openclaw-releases pack <release> --codec gzip',
      cause,
    });
  });
}

async function through(
  program: string,
  args: string[],
  source: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
  take: (out: Readable) => Promise<void>,
): Promise<void> {
  const child = spawn(program, args, {
    ...{ cwd: '/', env: { PATH: process.env.PATH } },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-500);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} failed: ${said.trim() || code}`)),
    );
  });
  try {
    const abort = { ...(signal && { signal }) };
    await Promise.all([pipeline(source, child.stdin, abort), take(child.stdout), ended]);
  } catch (error) {
    child.kill('SIGKILL');
    await ended.catch(() => {});
    throw error;
  }
}
