import { byId, h } from './dom.js';

interface Question {
  title: string;
  /** What is known of what will happen, as it came. */
  text: string;
  yes: string;
}

/** Gives the last question its answer; nothing once it has one. */
let settle: (agreed: boolean) => void = () => {};

/** Asks, and says whether it is agreed to. The dialog keeps the focus within it, Escape is a no. */
export function confirm({ title, text, yes }: Question): Promise<boolean> {
  // Whoever is quick asks anew before the browser has told that the dialog was closed.
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
      // That was the question before.
      if (dialog.open) return;
      settle(dialog.returnValue === 'yes');
      dialog.replaceChildren();
      // The page may have been built anew meanwhile.
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
