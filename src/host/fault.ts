/**
 * Stops for ever where the test variable says so, so that a test can end the process, or its machine, at exactly this
 * moment. Costs one comparison otherwise.
 * @param name of the step; with `:done` behind it, between its effect and the record of it
 */
export async function faultPoint(name: string): Promise<void> {
  if (process.env.OPENCLAW_RELEASES_FAULT !== `hang:${name}`) return;
  await new Promise(() => setInterval(() => {}, 60_000));
}
