/** Event between two runs of the timer. */
export type Happening =
  | {
      kind:
        | 'nothing'
        | 'unhold'
        | 'pin'
        | 'unpin'
        | 'rollback'
        | 'update'
        | 'crash'
        | 'silence'
        | 'off'
        | 'on'
        | 'unwell'
        | 'well';
    }
  | { kind: 'hold'; hours: number | null }
  | { kind: 'clock'; hours: number };
