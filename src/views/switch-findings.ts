import type { SwitchFinding } from '../change/switch-finding.js';

const PREFIX: Record<SwitchFinding['weight'], string> = {
  information: '',
  warning: 'Warning: ',
  wait: 'The timer waits: ',
};

/** One finding in words for people. */
export function findingText({ weight, sentence }: SwitchFinding): string {
  return `${PREFIX[weight]}${sentence}`;
}

/** Rows for a table, each with its subject. */
export function findingRows(findings: readonly SwitchFinding[]): string[][] {
  return findings.map((finding) => [finding.about, findingText(finding)]);
}
