// Exit statuses of the two programs: one table, printed by --help and docs.

/** Process exit statuses. Guest exit codes of `run --exec` are passed through unchanged (0…255). */
export const exitStatus = {
  /** The guest powered itself off, or the command succeeded. */
  ok: 0,
  /** The guest panicked (ibm,os-term), or stopped itself with an error. */
  guestPanic: 3,
  /** The command line is wrong (unknown option or value). */
  usage: 64,
  /** An input file cannot be read or is not what it should be. */
  badInput: 65,
  /** Something that is needed is not there: the default guest cannot be fetched, an output file cannot be written. */
  unavailable: 69,
  /** Internal error: a defect of Continuo. */
  internal: 70,
  /** The configuration is refused: the environment cannot be given exactly as asked. */
  refused: 78,
  /** `--timeout` ran out. */
  timeout: 124,
} as const;

/** What each status means, for help and documentation. */
export const exitStatusMeanings: readonly { readonly status: string; readonly meaning: string }[] = [
  { status: '0', meaning: 'the guest powered itself off, was ended with Ctrl-A X, or reset with no-reboot set' },
  { status: 'N', meaning: '`continuo run --exec`: the exit status of the command' },
  { status: `${exitStatus.guestPanic}`, meaning: 'the guest panicked, or can never run again' },
  { status: `${exitStatus.usage}`, meaning: 'the command line is wrong' },
  { status: `${exitStatus.badInput}`, meaning: 'an input file cannot be read or is not what it should be' },
  {
    status: `${exitStatus.unavailable}`,
    meaning: 'the default guest cannot be fetched, or an output file cannot be written',
  },
  { status: `${exitStatus.internal}`, meaning: 'internal error: a defect of Continuo' },
  { status: `${exitStatus.refused}`, meaning: 'the configuration is refused: the environment cannot be given exactly' },
  { status: `${exitStatus.timeout}`, meaning: '`--timeout` ran out' },
  { status: '128 + N', meaning: '`continuo run` was ended by signal N (143 for SIGTERM, 130 for SIGINT)' },
];
