import type { Offer, OfferQuestion, Unchanged } from './offer.js';

export type AskRegistry = (question: OfferQuestion) => Promise<Offer | Unchanged>;

/**
 * Loads npm's libraries only for a question: most callers end before one.
 * @param registry address that replaces the configured one
 */
export function askingRegistry(registry?: string): AskRegistry {
  return async (question) => {
    const [{ loadClientOptions }, { offeredReleases }] = await Promise.all([
      import('./client.js'),
      import('./offer.js'),
    ]);
    return offeredReleases(await loadClientOptions(registry === undefined ? {} : { registry }), question);
  };
}

/** Asks for the versions of any package; null on any failure. */
export function versionsBy(
  ask: AskRegistry,
  signal?: AbortSignal,
): (name: string) => Promise<string[] | null> {
  return async (name) => {
    const offer = await ask({ name, signal }).catch(() => null);
    return offer && 'versions' in offer ? offer.versions.map(({ version }) => version) : null;
  };
}
