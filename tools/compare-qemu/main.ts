// npm run compare:qemu: compares QEMU 7.2 (TCG) with this program over some hundred option combinations. Every kind of difference
// must stand in reviewed.json with its reason; an unreviewed or a stale one fails the run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Request } from '../../src/environment/index.ts';
import { readOptions } from '../tool-options.ts';
import { combinations } from './combinations.ts';
import { type Difference, differences } from './compare.ts';
import { askQemu } from './qemu.ts';

interface Reviewed {
  /** Regular expression that the whole key of a difference matches. */
  readonly key: string;
  readonly verdict: 'our rule' | 'their defect' | 'later release' | 'not yet built';
  readonly reason: string;
}

const reviewedFile = fileURLToPath(new URL('../../../tools/compare-qemu/reviewed.json', import.meta.url));
const command = {
  name: 'compare:qemu',
  usage: `Usage: npm run compare:qemu -- [QEMU]
Compares a QEMU (qemu-system-ppc64) with what Continuo says, over some hundred option combinations.
`,
};
const [program = 'qemu-system-ppc64'] = readOptions(command, { allowPositionals: true, options: {} }).positionals;

function show(request: Request): string {
  return Object.entries(request)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

async function main(): Promise<number> {
  const reviewed = JSON.parse(readFileSync(reviewedFile, 'utf8')) as readonly Reviewed[];
  const rules = reviewed.map((entry) => ({ ...entry, pattern: new RegExp(`^(?:${entry.key})$`), count: 0 }));
  const scratch = mkdtempSync(join(tmpdir(), 'continuo-qemu-'));
  const unreviewed = new Map<string, { count: number; request: Request; difference: Difference }>();
  const all = combinations();
  let same = 0;
  let refusedByBoth = 0;
  try {
    for (const request of all) {
      const theirs = await askQemu(program, request, join(scratch, 'tree.dtb'));
      const found = differences(request, theirs);
      if (found.length === 0) {
        if (theirs.starts) same += 1;
        else refusedByBoth += 1;
      }
      for (const difference of found) {
        const rule = rules.find((candidate) => candidate.pattern.test(difference.key));
        if (rule !== undefined) rule.count += 1;
        else {
          const known = unreviewed.get(difference.key);
          unreviewed.set(difference.key, { request, difference, count: (known?.count ?? 0) + 1 });
        }
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const lines = [`${all.length} combinations: ${refusedByBoth} refused by both, ${same} the same in everything`];
  for (const rule of rules) {
    lines.push(`${String(rule.count).padStart(6)}  ${rule.verdict}: ${rule.key}`);
  }
  const stale = rules.filter((rule) => rule.count === 0);
  for (const rule of stale) lines.push(`STALE  ${rule.key}`);
  for (const [key, { count, request, difference }] of unreviewed) {
    lines.push(`UNREVIEWED  ${count} × ${key}`, `    last: ${show(request)}`);
    lines.push(`    ours:   ${difference.ours}`, `    theirs: ${difference.theirs}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  return unreviewed.size > 0 || stale.length > 0 ? 1 : 0;
}

process.exitCode = await main();
