import type { PageData } from '../page-data.js';
import { orders } from './actions.js';
import { setToken } from './client.js';
import { dayAndTime } from './format.js';
import { isBusy, model } from './model.js';
import { Command } from './parts.js';

export function Running({ picture }: { picture: PageData }) {
  const { gateway, current, trial, adopted, hold, root } = picture;
  const until = hold?.until ? `until ${dayAndTime(hold.until)}` : 'until it is lifted';
  return (
    <section id="now" aria-label="What runs">
      <h2>{model.lostSince === null ? 'What runs' : 'What ran when it last answered'}</h2>
      <p class="big">{gateway.release ?? `OpenClaw ${gateway.version ?? 'of an unknown version'}`}</p>
      <p class="soft">
        since {dayAndTime(gateway.since)}, process {gateway.pid}
      </p>
      {adopted && current !== gateway.release && (
        <p class="warn">The next start is of {current ?? 'nothing: no release is current'}.</p>
      )}
      {trial && <p class="warn">{trial} is on trial: it has not been verified.</p>}
      {hold && (
        <p class="warn">
          Held {until}: no automatic update, and none by a tag. {hold.why}
        </p>
      )}
      {!adopted && (
        <>
          <p class="warn">No release below {root} started this gateway, so it cannot be updated from here.</p>
          <Command text="openclaw-releases adopt --dry-run" />
        </>
      )}
    </section>
  );
}

export function Actions({ picture: { hold, previous } }: { picture: PageData }) {
  const busy = isBusy(model);
  const typed = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    model.spec = currentTarget.value;
  };
  return (
    <section id="actions" aria-label="What can be done">
      <h2>Do</h2>
      <div class="row">
        <label htmlFor="spec">Version or tag</label>
        <input id="spec" value={model.spec} onInput={typed} autocomplete="off" spellcheck={false} size={14} />
        <button
          type="button"
          id="update"
          class="main"
          disabled={busy}
          onClick={() => orders.update(model.spec.trim() || 'latest')}
        >
          Update
        </button>
      </div>
      <div class="row">
        <button
          type="button"
          id="rollback"
          disabled={busy || !previous}
          onClick={() => orders.rollBack(null)}
        >
          {previous ? 'Roll back' : 'Roll back (nothing to return to)'}
        </button>
        <button
          type="button"
          id={hold ? 'unhold' : 'hold'}
          disabled={busy}
          onClick={hold ? orders.unhold : orders.hold}
        >
          {hold ? 'Lift the hold' : 'Hold updates'}
        </button>
      </div>
    </section>
  );
}

export function TokenForm({ again }: { again: () => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setToken(String(new FormData(event.target as HTMLFormElement).get('token')).trim());
    again();
  };
  return (
    <section id="token" aria-label="Token">
      <h2>The token of the gateway</h2>
      <p>It is kept for this tab alone, and goes nowhere but to this gateway.</p>
      <form class="row" onSubmit={submit}>
        <input
          id="token-field"
          name="token"
          type="password"
          autocomplete="off"
          aria-label="Token of the gateway"
        />
        <button type="submit" class="main">
          Look
        </button>
      </form>
    </section>
  );
}
