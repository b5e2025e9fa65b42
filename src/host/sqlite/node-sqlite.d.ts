/** The used part of `node:sqlite`, which the oldest supported Node lacks. */
declare module 'node:sqlite' {
  export class DatabaseSync {
    constructor(location: string | URL, options?: { readOnly?: boolean });
    exec(sql: string): void;
    prepare(sql: string): {
      get(): Record<string, unknown> | undefined;
      all(): Record<string, unknown>[];
      run(...values: (string | number | null)[]): unknown;
    };
    close(): void;
  }

  export interface BackupOptions {
    rate?: number;
    progress?: (pages: { totalPages: number; remainingPages: number }) => void;
  }

  export function backup(source: DatabaseSync, to: string, options?: BackupOptions): Promise<number>;
}
