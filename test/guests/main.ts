// npm run guests:qemu [NAME…]: every test guest (or those whose name has one of the NAMEs in it) on this machine and on
// QEMU. What differs from the model, or between the two and is not reviewed, fails the run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions, wrongOptions } from '../../tools/tool-options.ts';
import { type Difference, differences, show } from './compare.ts';
import type { Guest } from './guest-case.ts';
import { allGuests } from './guests.ts';
import { guestImage, hasFscr } from './image.ts';
import { type Reviewed, reviewed, reviewOf } from './reviewed.ts';
import { runOnContinuo } from './run-continuo.ts';
import { qemuVersion, runOnQemu, unknownCpus } from './run-qemu.ts';

const qemu = 'qemu-system-ppc64';
const command = {
  name: 'guests:qemu',
  usage: `Usage: npm run guests:qemu -- [NAME…]
Runs every test guest, or those whose name has one of the NAMEs in it, here and on QEMU, and compares.
`,
};
const { positionals: wanted } = readOptions(command, { allowPositionals: true, options: {} });
/** Kinds of differences that are shown, each with its first example. */
const shown = 70;

interface Tally {
  cases: number;
  onQemu: number;
  readonly wrong: Difference[];
  readonly unreviewed: Difference[];
  readonly used: Map<Reviewed, number>;
  readonly failures: string[];
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

async function compareOne(guest: Guest, scratch: string, tally: Tally): Promise<void> {
  const start = performance.now();
  const image = guestImage(guest, hasFscr(guest));
  const ours = await runOnContinuo(guest, image.elf);
  const wrong = differences(guest, ours.records, (i) => guest.cases[i]?.expect(image.addresses[i] ?? 0n));
  if (!ours.complete) tally.failures.push(`${guest.name}: ended here after ${ours.records.length}: ${ours.rest}`);
  if (unknownCpus.has(guest.options.cpu)) {
    tally.cases += guest.cases.length;
    tally.wrong.push(...wrong);
    console.log(`${guest.name}: ${guest.cases.length} cases, ${wrong.length} fields against the model; not on QEMU`);
    return;
  }
  // What QEMU cannot run is left out for both: addresses stay alike.
  const common = { ...guest, cases: guest.cases.filter((one) => one.notOnQemu === undefined) };
  const commonImage = guestImage(common, hasFscr(guest));
  const here = common.cases.length === guest.cases.length ? ours : await runOnContinuo(common, commonImage.elf);
  const there = await runOnQemu(qemu, common, commonImage.elf, join(scratch, 'guest.elf'));
  if (!there.complete) tally.failures.push(`${guest.name}: ended on QEMU after ${there.records.length}: ${there.rest}`);
  const apart = differences(common, there.records, (i) => here.records[i]).filter(
    ({ index, field }) => !common.cases[index]?.varies?.includes(field),
  );
  let unreviewed = 0;
  for (const difference of apart) {
    const rule = reviewOf(difference);
    if (rule) tally.used.set(rule, (tally.used.get(rule) ?? 0) + 1);
    else {
      tally.unreviewed.push(difference);
      unreviewed++;
    }
  }
  tally.cases += guest.cases.length;
  tally.onQemu += common.cases.length;
  tally.wrong.push(...wrong);
  console.log(
    `${guest.name}: ${guest.cases.length} cases, ${wrong.length} fields against the model; ` +
      `${common.cases.length} on QEMU, ${apart.length} fields differ, ${unreviewed} not reviewed (${seconds(start)})`,
  );
}

/** One line for each kind: the guest, what the case's program does, and the field. */
function kinds(all: readonly Difference[]): string[] {
  const groups = new Map<string, Difference[]>();
  for (const difference of all) {
    const program = difference.name.replace(/^.*: /, '').replaceAll(/\d+/g, 'n');
    const key = `${difference.guest} | ${program} | ${difference.field}`;
    groups.set(key, [...(groups.get(key) ?? []), difference]);
  }
  return [...groups.values()].map((group) => `${group.length} × ${group[0] ? show(group[0]) : ''}`);
}

function list(title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  console.log(`\n${title}: ${lines.length}`);
  for (const line of lines.slice(0, shown)) console.log(`  ${line}`);
  if (lines.length > shown) console.log(`  … and ${lines.length - shown} more`);
}

async function main(): Promise<number> {
  const chosen = allGuests().filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  if (chosen.length === 0) wrongOptions(command, `no guest has ${wanted.join(' or ')} in its name`);
  const version = qemuVersion(qemu);
  if (version === undefined) {
    console.log(`${qemu} is not installed; npm test runs the guests on this machine alone`);
    return 1;
  }
  console.log(version);
  const tally: Tally = { cases: 0, onQemu: 0, wrong: [], unreviewed: [], used: new Map(), failures: [] };
  const scratch = mkdtempSync(join(tmpdir(), 'continuo-guests-'));
  try {
    for (const guest of chosen) await compareOne(guest, scratch, tally);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  console.log(`\n${tally.cases} cases here, ${tally.onQemu} of them on QEMU, too`);
  for (const [{ key, verdict, reason }, count] of tally.used) {
    console.log(`${String(count).padStart(6)}  ${verdict}: ${key.source}\n        ${reason}`);
  }
  const stale = wanted.length > 0 ? [] : reviewed.filter((rule) => !tally.used.has(rule));
  list('Failures', tally.failures);
  list('Not as the model says', kinds(tally.wrong));
  list('Not reviewed (QEMU’s value, then ours)', kinds(tally.unreviewed));
  list(
    'Reviewed and no longer there',
    stale.map(({ key }) => key.source),
  );
  return tally.failures.length + tally.wrong.length + tally.unreviewed.length + stale.length === 0 ? 0 : 1;
}

process.exitCode = await main();
