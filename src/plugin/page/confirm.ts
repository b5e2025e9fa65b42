import { byId, h } from './dom.js';

interface Question {
  title: string;
  text: string;
  yes: string;
}

/** Answers the open question; does nothing once it has an answer. */
let settle: (agreed: boolean) => void = () => {};

/** Asks in a modal dialog, which keeps the focus; Escape means no. */
export function confirm({ title, text, yes }: Question): Promise<boolean> {
  // A quick user asks again before the browser reports that the first dialog closed.
  settle(false);
  const dialog = byId<HTMLDialogElement>('dialog');
  const opener = document.activeElement?.id;
  const close = (value: string) => () => dialog.close(value);
  dialog.returnValue = '';
  dialog.replaceChildren(
    h('h2', { id: 'dialog-title' }, title),
    h('p', {}, text),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', id: 'dialog-no', autofocus: true, click: close('no') }, 'Cancel'),
      h('button', { type: 'button', id: 'dialog-yes', class: 'main', click: close('yes') }, yes),
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
