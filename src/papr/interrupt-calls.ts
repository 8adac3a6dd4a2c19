// Calls of the interrupt controllers, which know nothing of PAPR's tables, as handlers of those tables.
import type { HypercallHandler, HypercallHandlers, RtasHandler, RtasHandlers } from './hypercalls/types.ts';
import { rtasStatus } from './rtas/status.ts';

/** A hypercall as the interrupt layer describes it: r4… in, status and r4… out. */
export interface InterruptHypercallRow {
  readonly name: string;
  readonly argumentCount: number;
  readonly handler: (
    args: readonly bigint[],
    cpu: number,
  ) => { readonly status: bigint; readonly results: readonly bigint[] };
}

/** An RTAS call as the interrupt layer describes it: cells in, cells out, status first. */
export interface InterruptRtasRow {
  readonly name: string;
  readonly argumentCount: number;
  readonly resultCount: number;
  readonly handler: (args: readonly number[]) => readonly number[];
}

/** Handlers for {@link PlatformExtensions.hypercalls}. */
export function interruptHypercalls(rows: readonly InterruptHypercallRow[]): HypercallHandlers {
  return Object.fromEntries(
    rows.map(({ name, argumentCount, handler }) => {
      const adapted: HypercallHandler = (call) => {
        const args = Array.from({ length: argumentCount }, (_, n) => call.argument(n));
        const { status, results } = handler(args, call.vcpu.index);
        results.forEach((value, n) => {
          call.setResult(n, value);
        });
        return status;
      };
      return [name, adapted];
    }),
  );
}

/** Handlers for {@link PlatformExtensions.rtasCalls}; a caller with other counts of cells gets -3. */
export function interruptRtasCalls(rows: readonly InterruptRtasRow[]): RtasHandlers {
  return Object.fromEntries(
    rows.map(({ name, argumentCount, resultCount, handler }) => {
      const adapted: RtasHandler = (call) => {
        if (call.argumentCount !== argumentCount || call.resultCount !== resultCount) return rtasStatus.PARAMETER;
        const args = Array.from({ length: argumentCount }, (_, n) => call.argument(n));
        const [status = rtasStatus.HARDWARE, ...results] = handler(args);
        results.forEach((value, n) => {
          call.setResult(n + 1, value);
        });
        return status;
      };
      return [name, adapted];
    }),
  );
}
