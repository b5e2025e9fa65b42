import { appendFileSync, createReadStream, rmSync, statSync } from 'node:fs';
import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import pacote from 'pacote';
import ssri from 'ssri';
import { systemCode } from '../../core/errors.js';

/** Parallel downloads: enough for a network. npm has 15, and keeps a part of each in memory. */
const FETCHES = 4;

/** Errors of this disk, which another request would meet too. */
const OF_THE_DISK = /^(ENOENT|ENOSPC|EDQUOT|EIO|EROFS)$/;

/**
 * Downloads an archive. Where the connection breaks, asks for the rest alone; npm has no option for it, and would fail.
 * @param onFetched called for each piece that the registry sends
 * @throws errors of npm's libraries, also `EINTEGRITY`
 */
export async function download(
  spec: string,
  file: string,
  options: pacote.Options,
  onFetched: (bytes: number) => void,
): Promise<void> {
  const { offline, integrity, maxSockets = FETCHES, retry } = options;
  // Again, because only in an address does npm put the own registry in the place of another host.
  const url = await pacote.resolve(`${npa(spec).name}@${await pacote.resolve(spec, options)}`, options);
  // Without a network only the cache is left. The checksum is that of the file, and not of the rest.
  const past = { integrity: undefined, ...(!offline && { cache: undefined }) };
  const how = { ...options, ...past, spec: npa(spec), maxSockets: Math.min(FETCHES, maxSockets) };
  const fetchRest = async (triesLeft: number): Promise<void> => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    // A registry that compresses an archive once more counts other bytes than the file has.
    const headers = { 'accept-encoding': 'identity', ...(size > 0 && { range: `bytes=${size}-` }) };
    const answer = await npmFetch(url, { ...how, headers }).catch((error) => {
      if (size === 0 || triesLeft === 0 || !/^E[45]\d\d$/.test(systemCode(error) ?? '')) throw error;
      // There is no rest, or none is given.
      return null;
    });
    if (answer?.status !== 206) rmSync(file, { force: true });
    if (answer === null) return fetchRest(triesLeft - 1);
    const { body } = answer;
    // A broken stream emits several errors, and only the first is awaited below.
    body?.on('error', () => {});
    try {
      // An empty answer has a file, too.
      appendFileSync(file, '');
      for await (const bytes of body as AsyncIterable<Buffer>) {
        appendFileSync(file, bytes);
        onFetched(bytes.length);
      }
      await ssri.checkStream(createReadStream(file), String(integrity));
    } catch (error) {
      const code = systemCode(error) ?? '';
      if (triesLeft === 0 || OF_THE_DISK.test(code)) throw error;
      if (/^(EINTEGRITY$|Z_)/.test(code)) rmSync(file);
      await fetchRest(triesLeft - 1);
    }
  };
  await fetchRest(retry?.retries ?? 2);
}
