import yoctoSpinner, { type Spinner } from 'yocto-spinner';
import { duration } from '../core/duration.js';
import { outgoing } from '../core/printable.js';
import type { Observer } from '../ledger/context.js';
import type { StepRecord } from '../ledger/ledger.js';
import { STEP_TITLES } from '../ledger/plan.js';
import type { Progress } from '../ledger/progress.js';
import { progressText } from '../views/progress.js';
import { columnsOf, presented } from './terminal.js';

const MARKS: Partial<Record<StepRecord['state'], string>> = {
  done: '✔',
  skipped: '–',
  failed: '✖',
  undone: '↩',
  undo_failed: '✖',
};

const TITLE_WIDTH = Math.max(...Object.values(STEP_TITLES).map(({ length }) => length));

const SPINNER_WIDTH = 3;

/** Interval that shows motion but does not flicker. */
const REPAINT_MS = 100;

/** Shows steps on standard error: one moving line on a terminal, otherwise one plain line per event. */
export function progressObserver(stream: NodeJS.WriteStream = process.stderr): Observer & { close(): void } {
  return stream.isTTY ? movingLine(stream) : plainLines(stream);
}

function finished(record: StepRecord): string | null {
  const mark = MARKS[record.state];
  if (!mark) return null;
  const took = record.state === 'done' || record.state === 'failed' ? duration(record.ms ?? 0) : '';
  const undo = record.state.startsWith('und') ? record.state.replace('_', ' ') : '';
  // The error at the end of the change says why it failed, and what was done stands above the line that undoes it.
  const note = record.state === 'failed' || record.state === 'undone' ? '' : (record.note ?? '');
  const said = [undo, outgoing(note), took].filter((part) => part !== '');
  return `${mark} ${[STEP_TITLES[record.name].padEnd(TITLE_WIDTH), ...said].join('  ')}`;
}

/** Without a terminal: time between two lines about the same step. */
const LINE_EVERY_MS = 10_000;

function plainLines(stream: NodeJS.WriteStream): Observer & { close(): void } {
  let waiting = '';
  let progress: Progress | null = null;
  const tell = ({ step }: Progress, text: string) =>
    void stream.write(presented(`… ${STEP_TITLES[step].padEnd(TITLE_WIDTH)}  ${outgoing(text)}\n`, 2));
  const repeat = setInterval(() => {
    if (progress) tell(progress, progressText(progress));
  }, LINE_EVERY_MS).unref();
  return {
    step(record) {
      progress = null;
      const line = finished(record);
      if (line) stream.write(presented(`${line}\n`, 2));
    },
    progress(update) {
      progress = update;
      // A wait can be stopped by the operator, who must know of it at once.
      if (update.step !== 'wait-idle' || update.text === waiting) return;
      waiting = update.text;
      tell(update, progressText(update));
      repeat.refresh();
    },
    note: (text) => void stream.write(presented(`${outgoing(text)}\n`, 2)),
    close() {
      clearInterval(repeat);
    },
  };
}

function movingLine(stream: NodeJS.WriteStream): Observer & { close(): void } {
  let spinner: Spinner | null = null;
  let begun = 0;
  let title = '';
  let progress: Progress | null = null;
  const repaint = setInterval(() => {
    if (!spinner) return;
    const text = `${title}  ${progress ? `${outgoing(progressText(progress))}  ` : ''}${duration(performance.now() - begun)}`;
    spinner.text = text.slice(0, columnsOf(2) - SPINNER_WIDTH);
  }, REPAINT_MS).unref();
  return {
    step(record) {
      // A follower may miss the end of a step; a spinner that nobody stops would keep this process alive.
      spinner?.stop();
      if (record.state === 'doing' || record.state === 'undoing') {
        begun = performance.now();
        progress = null;
        title = (record.state === 'doing' ? '' : 'Undoing: ') + STEP_TITLES[record.name];
        // The spinner's signal handlers would end this process before the change is undone.
        spinner = yoctoSpinner({ text: title, stream, handleSignals: false }).start();
        return;
      }
      spinner = null;
      const line = finished(record);
      if (line) stream.write(presented(`${line}\n`, 2));
    },
    progress(update) {
      progress = update;
    },
    note(text) {
      const shown = spinner?.text;
      spinner?.stop();
      stream.write(presented(`${outgoing(text)}\n`, 2));
      if (shown !== undefined) spinner = yoctoSpinner({ text: shown, stream, handleSignals: false }).start();
    },
    close() {
      clearInterval(repaint);
      spinner?.stop();
    },
  };
}
