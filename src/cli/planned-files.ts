import type { PlannedFile } from '../host/written.js';

export function plannedLines(writes: PlannedFile[]): string[] {
  return writes.map((write) =>
    write.kind === 'link'
      ? `\n${write.path} -> ${write.target}`
      : `\n${write.path}\n${write.content.replace(/^/gm, '  ')}`,
  );
}
