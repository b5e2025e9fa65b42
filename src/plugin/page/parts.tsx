import type { ErrorRecord } from '../../core/errors.js';
import { duration } from './format.js';

/** Hints that are commands and get a copy button; other hints are sentences. */
const TYPED = /^(openclaw|sudo|systemctl|journalctl|npm|ls|cat|kill)\b/;

export function byId<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`There is no #${id}.`);
  return element as E;
}

export function say(text: string): void {
  const live = byId('live');
  if (live.textContent !== text) live.textContent = text;
}

export function Failure({ error: { code, message, untouched, hint } }: { error: ErrorRecord }) {
  return (
    <div class="failure">
      <p class="bad">
        {message} <span class="mark soft">{code}</span>
      </p>
      {untouched && <p>{untouched}</p>}
      {hint && (TYPED.test(hint) ? <Command text={hint} /> : <p>Next: {hint}</p>)}
    </div>
  );
}

export function Command({ text }: { text: string }) {
  const copy = ({ currentTarget }: Event) => {
    const select = () => {
      const code = (currentTarget as HTMLElement).previousElementSibling;
      if (code) getSelection()?.selectAllChildren(code);
      say('Selected; copy it with the keyboard.');
    };
    // A page may lack access to the clipboard.
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject();
    void copied.then(() => say('Copied.'), select);
  };
  return (
    <div class="command">
      <code>{text}</code>
      <button type="button" aria-label={`Copy ${text}`} onClick={copy}>
        Copy
      </button>
    </div>
  );
}

/** Time since a moment; outside of the live region, which would be read out each second. */
export function Since({ at }: { at: string }) {
  return <time>{duration(Date.now() - Date.parse(at))}</time>;
}

export function Until({ at }: { at: string }) {
  return <time>{duration(Math.max(0, Date.parse(at) - Date.now()))}</time>;
}
