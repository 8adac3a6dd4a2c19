// Has a puppet on QEMU do what a puppet here has done, and reads what came of each command.
import { qemuRun } from '../guests/run-qemu.ts';
import type { Done } from './puppet.ts';
import { puppetImage, results } from './puppet-source.ts';

/** The program that is run. */
export const qemu = 'qemu-system-ppc64';
/** A guest takes less than a second. */
const longestMs = 60_000;

/** What a puppet was made from, and what came of each command here. */
export interface History {
  readonly options: Readonly<Record<string, string>> & { readonly cpu: string };
  readonly request: Uint8Array;
  readonly done: readonly Done[];
}

/** What QEMU printed: all kept results of each command that it came to; `problem` where that is not all of them. */
export interface Replay {
  readonly results: readonly (readonly bigint[])[];
  readonly problem?: string;
}

/** Runs the commands of a history on QEMU; the guest is written to `file`. */
export async function replayOnQemu({ options, request, done }: History, file: string): Promise<Replay> {
  const elf = puppetImage(
    request,
    done.map(({ bytes }) => bytes),
  );
  const { text, code, error } = await qemuRun(qemu, options, elf, file, longestMs);
  const lines = text
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => line.length === 16 * results);
  const read = lines.map((line) =>
    Array.from({ length: results }, (_, r) => BigInt(`0x${line.slice(16 * r, 16 * r + 16)}`)),
  );
  if (code === 0 && lines.length === done.length) return { results: read };
  return {
    results: read,
    problem: `QEMU ended with ${code} after ${lines.length} of ${done.length} commands: ${error}`,
  };
}
