import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RecordResult, readRecord, recordText } from '../core/record.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';
import { directoryNames } from './manifest.js';
import type { Root } from './root.js';

/** Names begin with the time, so that they sort by it. Files of the lock in this directory have other names. */
const REQUEST_FILE = /^\d{8}T\d{6,9}Z-[0-9a-f]+\.json$/;

export function requestPath(root: Root, id: string): string {
  return join(root.requests, `${id}.json`);
}

export function requestIds(root: Root): string[] {
  const names = directoryNames(root.requests).filter((name) => REQUEST_FILE.test(name));
  return names.map((name) => name.slice(0, -'.json'.length));
}

export function tryReadRequest(root: Root, id: string): RecordResult<unknown> {
  return readRecord(requestPath(root, id), 'request', id);
}

/** Replaces the record durably. Mode 0600, because it may hold text that a person wrote. */
export function writeRequest(root: Root, id: string, record: object): void {
  mkdirSync(root.requests, { recursive: true, mode: 0o700 });
  writeFileDurably(requestPath(root, id), recordText(record), 0o600, 'request');
}

export function removeRequest(root: Root, id: string): void {
  removeDurably(requestPath(root, id));
  rmSync(requestOwnerPath(root, id), { force: true });
}

/** Link to the process that delivers the verdict. */
export function requestOwnerPath(root: Root, id: string): string {
  return join(root.requests, `${id}.owner`);
}
