import type { ChangeDocument } from '../../views/change.js';
import { dayAndTime, duration, title, tone } from './format.js';
import { Failure } from './parts.js';
import { Plot, stageMsOf } from './plot.js';

const ASKED: Record<string, string> = { timer: ', by the timer', gateway: ', through the gateway' };

export function History({ changes }: { changes: ChangeDocument[] }) {
  const older = changes.slice(10);
  return (
    <section id="history" aria-label="Last changes">
      <h2>Last changes</h2>
      {changes.length === 0 && <p>There has been none.</p>}
      <Plot name="Outage" changes={changes} measured={({ downtimeMs }) => downtimeMs} />
      <Plot name="Staging" changes={changes} measured={stageMsOf} />
      <List changes={changes.slice(0, 10)} />
      {older.length > 0 && (
        <details>
          <summary>{older.length} older ones</summary>
          <List changes={older} />
        </details>
      )}
    </section>
  );
}

const List = ({ changes }: { changes: ChangeDocument[] }) => (
  <ul class="plain">
    {changes.map((change) => (
      <Item key={change.change} change={change} />
    ))}
  </ul>
);

function Item({ change }: { change: ChangeDocument }) {
  const { change: id, initiator, startedAt, endedAt, downtimeMs, status, error, undoError } = change;
  const stageMs = stageMsOf(change);
  const figures = [
    endedAt && `took ${duration(Date.parse(endedAt) - Date.parse(startedAt))}`,
    downtimeMs !== null && `no answer for ${duration(downtimeMs)} at most`,
    stageMs !== null && `staging ${duration(stageMs)}`,
  ].filter(Boolean);
  return (
    <li data-change={id} data-status={status}>
      <strong>{title(change)}</strong>
      <p class={tone(change)}>{change.sentence}</p>
      <p class="soft">{`${dayAndTime(startedAt)}${ASKED[initiator] ?? ''}; ${figures.join(', ')}`}</p>
      {error && <Failure error={error} />}
      {undoError && <Failure error={undoError} />}
      {change.notes.map((note) => (
        <p key={note} class="soft">
          {note}
        </p>
      ))}
      {change.warnings.map((warning) => (
        <p key={warning} class="warn">
          {warning}
        </p>
      ))}
    </li>
  );
}
