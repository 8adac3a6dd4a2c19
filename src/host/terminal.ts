// The terminal of this process: raw while a guest has it, and given back as it was in every case, a crash included.
import type { ReadStream } from 'node:tty';

/** Size in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** The size of the terminal that `stream` writes to, or undefined when it is none. */
export function terminalSize(stream: NodeJS.WriteStream): TerminalSize | undefined {
  return stream.isTTY && stream.rows > 0 && stream.columns > 0
    ? { rows: stream.rows, columns: stream.columns }
    : undefined;
}

/**
 * Standard input and output for a guest's console. Bytes only: nothing is decoded, so nothing that is not UTF-8, or is cut
 * in the middle of a character, is harmed.
 */
export class Terminal {
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  readonly #restoreOnExit = (): void => this.restore();
  /** A shell that had stopped this process has set its own mode. */
  readonly #takeAgain = (): void => {
    this.#setRaw(false);
    this.#setRaw(true);
  };
  #raw = false;

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  /** True when a person types into it. */
  get isInteractive(): boolean {
    return this.#input.isTTY === true;
  }

  /** Takes the terminal: each key goes to `onInput` at once, Ctrl-C and the like included. */
  open(onInput: (bytes: Uint8Array) => void): void {
    if (this.isInteractive) {
      this.#setRaw(true);
      // Runs for a normal end, process.exit() and an uncaught exception; signals are turned into an end by their handlers.
      process.on('exit', this.#restoreOnExit);
      process.on('SIGCONT', this.#takeAgain);
    }
    this.#input.on('data', (chunk: Buffer) => onInput(chunk));
    // A reader that vanished or a terminal that hung up is no input, nothing more.
    this.#input.on('error', () => {});
    this.#input.resume();
  }

  /** Stops reading while the guest does not keep up: the kernel's buffer and the sender wait. */
  pause(): void {
    this.#input.pause();
  }

  /** Reads on after {@link pause}. */
  resume(): void {
    this.#input.resume();
  }

  /** Writes bytes; resolves when more may be written. Rejects when the reader is gone. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#output.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Gives the terminal back. May be called more than once. */
  restore(): void {
    this.#input.pause();
    if (!this.#raw) return;
    this.#setRaw(false);
    process.off('exit', this.#restoreOnExit);
    process.off('SIGCONT', this.#takeAgain);
  }

  #setRaw(raw: boolean): void {
    // isInteractive says that this is a terminal's stream.
    (this.#input as ReadStream).setRawMode(raw);
    this.#raw = raw;
  }
}
