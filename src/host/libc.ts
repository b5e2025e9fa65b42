/** Version of the C library that this process runs on; null where it is not glibc. */
export function glibcVersion(): string | null {
  // Excludes the network: the report would resolve names for every interface, and wait for the answers.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ?? null;
}
