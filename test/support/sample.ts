/**
 * A line of output without what differs between two runs: figures, versions, paths, where a Node came from, and how far a
 * release was tried.
 */
export function skeleton(line: string): string {
  return line
    .replace(/, ready on a copy of the state after .*?(?= {2}|$)/, '')
    .replace(/(not announced \([^)]*\)|announced to the gateway); /, 'announced or not; ')
    .replace(/(which is here|copied from this host|from the registry)/, 'from somewhere')
    .replace(/\/\S+/g, 'PATH')
    .replace(/\b\d[\w.]*(-\w+)*( ?([KMG]iB|B|ms|s|min)\b)?/g, 'N')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The sample of an adoption in a document, which takes systemd to be compared. */
export function sampledAdoption(text: string): string[] {
  const sample = text.split('$ openclaw-releases adopt\n')[1]?.split('```')[0] ?? '';
  return sample.split('\n').filter((line) => line.startsWith('✔ '));
}

/** Lines of a document's consoles that a command printed about its steps or its result. */
export function sampledLines(text: string): string[] {
  const consoles = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map(([, lines = '']) => lines);
  return consoles.flatMap((lines) => lines.split('\n')).filter((line) => /^[✔–] |\[\w+\]$/.test(line));
}
