/** Names of the gateway's own operator scopes. */
export type Scope = 'operator.read' | 'operator.admin';

interface MethodEntry {
  scope: Scope;
  summary: string;
}

const read = (summary: string): MethodEntry => ({ scope: 'operator.read', summary });
const admin = (summary: string): MethodEntry => ({ scope: 'operator.admin', summary });

/**
 * Imports nothing, because a caller that registers the methods loads only this file. `releases.update` is `update.run`
 * under a name that a plugin may register; `releases.status` is `update.status` with the host's overview.
 */
export const METHODS = {
  'update.run': admin(
    'Updates to a version, a tag or a channel; answers once a process outside has taken it on.',
  ),
  'update.status': read('What became of a change, or how far it is, and what really runs.'),
  'releases.list': read('The releases that are kept, what points at each, and whether it reads the state.'),
  'releases.show': read('One release: where it is from, what it runs on, what is held against it.'),
  'releases.status': read(
    'What runs, what is current, what is being done, and what became of the last change.',
  ),
  'releases.history': read('The changes made here and how each ended.'),
  'releases.timer': read('Automatic updates: settings, next look, last decisions, and what is available.'),
  'releases.verify': read('Compares every file of a release with its sealed digest.'),
  'releases.update': admin('The same as update.run.'),
  'releases.rollback': admin('Returns to the previous release, or to a named release.'),
  'releases.switch': admin('Makes a staged release current, verified like an update.'),
  'releases.pin': admin('Keeps a release, and keeps updates that name no version away from it.'),
  'releases.unpin': admin('Lets a pinned release go.'),
  'releases.hold': admin('Holds updates that nobody asked for by name, until a time or until it is lifted.'),
  'releases.unhold': admin('Lifts the hold.'),
  'releases.check': admin(
    'Asks the registry for a newer release, or for the named one, and what an update to it takes.',
  ),
  'releases.versions': admin('Asks the registry for every version that it has, newest first.'),
  'releases.skip': admin('Keeps updates that name no version away from one version, or lets it in again.'),
  'releases.remove': admin('Removes a release that nothing needs.'),
  'releases.prune': admin('Removes every release and copy of the state that nothing needs, or says which.'),
  'releases.cancel': admin('Ends the active change before its switch.'),
} as const satisfies Record<string, MethodEntry>;

export type Method = keyof typeof METHODS;

export function isMethod(name: unknown): name is Method {
  return typeof name === 'string' && Object.hasOwn(METHODS, name);
}
