// Random histories of both interrupt controllers against models: driven directly, and by the loads, stores and calls of
// running guests with 1 to 4 vCPUs. CONTINUO_PROPERTY_RUNS=n makes n histories of each kind.
import { test } from 'node:test';
import fc from 'fast-check';
import { type Driven, directly } from './driven.ts';
import { Puppet } from './puppet.ts';
import { XicsModel, xicsSteps } from './xics-model.ts';
import { XiveModel, xiveSteps } from './xive-model.ts';

const asked = process.env.CONTINUO_PROPERTY_RUNS;
const runs = (usual: number): number => (asked === undefined ? usual : Number(asked));

interface Model {
  check(driven: Driven): void;
}

/** Takes steps; the model is asked after each, and state that is saved and restored goes on as it was. */
function live<M extends Model>(driven: Driven, model: M, steps: readonly ((driven: Driven, model: M) => void)[]): void {
  model.check(driven);
  steps.forEach((step, n) => {
    step(driven, model);
    model.check(driven);
    if (n === 20) driven.irq.restore(JSON.parse(JSON.stringify(driven.irq.snapshot())));
  });
}

const length = { maxLength: 80, size: 'max' } as const;
const cpus = fc.integer({ min: 1, max: 4 });

test('any history of calls and events keeps the rules of XICS', () => {
  const history = cpus.chain((n) => fc.tuple(fc.constant(n), fc.array(xicsSteps(n), length)));
  fc.assert(
    fc.property(history, ([n, steps]) => live(directly('xics', n), new XicsModel(n), steps)),
    { numRuns: runs(300) },
  );
});

test('any history of accesses, hypercalls and events gives the registers and queues of XIVE', () => {
  const history = cpus.chain((n) => fc.tuple(fc.constant(n), fc.array(xiveSteps(range(n)), length)));
  fc.assert(
    fc.property(history, ([n, steps]) => live(directly('xive', n), new XiveModel(range(n)), steps)),
    { numRuns: runs(300) },
  );
});

const range = (n: number): number[] => Array.from({ length: n }, (_, index) => index);

/** Shapes of machines: server numbers follow threads and the virtual SMT mode. */
const shapes = [
  { cpus: '1' },
  { cpus: '2', vsmt: '8' },
  { cpus: '2', threads: '2' },
  { cpus: '3' },
  { cpus: '4', threads: '2', vsmt: '4' },
  { cpus: '4' },
] as const;

test('XICS, driven by the vCPUs of a guest', () => {
  const history = fc
    .constantFrom(...shapes)
    .chain((shape) => fc.tuple(fc.constant(shape), fc.array(xicsSteps(Number(shape.cpus)), length)));
  fc.assert(
    fc.property(history, fc.constantFrom('power8', 'power9'), ([shape, steps], cpu) => {
      const driven = new Puppet({ request: { cpu, 'ic-mode': 'xics', ...shape } });
      live(driven, new XicsModel(driven.servers.length), steps);
    }),
    { numRuns: runs(40) },
  );
});

test('XIVE, driven by the vCPUs of a guest, with and without data translation', () => {
  const machines = shapes.map((shape) => {
    const { servers } = new Puppet({ request: shape });
    return { shape, servers };
  });
  const history = fc
    .constantFrom(...machines)
    .chain((machine) => fc.tuple(fc.constant(machine), fc.array(xiveSteps(machine.servers), length)));
  fc.assert(
    fc.property(history, fc.boolean(), ([{ shape, servers }, steps], translated) => {
      const driven = new Puppet({ request: shape, wish: {} });
      driven.translated = translated;
      live(driven, new XiveModel(servers), steps);
    }),
    { numRuns: runs(40) },
  );
});
