// Why running code came back to the machine.

/** Results of the generated `run` function. */
export const leaveReason = {
  /** The slice's instruction budget is used up; NIP is the next instruction. */
  budget: 0,
  /** MSR[SF] or MSR[LE] changed: go on with the code of the other mode. */
  mode: 1,
  /** sc with LEV=1: registers hold the hypercall, NIP is the next instruction. */
  hypercall: 2,
} as const;

/** Results of a translated region. */
export const regionResult = {
  /** Go on at NIP. */
  go: 0,
  /** Interpret the instruction at NIP, then go on. */
  interpret: 1,
  /** An interrupt was raised by the instruction at NIP. */
  raised: 2,
  /** Go on at NIP without a test of the budget: control fell through, and the interpreter tests at branches only. */
  fallThrough: 3,
  /** As `go`, and the context may have changed: interrupts, MSR, TLB tables. */
  resume: 4,
} as const;

/** Result for the region that waits for a call: control is back there. No other result of a region is the same. */
export const returned = 5;
