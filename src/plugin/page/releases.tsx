import type { Mark, ReleaseDocument } from '../../views/release.js';
import { orders } from './actions.js';
import { dayAndTime, mebibytes } from './format.js';
import { isBusy, model, type Reads } from './model.js';

const READS: Record<Reads['stateCompatibility'], [text: string, tone: string]> = {
  yes: ['reads today’s state', 'good'],
  'with-snapshot': ['incompatible with today’s state; its own is kept and restored with it', 'warn'],
  no: ['cannot read today’s state', 'warn'],
  unknown: ['not known whether it reads today’s state', 'soft'],
};

const MARKS: Record<Mark, string> = {
  running: 'good',
  current: 'good',
  previous: 'soft',
  trial: 'warn',
  pinned: 'warn',
  quarantined: 'bad',
};

export function Releases({ releases }: { releases: ReleaseDocument[] }) {
  return (
    <section id="releases" aria-label="Releases that are kept">
      <h2>Releases</h2>
      {releases.length === 0 && <p>None is staged yet.</p>}
      <ul class="plain">
        {releases.map((release) => (
          <Release key={release.id} release={release} />
        ))}
      </ul>
    </section>
  );
}

function Release({ release }: { release: ReleaseDocument }) {
  const { id, marks, bytes, sealedAt, runtime, quarantine } = release;
  const reads = model.reads.get(id);
  const [text, tone] = READS[reads?.stateCompatibility ?? 'unknown'];
  const isPinned = marks.includes('pinned');
  const pin = isPinned ? 'Unpin' : 'Pin';
  const busy = isBusy(model);
  return (
    <li data-release={id}>
      <div class="row">
        <strong>{id}</strong>
        {marks.map((mark) => (
          <span key={mark} class={`mark ${MARKS[mark]}`}>
            {mark}
          </span>
        ))}
      </div>
      <p class="soft">
        Node {runtime.version}, {mebibytes(bytes)}, staged {dayAndTime(sealedAt)}
      </p>
      {reads && (
        <p class={tone}>
          {text}
          <span class="soft"> ({reads.stateReason})</span>
        </p>
      )}
      {quarantine && <p class="bad">It failed here at {dayAndTime(quarantine.at)}.</p>}
      <div class="row">
        {!marks.includes('current') && (
          <button
            type="button"
            aria-label={`Switch to ${id}`}
            disabled={busy}
            onClick={() => orders.switchTo(id)}
          >
            Switch to it
          </button>
        )}
        <button
          type="button"
          aria-label={`${pin} ${id}`}
          disabled={busy}
          onClick={() => orders.pin(id, !isPinned)}
        >
          {pin}
        </button>
      </div>
    </li>
  );
}
