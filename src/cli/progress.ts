import yoctoSpinner, { type Spinner } from 'yocto-spinner';
import { duration } from '../core/duration.js';
import { outgoing } from '../core/printable.js';
import type { Observer, Progress } from '../ledger/context.js';
import type { StepRecord } from '../ledger/ledger.js';

const MARKS: Partial<Record<StepRecord['state'], string>> = {
  done: '✔',
  skipped: '–',
  failed: '✖',
  undone: '↩',
  undo_failed: '✖',
};

/** Interval that shows motion but does not flicker. */
const REPAINT_MS = 100;

/** Shows steps on standard error: one moving line on a terminal, otherwise one plain line per event. */
export function progressObserver(stream: NodeJS.WriteStream = process.stderr): Observer & { close(): void } {
  return stream.isTTY ? movingLine(stream) : plainLines(stream);
}

function finished(record: StepRecord): string | null {
  const mark = MARKS[record.state];
  if (!mark) return null;
  const took = record.state === 'done' || record.state === 'failed' ? `  ${duration(record.ms ?? 0)}` : '';
  const undo = record.state.startsWith('und') ? `${record.state.replace('_', ' ')}: ` : '';
  return `${mark} ${record.name.padEnd(8)} ${undo}${outgoing(record.note ?? '')}${took}`;
}

function plainLines(stream: NodeJS.WriteStream): Observer & { close(): void } {
  let waiting = '';
  return {
    step(record) {
      const line = finished(record);
      if (line) stream.write(`${line}\n`);
    },
    // Prints only waits, once for each cause: they may take minutes, and the operator can stop them.
    progress({ text, leftMs }) {
      if (leftMs === undefined || text === waiting) return;
      waiting = text;
      stream.write(`… ${outgoing(text)}${left(leftMs)}\n`);
    },
    note: (text) => void stream.write(`${outgoing(text)}\n`),
    close() {},
  };
}

function movingLine(stream: NodeJS.WriteStream): Observer & { close(): void } {
  let spinner: Spinner | null = null;
  let begun = 0;
  let progress: Progress | null = null;
  const repaint = setInterval(() => {
    if (spinner)
      spinner.text = `${spinner.text.split('\t')[0]}\t${describe(progress)}${duration(performance.now() - begun)}`;
  }, REPAINT_MS).unref();
  return {
    step(record) {
      // A follower may miss the end of a step; a spinner that nobody stops would keep this process alive.
      spinner?.stop();
      if (record.state === 'doing' || record.state === 'undoing') {
        begun = performance.now();
        progress = null;
        const text = record.state === 'doing' ? record.name : `undoing ${record.name}`;
        // The spinner's signal handlers would end this process before the change is undone.
        spinner = yoctoSpinner({ text, stream, handleSignals: false }).start();
        return;
      }
      spinner = null;
      const line = finished(record);
      if (line) stream.write(`${line}\n`);
    },
    progress(update) {
      progress = update;
    },
    note(text) {
      const shown = spinner?.text;
      spinner?.stop();
      stream.write(`${outgoing(text)}\n`);
      if (shown !== undefined) spinner = yoctoSpinner({ text: shown, stream, handleSignals: false }).start();
    },
    close() {
      clearInterval(repaint);
      spinner?.stop();
    },
  };
}

function describe(progress: Progress | null): string {
  if (!progress) return '';
  const { text, done, total, leftMs } = progress;
  const share = done !== undefined && total ? ` ${Math.min(100, Math.floor((100 * done) / total))} %` : '';
  return `${outgoing(text)}${share}${left(leftMs)}  `;
}

function left(ms: number | undefined): string {
  return ms === undefined ? '' : `, ${duration(Math.ceil(ms / 1000) * 1000)} left`;
}
