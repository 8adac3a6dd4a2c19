// What a command of the programs looks like: a name, its help, and a function from arguments to an exit status.

/** Where a command writes. Text is written as given: a command adds its own line ends. */
export interface CommandIo {
  /** Writes text to standard output. */
  out(text: string): void;
  /** Writes text to standard error. */
  err(text: string): void;
  /** True when colours (ANSI SGR sequences) may be used on standard output. */
  readonly colour: boolean;
}

/** One command of the `continuo` program, exported by src/cli/commands/<name>.ts as `<name>Command`. */
export interface Command {
  /** The word after `continuo`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The full help text of the command, shown by `--help`. */
  readonly usage: string;
  /**
   * Runs the command.
   * @param args the words after the command's name
   * @param io where to write
   * @returns the exit status of the process
   */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}
