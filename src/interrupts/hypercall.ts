// Hypercalls and RTAS calls of the interrupt controllers in a form of their own, which the PAPR tables adapt.
// (PAPR, "Hypervisor Call Functions": return codes)

/** Status values for r3. */
export const hcallStatus = {
  H_SUCCESS: 0n,
  H_HARDWARE: -1n,
  H_FUNCTION: -2n,
  H_PARAMETER: -4n,
  H_P2: -55n,
  H_P3: -56n,
  H_P4: -57n,
  H_P5: -58n,
} as const;

/** Status cell of an RTAS call. */
export const rtasStatus = { success: 0, hardware: -1, parameter: -3 } as const;

/** r3 (signed) and r4… (unsigned 64-bit) after a hypercall; registers past `results` keep their contents. */
export interface InterruptHypercallResult {
  readonly status: bigint;
  readonly results: readonly bigint[];
}

/** Carries out a hypercall: r4… as unsigned 64-bit values (missing ones count as 0), index of the calling vCPU. Never throws. */
export type InterruptHypercallHandler = (args: readonly bigint[], cpu: number) => InterruptHypercallResult;

/** A row of the hypercall table. */
export interface InterruptHypercall {
  readonly number: number;
  /** PAPR name, such as `H_XIRR`. */
  readonly name: string;
  /** How many argument registers it reads. */
  readonly argumentCount: number;
  readonly handler: InterruptHypercallHandler;
}

/** Carries out an RTAS call: argument cells to result cells, status first. Never throws. */
export type InterruptRtasHandler = (args: readonly number[]) => readonly number[];

/** A row of the RTAS table. A caller that gives other counts gets −3. */
export interface InterruptRtasCall {
  readonly name: string;
  readonly argumentCount: number;
  readonly resultCount: number;
  readonly handler: InterruptRtasHandler;
}

/** A status without results. */
export function status(name: keyof typeof hcallStatus): InterruptHypercallResult {
  return { status: hcallStatus[name], results: [] };
}

/** H_SUCCESS with r4…. */
export function success(...results: bigint[]): InterruptHypercallResult {
  return { status: hcallStatus.H_SUCCESS, results };
}

/** Argument n as a number; anything above 2^53−1 becomes Infinity, which no range check accepts. */
export function argument(args: readonly bigint[], n: number): number {
  const value = args[n] ?? 0n;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.POSITIVE_INFINITY;
}
