// The disassembler of GNU binutils as an oracle: words in, one text for each word out.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = 'powerpc64le-linux-gnu-objdump';

/** Reason why the oracle cannot be asked, or undefined. */
export function objdumpMissing(): string | undefined {
  const { error } = spawnSync(program, ['--version']);
  return error ? `${program} is not installed (package binutils-powerpc64le-linux-gnu)` : undefined;
}

/** Disassembles words as a little-endian POWER9 program at address 0, base mnemonics, single spaces. */
export function objdump(words: Uint32Array, cpu = 'power9'): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'continuo-objdump-'));
  try {
    const path = join(folder, 'words');
    const bytes = new DataView(new ArrayBuffer(4 * words.length));
    for (const [i, word] of words.entries()) bytes.setUint32(4 * i, word, true);
    writeFileSync(path, new Uint8Array(bytes.buffer));
    const options = [
      '-D',
      '-z',
      '-b',
      'binary',
      '-m',
      'powerpc',
      '-M',
      `raw,${cpu}`,
      '-EL',
      '--no-show-raw-insn',
      path,
    ];
    const { stdout } = spawnSync(program, options, { encoding: 'utf8', maxBuffer: 2 ** 30 });
    const texts: string[] = [];
    for (const line of stdout.split('\n')) {
      const match = /^\s*([0-9a-f]+):\s+(.*)$/.exec(line);
      if (match) texts[Number.parseInt(match[1] ?? '', 16) / 4] = (match[2] ?? '').replace(/\s+/g, ' ').trim();
    }
    return texts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Text with the names of edition 3.1: in raw mode objdump prints those that later processors have for matrix instructions. */
export function nameInEdition31(text: string): string {
  return text.replace(/^dmsetaccz/, 'xxsetaccz').replace(/^(pm)?dmx/, '$1x');
}
