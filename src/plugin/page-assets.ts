import { readFileSync } from 'node:fs';

/** The built page: one document that requests nothing outside of its own address. */
export interface Shell {
  html: string;
  headers: Record<string, string>;
}

/** Reads the page once: an update may replace our files while the gateway runs, and versions must not mix. */
export function readShell(): Shell {
  const { html, scripts, styles } = JSON.parse(
    readFileSync(new URL('./page.json', import.meta.url), 'utf8'),
  ) as { html: string; scripts: string; styles: string };
  const policy = [
    "default-src 'none'",
    `script-src '${scripts}'`,
    `style-src '${styles}'`,
    "connect-src 'self'",
    'img-src data:',
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
