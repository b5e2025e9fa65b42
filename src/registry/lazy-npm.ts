/** Loads npm's libraries on demand: loading takes longer than a rollback takes to decide. */
export const pacote = async () => (await import('pacote')).default;
export const npmFetch = async () => (await import('npm-registry-fetch')).default;
