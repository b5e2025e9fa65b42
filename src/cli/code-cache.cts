import fs = require('node:fs');
import path = require('node:path');
import url = require('node:url');
import vm = require('node:vm');
import zlib = require('node:zlib');

/** Bytes of the two checksums at the beginning of a file, of the source and of the code. */
const HEAD = 8;

/** V8 refuses the code of another V8 or processor; the name lets several versions of Node take turns. */
function pathFor(bundle: string): string {
  return `${bundle}.${process.version}-${process.arch}.cache`;
}

/**
 * Runs a bundle as `require` does, with the code that V8 compiled in an earlier start: compiling is a quarter of the time
 * of `status`. The file is beside the bundle, as trusted as the bundle itself. Only the owner of the program keeps
 * it: root writes nothing into the program of a user.
 */
function run(bundle: string): unknown {
  // Not as text: Node would read it in twenty pieces.
  const source = fs.readFileSync(bundle);
  const cache = pathFor(bundle);
  const owner = fs.statSync(bundle).uid;
  const cachedData = read(cache, source, owner);
  const script = new vm.Script(source.toString(), { filename: bundle, ...(cachedData && { cachedData }) });
  const module = { exports: {} };
  const directory = path.dirname(bundle);
  // Node 20 cannot import from code that was kept.
  const importLate = (name: string) => import(url.pathToFileURL(path.join(directory, name)).href);
  script.runInThisContext()(module.exports, require, module, bundle, directory, importLate);
  const isTaken = cachedData && !script.cachedDataRejected;
  if (!isTaken && !hasFlags() && process.geteuid?.() === owner) {
    // At the end, because V8 compiles a function when it is first called.
    process.once('exit', (code) => {
      if (code === 0) write(cache, source, script.createCachedData());
    });
  }
  return module.exports;
}

/** Code for this source; undefined without a sound file that only the owner of the bundle can have written. */
function read(cache: string, source: Buffer, owner: number): Buffer | undefined {
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    const file = fs.openSync(cache, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fs.fstatSync(file);
      if (!stats.isFile() || stats.uid !== owner || (stats.mode & 0o022) !== 0) return undefined;
      const bytes = fs.readFileSync(file);
      const code = bytes.subarray(HEAD);
      return bytes.subarray(0, HEAD).equals(head(source, code)) ? code : undefined;
    } finally {
      fs.closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function write(cache: string, source: Buffer, code: Buffer): void {
  // One name for all: what a killed process leaves is replaced, and the sums tell what two wrote at once.
  const fresh = `${cache}.new`;
  try {
    fs.rmSync(fresh, { force: true });
    fs.writeFileSync(fresh, Buffer.concat([head(source, code), code]), { mode: 0o644, flag: 'wx' });
    fs.renameSync(fresh, cache);
  } catch {
    unlink(fresh);
  }
}

/** V8 takes no code of other flags: starts with and without them would overwrite each other's. */
function hasFlags(): boolean {
  return process.execArgv.length > 0 || Boolean(process.env.NODE_OPTIONS);
}

/** Never throws: at the end of a process that would change its exit code. */
function unlink(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // Not written, or on a disk that fails.
  }
}

/** V8 compares only the length of a source, and trusts its own code. */
function head(source: Buffer, code: Buffer): Buffer {
  const sums = Buffer.alloc(HEAD);
  sums.writeUInt32LE(zlib.crc32(source), 0);
  sums.writeUInt32LE(zlib.crc32(code), HEAD / 2);
  return sums;
}

export = { run };
