/** Loading npm's libraries takes longer than a rollback takes to decide, so only what asks a registry does. */
export const pacote = async () => (await import('pacote')).default;
export const npmFetch = async () => (await import('npm-registry-fetch')).default;
