// npm run interrupts:qemu [-- HISTORIES [SEED]]: random histories of both interrupt controllers, carried out by the vCPUs of
// a guest on this machine and of the same guest on QEMU. What differs and is not reviewed fails the run.
import fc from 'fast-check';
import { type Driven, type Step, withoutDevices } from './driven.ts';
import { type Done, Puppet } from './puppet.ts';
import { operation } from './puppet-source.ts';
import { type History, replayOnQemu } from './qemu-replay.ts';
import { reportHistories } from './qemu-report.ts';
import { type Command, commandOf, reviewed } from './qemu-reviewed.ts';
import { XicsModel, xicsSteps } from './xics-model.ts';
import { XiveModel, xiveSteps } from './xive-model.ts';

function live<M extends { check(driven: Driven): void }>(puppet: Puppet, model: M, steps: readonly Step<M>[]): Done[] {
  model.check(puppet);
  for (const step of withoutDevices(steps)) {
    step(puppet, model);
    model.check(puppet);
  }
  return puppet.done;
}

function history(mode: 'xics' | 'xive', seed: number): History {
  // QEMU 7.2 has one thread for each core.
  const cpus = 1 + (seed % 4);
  const options = { cpu: 'power9', cpus: String(cpus), 'ic-mode': mode === 'xics' ? 'xics' : 'dual' };
  const puppet = new Puppet(mode === 'xics' ? { request: options } : { request: options, wish: {} });
  puppet.spares = true;
  puppet.translated = mode === 'xive' && seed % 2 === 0;
  const length = { minLength: 60, maxLength: 60 };
  const sample = <T>(steps: fc.Arbitrary<T>): T[] => fc.sample(fc.array(steps, length), { seed, numRuns: 1 }).flat();
  const done =
    mode === 'xics'
      ? live(puppet, new XicsModel(cpus), sample(xicsSteps(cpus)))
      : live(puppet, new XiveModel(puppet.servers), sample(xiveSteps(puppet.servers)));
  return { options, request: puppet.request, done };
}

function show({ operation: what, server, args }: Command): string {
  const name = Object.entries(operation).find(([, number]) => number === what)?.[0] ?? '';
  return `vCPU ${server} ${name}(${args.map((value) => value.toString(16)).join(', ')})`;
}

async function compare(history: History, file: string, counts: Map<string, number>) {
  const { done } = history;
  const replay = await replayOnQemu(history, file);
  const problems: string[] = [];
  if (replay.problem !== undefined) problems.push(replay.problem);
  for (const [n, all] of replay.results.entries()) {
    const { bytes = new Uint8Array(), results: ours = [] } = done[n] ?? {};
    const theirs = all.slice(0, ours.length);
    const command = commandOf(bytes);
    const rule = reviewed.find(({ applies }) => applies(command, ours, theirs));
    const apart = ours.some((value, r) => value !== theirs[r]);
    if (!apart) continue;
    if (rule) counts.set(rule.reason, (counts.get(rule.reason) ?? 0) + 1);
    else
      problems.push(
        `${n}: ${show(command)}: ${ours.map((v) => v.toString(16))} here, ${theirs.map((v) => v.toString(16))}`,
      );
    if (rule?.ends === true) break;
  }
  return { problems, commands: replay.results.length };
}

process.exitCode = await reportHistories({
  name: 'interrupts:qemu',
  without: 'npm test drives the guests on this machine alone',
  histories: 20,
  described: 'histories',
  shown: 6,
  async *compare(seed, file, reasons) {
    for (const mode of ['xics', 'xive'] as const) {
      yield [`${mode}, seed ${seed}`, await compare(history(mode, seed), file, reasons)];
    }
  },
});
