import { render } from 'preact';
import { byId } from './parts.js';

interface Question {
  title: string;
  text: string;
  yes: string;
}

/** Answers the open question; does nothing once it has an answer. */
let settle: (agreed: boolean) => void = () => {};

/** Asks in a modal dialog, which keeps the focus and gives it back; Escape means no. */
export function confirm({ title, text, yes }: Question): Promise<boolean> {
  // A quick user asks again before the browser reports that the first dialog closed.
  settle(false);
  const dialog = byId<HTMLDialogElement>('dialog');
  dialog.returnValue = '';
  render(
    <>
      <h2 id="dialog-title">{title}</h2>
      <p>{text}</p>
      <div class="row">
        <button type="button" id="dialog-no" onClick={() => dialog.close('no')}>
          Cancel
        </button>
        <button type="button" id="dialog-yes" class="main" onClick={() => dialog.close('yes')}>
          {yes}
        </button>
      </div>
    </>,
    dialog,
  );
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      if (dialog.open) return;
      settle(dialog.returnValue === 'yes');
      render(null, dialog);
    };
    settle = (agreed) => {
      dialog.removeEventListener('close', closed);
      settle = () => {};
      resolve(agreed);
    };
    dialog.addEventListener('close', closed);
  });
}
