import { button, byId, type Child, h } from './dom.js';

export interface Question {
  title: string;
  body: Child[];
  yes: string;
  /** The answer yes loses something. */
  danger?: boolean;
}

/** Answers the open question; does nothing once it has an answer. */
let settle: (agreed: boolean) => void = () => {};

/** Asks in a modal dialog, which keeps the focus; Escape means no. */
export function confirm({ title, body, yes, danger = false }: Question): Promise<boolean> {
  // A quick user asks again before the browser reports that the first dialog closed.
  settle(false);
  const dialog = byId<HTMLDialogElement>('dialog');
  const opener = document.activeElement?.id;
  const close = (value: string) => () => dialog.close(value);
  dialog.returnValue = '';
  dialog.replaceChildren(
    h('h2', { id: 'dialog-title' }, title),
    ...body.map((part) => (part instanceof Node ? part : h('p', {}, part))),
    h(
      'div',
      { class: 'row' },
      button('dialog-no', 'Cancel', close('no'), { autofocus: true }),
      button('dialog-yes', yes, close('yes'), { class: danger ? 'danger' : 'main' }),
    ),
  );
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      if (dialog.open) return;
      settle(dialog.returnValue === 'yes');
      dialog.replaceChildren();
      // Rendering may have replaced the opener meanwhile.
      if (opener) document.getElementById(opener)?.focus();
    };
    settle = (agreed) => {
      dialog.removeEventListener('close', closed);
      settle = () => {};
      resolve(agreed);
    };
    dialog.addEventListener('close', closed);
  });
}
