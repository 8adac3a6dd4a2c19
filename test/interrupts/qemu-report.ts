// Histories compared with QEMU one after the other, and what to say of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions, wholeNumber } from '../../tools/tool-options.ts';
import { qemuVersion } from '../guests/run-qemu.ts';
import { qemu } from './qemu-replay.ts';

/** What came of one history. */
export interface Comparison {
  /** Differences that are not reviewed, a line each. */
  readonly problems: readonly string[];
  readonly commands: number;
}

/** A command that compares histories. */
export interface HistoryReport {
  /** The command's name, as after `npm run`. */
  readonly name: string;
  /** What goes on without QEMU. */
  readonly without: string;
  /** How many histories when nothing is said. */
  readonly histories: number;
  /** What is said of a history, as in "histories of 40 steps". */
  readonly described: string;
  /** Differences of a history that are shown. */
  readonly shown: number;
  /**
   * Compares what there is for a seed, by name; the guest may be written to `file`, and `reasons` counts reviewed differences.
   */
  readonly compare: (
    seed: number,
    file: string,
    reasons: Map<string, number>,
  ) => AsyncIterable<readonly [string, Comparison]>;
}

/** Runs the command, with the arguments [HISTORIES [SEED]]; the exit code. */
export async function reportHistories(report: HistoryReport): Promise<number> {
  const command = {
    name: report.name,
    usage: `Usage: npm run ${report.name} -- [HISTORIES [SEED]]\n${report.histories} histories from seed 1 when nothing is said.\n`,
  };
  const { positionals } = readOptions(command, { allowPositionals: true, options: {} });
  const histories = wholeNumber(command, 'HISTORIES', positionals[0] ?? String(report.histories), 1);
  const first = wholeNumber(command, 'SEED', positionals[1] ?? '1');
  const version = qemuVersion(qemu);
  if (version === undefined) {
    console.log(`${qemu} is not installed; ${report.without}`);
    return 1;
  }
  console.log(`${version}; ${histories} ${report.described} from seed ${first}`);
  const scratch = mkdtempSync(join(tmpdir(), 'continuo-histories-'));
  const reasons = new Map<string, number>();
  let [commands, failed] = [0, 0];
  try {
    for (let seed = first; seed < first + histories; seed++) {
      for await (const [name, result] of report.compare(seed, join(scratch, 'guest.elf'), reasons)) {
        commands += result.commands;
        if (result.problems.length === 0) continue;
        failed++;
        console.log(`${name}: ${result.problems.length} differences`);
        for (const problem of result.problems.slice(0, report.shown)) console.log(`  ${problem}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  console.log(`${commands} commands; ${failed} histories with differences that are not reviewed`);
  for (const [reason, count] of reasons) console.log(`${String(count).padStart(6)}  ${reason}`);
  return failed === 0 ? 0 : 1;
}
