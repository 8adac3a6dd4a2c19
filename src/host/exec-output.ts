// Passes through what one command of the default guest prints, and finds its exit status: the guest frames the output with
// two marks that carry a random number (src/host/guest/init-script.ts), so that no output can be taken for them.

/** Bytes as text of as many characters and back: string search over bytes that keeps each byte. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Closes an escape sequence of kind APC (ECMA-48), which terminals ignore. */
const markEnd = '\x1b\\';

/** The longest end of `text` that `mark` starts with, its whole excluded. */
function partialMark(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--) {
    if (mark.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}

/** What is kept of the console before the command began, for the message when it never begins. */
const keptConsole = 4096;

/** Finds the framed output in a console's bytes. */
export class ExecOutput {
  readonly #begin: string;
  readonly #end: string;
  #state: 'before' | 'running' | 'ended' = 'before';
  #pending = '';
  #status: number | undefined;

  /** @param nonce the number that the guest was given */
  constructor(nonce: string) {
    this.#begin = `\x1b_continuo-${nonce}-begin${markEnd}`;
    this.#end = `\x1b_continuo-${nonce}-end-`;
  }

  /** The command's exit status, 0 to 255, once it has ended. */
  get status(): number | undefined {
    return this.#status;
  }

  /** The end of what the console showed before the command began; all of it may be useless. */
  get consoleBefore(): string {
    return this.#state === 'before' ? this.#pending : '';
  }

  /**
   * Takes console bytes.
   * @returns those that the command printed
   */
  feed(bytes: Uint8Array): Uint8Array {
    this.#pending += textOf(bytes);
    if (this.#state === 'before') {
      const at = this.#pending.indexOf(this.#begin);
      if (at < 0) {
        this.#pending = this.#pending.slice(-keptConsole);
        return new Uint8Array(0);
      }
      this.#state = 'running';
      this.#pending = this.#pending.slice(at + this.#begin.length);
    }
    return this.#state === 'running' ? bytesOf(this.#takeOutput()) : new Uint8Array(0);
  }

  #takeOutput(): string {
    let output = '';
    for (;;) {
      const at = this.#pending.indexOf(this.#end);
      if (at < 0) {
        const end = this.#pending.length - partialMark(this.#pending, this.#end);
        output += this.#pending.slice(0, end);
        this.#pending = this.#pending.slice(end);
        return output;
      }
      output += this.#pending.slice(0, at);
      this.#pending = this.#pending.slice(at);
      const behind = this.#pending.slice(this.#end.length);
      const [digits = ''] = /^\d{0,3}/.exec(behind) ?? [];
      const close = behind.slice(digits.length, digits.length + markEnd.length);
      if (digits !== '' && close === markEnd) {
        this.#state = 'ended';
        this.#status = Number(digits);
        this.#pending = '';
        return output;
      }
      // The rest is still to come.
      if (
        close === '' ||
        (digits !== '' && behind.length < digits.length + markEnd.length && markEnd.startsWith(close))
      ) {
        return output;
      }
      // The command itself has printed what the mark starts with.
      output += this.#end;
      this.#pending = behind;
    }
  }
}
