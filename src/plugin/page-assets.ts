import { readFileSync } from 'node:fs';

/** The page as the build made it: one document that asks for nothing but what is below its own address. */
export interface Shell {
  html: string;
  headers: Record<string, string>;
}

/**
 * Read at once and kept: a newer version of this program may take its place while the gateway runs, and a page of one
 * version asks things of the other otherwise.
 */
export function readShell(): Shell {
  const { html, scripts, styles } = JSON.parse(
    readFileSync(new URL('./page.json', import.meta.url), 'utf8'),
  ) as { html: string; scripts: string; styles: string };
  const policy = [
    "default-src 'none'",
    `script-src '${scripts}'`,
    `style-src '${styles}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    html,
    headers: {
      'content-security-policy': policy.join('; '),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  };
}
