// An RTAS call whose number of cells is fixed.
import type { RtasHandler, RtasHandlers } from '../hypercalls/types.ts';
import { rtasStatus } from './status.ts';

/** A row: argument cells, return cells (the status among them), and what the call does. */
export interface RtasRow {
  /** One number, or the least and the most. */
  readonly arguments: number | readonly [number, number];
  readonly results: number | readonly [number, number];
  readonly run: RtasHandler;
}

function fits(count: number, wanted: RtasRow['arguments']): boolean {
  return typeof wanted === 'number' ? count === wanted : count >= wanted[0] && count <= wanted[1];
}

/** Handlers that answer -3 to a caller with other counts. */
export function counted(rows: Readonly<Record<string, RtasRow>>): RtasHandlers {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => {
      const handler: RtasHandler = (call) =>
        fits(call.argumentCount, row.arguments) && fits(call.resultCount, row.results)
          ? row.run(call)
          : rtasStatus.PARAMETER;
      return [name, handler];
    }),
  );
}
