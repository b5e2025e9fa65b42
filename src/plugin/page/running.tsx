import type { ChangeDocument } from '../../views/change.js';
import { orders } from './actions.js';
import { clock, duration, title } from './format.js';
import { model } from './model.js';
import { Command, Failure, Since, Until } from './parts.js';

const SIGNS: Record<string, string> = { done: '✓', skipped: '–', failed: '✗', undone: '↩', undo_failed: '✗' };

export function RunningChange({ change }: { change: ChangeDocument }) {
  const { idle, error, status, steps, sentence, startedAt, kind } = change;
  const canStop = status === 'running' && !steps.some(({ name }) => name === 'switch');
  const waits = idle?.outcome === undefined && idle !== null;
  return (
    <section id="change" aria-label="The active change">
      <h2>{title(change)}</h2>
      <p>
        {status === 'interrupted' ? (
          <span class="bad">{sentence}</span>
        ) : (
          <span>
            Active for <Since at={startedAt} />
          </span>
        )}
        {error && <span class="bad"> — it failed, and is being undone</span>}
        {model.lostSince !== null && <span class="warn"> — as it was when the gateway last answered</span>}
      </p>
      {idle && <Waiting idle={idle} />}
      <ol class="steps plain">
        {steps.map((step) => (
          <Step key={step.name} {...step} />
        ))}
      </ol>
      {error && <Failure error={error} />}
      {status === 'interrupted' && <Command text="openclaw-releases recover" />}
      <div class="row">
        {canStop && (
          <button type="button" id="cancel" disabled={model.asking === 'cancel'} onClick={orders.cancel}>
            Stop
          </button>
        )}
        {waits && kind === 'update' && (
          <button type="button" id="restart-now" disabled={model.asking !== null} onClick={orders.restartNow}>
            Do not wait
          </button>
        )}
      </div>
    </section>
  );
}

function Waiting({ idle }: { idle: NonNullable<ChangeDocument['idle']> }) {
  const { outcome, announcedAt, restartAt, deadlineAt } = idle;
  if (outcome !== undefined) {
    const cut = idle.interruptedWork?.length
      ? ` The restart cut off ${idle.interruptedWork.join(', ')}.`
      : '';
    return (
      <p class="soft">
        Announced at {clock(announcedAt)}; waited: {outcome}.{cut}
      </p>
    );
  }
  const busy = idle.busy?.length ? `waiting for ${idle.busy.join(', ')}` : 'waiting for it to be idle';
  return (
    <p class="warn">
      Restart announced at {clock(announcedAt)};{' '}
      {restartAt ? 'it restarts in' : `${busy}, at the longest for`} <Until at={restartAt ?? deadlineAt} />.
    </p>
  );
}

function Step({ name, state, startedAt, durationMs, note }: ChangeDocument['steps'][number]) {
  const goesOn = state === 'doing' || state === 'undoing';
  const tone = state === 'failed' || state === 'undo_failed' ? 'bad' : state === 'done' ? 'good' : 'soft';
  return (
    <li data-step={name} data-state={state}>
      <span class={`${tone}${goesOn ? ' spin' : ''}`} aria-hidden="true">
        {SIGNS[state]}
      </span>
      <span>{name}</span>
      {goesOn ? (
        <span>
          {state === 'undoing' && 'being undone, '}
          <Since at={startedAt} />
        </span>
      ) : (
        <span class="soft">{durationMs === null ? state : `${state}, ${duration(durationMs)}`}</span>
      )}
      {note && <span class="note">{note}</span>}
    </li>
  );
}
