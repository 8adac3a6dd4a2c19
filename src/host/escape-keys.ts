// The console's own keys, as QEMU's multiplexed console has them: Ctrl-A, then one more key. All else goes to the guest.

const escapeByte = 0x01;

/** What a key asks for. */
export type ConsoleCommand = 'quit' | 'help' | 'unknown';

/** The keys behind Ctrl-A; the help text is made from this table. */
export const escapeKeys: readonly {
  readonly key: string;
  readonly command: ConsoleCommand | 'send';
  readonly summary: string;
}[] = [
  { key: 'x', command: 'quit', summary: 'end Continuo' },
  { key: 'h', command: 'help', summary: 'show this help' },
  { key: '?', command: 'help', summary: 'show this help' },
  { key: '\x01', command: 'send', summary: 'send Ctrl-A to the guest' },
];

/** A line for each key, with line ends for a raw terminal. */
export function escapeHelp(): string {
  const lines = escapeKeys.map(
    ({ key, summary }) => `  Ctrl-A ${key === '\x01' ? 'Ctrl-A' : key.toUpperCase().padEnd(6)}  ${summary}`,
  );
  return `\r\n${lines.join('\r\n')}\r\n`;
}

/** Splits console input into bytes for the guest and commands for us; keeps its place between chunks. */
export class EscapeFilter {
  #escaped = false;

  /**
   * @param bytes what was typed
   * @returns the bytes that go to the guest, and the commands in between, in order
   */
  feed(bytes: Uint8Array): { readonly guest: Uint8Array; readonly commands: readonly ConsoleCommand[] } {
    const commands: ConsoleCommand[] = [];
    // Pastes are large and hold no Ctrl-A: nothing is copied for them.
    if (!this.#escaped && !bytes.includes(escapeByte)) return { guest: bytes, commands };
    const guest = new Uint8Array(bytes.length);
    let length = 0;
    for (const byte of bytes) {
      if (!this.#escaped) {
        if (byte === escapeByte) this.#escaped = true;
        else guest[length++] = byte;
        continue;
      }
      this.#escaped = false;
      const row = escapeKeys.find(({ key }) => key === String.fromCharCode(byte).toLowerCase());
      if (row?.command === 'send') guest[length++] = escapeByte;
      else commands.push(row?.command ?? 'unknown');
    }
    return { guest: guest.subarray(0, length), commands };
  }
}
