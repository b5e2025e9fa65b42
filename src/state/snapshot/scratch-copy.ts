import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RootPlace, StatePlace } from '../place.js';
import { copyState } from './copy.js';
import { requireKeepable, requireRoom } from './measure.js';
import { surveyState } from './scan.js';

export interface ScratchRequest {
  root: RootPlace;
  place: StatePlace;
  /** Created here; the caller removes it. */
  directory: string;
  node: string;
  signal?: AbortSignal | undefined;
}

/**
 * Copies the state without its history, for free use: this copy is never restored.
 * @throws ReleasesError `snapshot_refused`, `snapshot_failed`, `insufficient_space`, `interrupted`
 */
export async function copyToScratch(request: ScratchRequest): Promise<StatePlace> {
  const { root, place, directory, node, signal } = request;
  const survey = surveyState(place, root);
  requireKeepable(survey);
  requireRoom(root, survey);
  const [into, configInto] = [join(directory, 'state'), join(directory, 'config')];
  mkdirSync(into, { recursive: true, mode: 0o700 });
  await copyState({ place, survey, into, configInto, node, signal });
  return { ...place, directory: into, config: place.config && configInto };
}
