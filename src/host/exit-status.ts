// Exit statuses of the two programs: one table, printed by --help and docs.

/** Process exit statuses. Guest exit codes of `run --exec` are passed through unchanged (0…255). */
export const exitStatus = {
  /** The guest powered itself off, or the command succeeded. */
  ok: 0,
  /** Internal error: a defect of Continuo. */
  internal: 70,
  /** The command line is wrong (unknown option or value). */
  usage: 64,
  /** An input file cannot be read or is not what it should be. */
  badInput: 65,
  /** The configuration is refused: the environment cannot be given exactly as asked. */
  refused: 78,
  /** The guest panicked (ibm,os-term), or stopped itself with an error. */
  guestPanic: 3,
  /** `--timeout` ran out. */
  timeout: 124,
} as const;
