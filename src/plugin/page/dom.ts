import { moment } from '../../core/moment.js';

export type Child = Node | string | null | undefined | false;
export type Attributes = Record<string, string | boolean | undefined | ((event: Event) => void)>;

/** Creates an element. Foreign content goes in as text, never as markup. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child): child is Node | string => !!child || child === ''));
  return element;
}

export function button(id: string, text: string, click: () => void, more: Attributes = {}): HTMLElement {
  return h('button', { type: 'button', id, click, ...more }, text);
}

const unfolded = new Map<string, boolean>();

/** A fold that stays open or closed when its section is built again. */
export function fold(id: string, summary: Child[], content: Child[], more: Attributes = {}): HTMLElement {
  const { open = false, ...attributes } = more;
  const toggle = () => void unfolded.set(id, details.open);
  const details = h(
    'details',
    { open: unfolded.get(id) ?? open, toggle },
    h('summary', { id, ...attributes }, ...summary),
    ...content,
  ) as HTMLDetailsElement;
  return details;
}

/** A time as "3 min ago", exact on hover. */
export function ago(at: string): HTMLElement {
  return h('time', { datetime: at, title: moment(at), 'data-ago': at });
}

export function byId<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`There is no #${id}.`);
  return element as E;
}

const shown = new Map<string, string>();

/** Builds a section again only when `made` (JSON; null hides it) has changed, so focus and selection stay. */
export function show(id: string, made: unknown, build: () => Node[]): void {
  const key = JSON.stringify(made);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  const section = byId(id);
  section.hidden = made === null;
  const focused = section.contains(document.activeElement) ? document.activeElement?.id : '';
  section.replaceChildren(...(made === null ? [] : build()));
  if (!focused) return;
  const again = document.getElementById(focused);
  // The focused element may be gone or disabled; the keyboard must not start at the top again.
  if (again && !(again as HTMLButtonElement).disabled) again.focus();
  else byId('main').focus({ preventScroll: true });
}

export function command(text: string, id: string): HTMLElement {
  const code = h('code', { tabindex: '0' }, text);
  const copy = h(
    'button',
    {
      type: 'button',
      id: `copy-${id}`,
      'aria-label': `Copy ${text}`,
      click: () => {
        void navigator.clipboard?.writeText(text).then(
          () => say('Copied.'),
          () => select(code),
        );
        if (!navigator.clipboard) select(code);
      },
    },
    'Copy',
  );
  return h('div', { class: 'command' }, code, copy);
}

/** Selects the text for the keyboard, because a page may lack access to the clipboard. */
function select(node: Node): void {
  getSelection()?.selectAllChildren(node);
  say('Selected; copy it with the keyboard.');
}

export function say(text: string): void {
  const live = byId('live');
  if (live.textContent !== text) live.textContent = text;
}
