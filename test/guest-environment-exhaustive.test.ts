// Every machine type × CPU × level × ic-mode × kernel-irqchip × profile: no crash, no unknown code, and the recorded outcome.
// After an intended change: CONTINUO_RECORD=1 node --test dist/test/guest-environment-exhaustive.test.js
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { derive } from '../src/environment/environment.ts';
import { codes, cpuModels, levels, machineTypes, namedProfiles, type Request } from '../src/environment/index.ts';
import { inOrder } from '../src/environment/order.ts';
import { examine } from '../src/environment/provide.ts';

const recordFile = fileURLToPath(new URL('../../test/data/guest-environment-outcomes.json', import.meta.url));

/** What is kept of a run: counts by code, so that a change shows where it is, and a digest of every single outcome. */
interface Outcomes {
  readonly combinations: number;
  readonly provided: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly warnings: Readonly<Record<string, number>>;
  readonly digest: string;
}

function run(): Outcomes {
  const hash = createHash('sha256');
  const reasonCounts = new Map<string, number>();
  const warningCounts = new Map<string, number>();
  const count = (counts: Map<string, number>, code: string) => counts.set(code, (counts.get(code) ?? 0) + 1);
  let combinations = 0;
  let provided = 0;
  for (const type of machineTypes) {
    const lines: string[] = [];
    for (const { name: cpu } of cpuModels) {
      for (const level of ['', ...levels.map((row) => row.name)]) {
        for (const icMode of ['', 'xics', 'xive', 'dual']) {
          const request: Request = { machine: type.name, cpu, 'max-cpu-compat': level, 'ic-mode': icMode };
          const { environment, reasons: own } = derive(request);
          for (const irqchip of ['', 'on', 'off', 'split']) {
            for (const host of namedProfiles) {
              const { provision, reasons: hosts } = examine(environment, host, { 'kernel-irqchip': irqchip });
              const reasons = inOrder([...own, ...hosts]).map((reason) => reason.code);
              const warnings = [...environment.warnings, ...provision.warnings].map((warning) => warning.code);
              for (const code of reasons) count(reasonCounts, code);
              combinations += 1;
              let outcome = reasons.join(' ');
              if (reasons.length === 0) {
                provided += 1;
                for (const code of warnings) count(warningCounts, code);
                const { beforeCas, xics, xive } = provision.interruptController;
                outcome = `${environment.interruptModes.offered} ${beforeCas} ${xics} ${xive} ${warnings.join(' ')}`;
              }
              lines.push(`${cpu} ${level} ${icMode} ${irqchip} ${host.name}: ${outcome}`);
            }
          }
        }
      }
    }
    hash.update(`${type.name}\n${lines.join('\n')}\n`);
  }
  const sorted = (counts: Map<string, number>) => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    combinations,
    provided,
    reasons: sorted(reasonCounts),
    warnings: sorted(warningCounts),
    digest: hash.digest('hex'),
  };
}

test('every combination of machine type, CPU, level, ic-mode, kernel-irqchip and profile has its recorded outcome', () => {
  const outcomes = run();
  for (const code of [...Object.keys(outcomes.reasons), ...Object.keys(outcomes.warnings)]) {
    assert.ok(Object.hasOwn(codes, code), `${code} is in the table of codes`);
  }
  assert.ok(outcomes.combinations > 500_000, `${outcomes.combinations} combinations`);
  if (process.env.CONTINUO_RECORD !== undefined)
    writeFileSync(recordFile, `${JSON.stringify(outcomes, undefined, 2)}\n`);
  assert.deepEqual(outcomes, JSON.parse(readFileSync(recordFile, 'utf8')));
});
