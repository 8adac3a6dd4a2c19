// Random histories of XICS against the rules that any correct implementation keeps, whichever of several equally
// favoured interrupts it presents first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type TestMachine, testMachine } from '../test-machine.ts';

const messages = [0x1100, 0x1101, 0x1300];
const levels = [0x1200, 0x1201];
const sources = [...messages, ...levels];
const IPI = 2;
const MASKED = 0xff;

interface Presented {
  readonly irq: number;
  readonly priority: number;
}

/** What is known from the calls made, and from looking at XISR after each. */
class Model {
  readonly cppr: number[];
  readonly mfrr: number[];
  readonly presented: (Presented | undefined)[];
  readonly config = new Map(sources.map((irq) => [irq, { server: 0, priority: MASKED, saved: MASKED }]));
  /** Messages that still have to be presented. */
  readonly owed = new Set<number>();
  readonly wires = new Set<number>();
  /** Level interrupts that are presented or in service. */
  readonly sent = new Set<number>();

  constructor(cpus: number) {
    this.cppr = Array.from({ length: cpus }, () => 0);
    this.mfrr = Array.from({ length: cpus }, () => MASKED);
    this.presented = Array.from({ length: cpus }, () => undefined);
  }

  waits(irq: number): boolean {
    return levels.includes(irq) ? this.wires.has(irq) && !this.sent.has(irq) : this.owed.has(irq);
  }

  giveBack({ irq }: Presented): void {
    if (irq === IPI) return;
    if (levels.includes(irq)) this.sent.delete(irq);
    else this.owed.add(irq);
  }

  /** CPPR was set: what is not more favoured leaves XISR. */
  setCppr(server: number, cppr: number): void {
    this.cppr[server] = cppr;
    const presented = this.presented[server];
    if (presented === undefined || presented.priority < cppr) return;
    this.giveBack(presented);
    this.presented[server] = undefined;
  }

  configOf(irq: number) {
    const config = this.config.get(irq);
    assert(config);
    return config;
  }

  /** Whatever is presented while something more favoured waits goes back; it may return with a priority set meanwhile. */
  displace(): void {
    const server = this.presented.findIndex((presented, n) => {
      if (presented === undefined) return false;
      if (presented.irq !== IPI && (this.mfrr[n] ?? MASKED) < presented.priority) return true;
      return sources.some((irq) => {
        const { server: target, priority } = this.configOf(irq);
        return target === n && this.waits(irq) && priority < presented.priority;
      });
    });
    const presented = this.presented[server];
    if (presented === undefined) return;
    this.presented[server] = undefined;
    this.giveBack(presented);
    this.displace();
  }

  /** Compares with the machine, and takes over which interrupt it presents where the rules leave a choice. */
  check(machine: TestMachine): void {
    const observed = this.cppr.map((cppr, server) => {
      const [xirr = 0n, mfrr] = machine.hypercall('H_IPOLL', [server]).results;
      assert.equal(Number(xirr >> 24n), cppr, `CPPR of ${server}`);
      assert.equal(mfrr, BigInt(this.mfrr[server] ?? 0), `MFRR of ${server}`);
      assert.equal(machine.asserted.has(server), (xirr & 0xffffffn) !== 0n, `line of ${server}`);
      return Number(xirr & 0xffffffn);
    });
    this.displace();
    const before = [...this.presented];
    observed.forEach((irq, server) => {
      const old = before[server];
      if (old === undefined || old.irq === irq) return;
      assert.notEqual(irq, 0, `server ${server} lost interrupt ${old.irq}`);
      this.giveBack(old);
      this.presented[server] = undefined;
    });
    observed.forEach((irq, server) => {
      if (irq === 0) return;
      const mfrr = this.mfrr[server] ?? MASKED;
      const old = before[server];
      if (irq === IPI) {
        if (this.presented[server] === undefined) assert(mfrr < (this.cppr[server] ?? 0), 'IPI without reason');
        const priority = Math.min(this.presented[server]?.priority ?? MASKED, mfrr);
        this.presented[server] = { irq, priority };
      } else if (this.presented[server] === undefined) {
        const { server: target, priority } = this.configOf(irq);
        assert(this.waits(irq), `interrupt ${irq} presented without reason`);
        assert.equal(target, server);
        assert(priority < (this.cppr[server] ?? 0));
        if (levels.includes(irq)) this.sent.add(irq);
        else this.owed.delete(irq);
        this.presented[server] = { irq, priority };
      }
      if (old !== undefined && this.presented[server]?.irq !== old.irq)
        assert((this.presented[server]?.priority ?? MASKED) < old.priority, 'displaced by a less favoured one');
    });
    // Nothing that could be presented now is left waiting.
    this.cppr.forEach((cppr, server) => {
      const limit = this.presented[server]?.priority ?? cppr;
      if (this.presented[server]?.irq !== IPI) assert((this.mfrr[server] ?? MASKED) >= limit, `IPI of ${server} waits`);
      for (const irq of sources) {
        const { server: target, priority } = this.configOf(irq);
        if (target === server && this.waits(irq))
          assert(priority >= limit || priority === MASKED, `interrupt ${irq} waits for ${server}`);
      }
    });
  }
}

const byte = fc.constantFrom(0, 1, 3, 4, 5, 6, 0xff);

type Step = (machine: TestMachine, model: Model) => void;

function steps(cpus: number): fc.Arbitrary<Step> {
  const server = fc.nat(cpus - 1);
  const message = fc.constantFrom(...messages);
  const level = fc.constantFrom(...levels);
  const source = fc.constantFrom(...sources);
  const ended = fc.constantFrom(0, IPI, ...sources);
  return fc.oneof(
    message.map(
      (irq): Step =>
        (machine, model) => {
          machine.irq.pulse(irq);
          model.owed.add(irq);
        },
    ),
    fc.tuple(level, fc.boolean()).map(
      ([irq, high]): Step =>
        (machine, model) => {
          machine.irq.setLevel(irq, high);
          if (high) model.wires.add(irq);
          else model.wires.delete(irq);
        },
    ),
    fc.tuple(server, byte).map(
      ([cpu, cppr]): Step =>
        (machine, model) => {
          assert.equal(machine.hypercall('H_CPPR', [cppr], cpu).status, 0n);
          model.setCppr(cpu, cppr);
        },
    ),
    fc.tuple(server, byte).map(
      ([target, mfrr]): Step =>
        (machine, model) => {
          assert.equal(machine.hypercall('H_IPI', [target, mfrr]).status, 0n);
          model.mfrr[target] = mfrr;
        },
    ),
    server.map(
      (cpu): Step =>
        (machine, model) => {
          const presented = model.presented[cpu];
          const expected = (BigInt(model.cppr[cpu] ?? 0) << 24n) | BigInt(presented?.irq ?? 0);
          assert.deepEqual(machine.hypercall('H_XIRR', [], cpu), { status: 0n, results: [expected] });
          if (presented === undefined) return;
          model.presented[cpu] = undefined;
          model.cppr[cpu] = presented.priority;
        },
    ),
    fc.tuple(server, byte, ended).map(
      ([cpu, cppr, irq]): Step =>
        (machine, model) => {
          // Only what is in service may be ended: a guest that ends what is presented elsewhere confuses itself.
          if (model.presented.some((presented) => presented?.irq === irq)) return;
          assert.equal(machine.hypercall('H_EOI', [(BigInt(cppr) << 24n) | BigInt(irq)], cpu).status, 0n);
          model.setCppr(cpu, cppr);
          model.sent.delete(irq);
        },
    ),
    fc.tuple(source, server, byte).map(
      ([irq, target, priority]): Step =>
        (machine, model) => {
          assert.deepEqual(machine.rtas('ibm,set-xive', irq, target, priority), [0]);
          model.config.set(irq, { server: target, priority, saved: priority });
          assert.deepEqual(machine.rtas('ibm,get-xive', irq), [0, target, priority]);
        },
    ),
    source.map(
      (irq): Step =>
        (machine, model) => {
          assert.deepEqual(machine.rtas('ibm,int-off', irq), [0]);
          const config = model.configOf(irq);
          if (config.priority !== MASKED) config.saved = config.priority;
          config.priority = MASKED;
        },
    ),
    source.map(
      (irq): Step =>
        (machine, model) => {
          assert.deepEqual(machine.rtas('ibm,int-on', irq), [0]);
          const config = model.configOf(irq);
          config.priority = config.saved;
        },
    ),
  );
}

test('any history of calls and events keeps the rules of XICS', () => {
  const history = fc
    .integer({ min: 1, max: 4 })
    .chain((cpus) => fc.tuple(fc.constant(cpus), fc.array(steps(cpus), { maxLength: 80, size: 'max' })));
  fc.assert(
    fc.property(history, ([cpus, list]) => {
      const machine = testMachine('xics', cpus);
      for (const irq of messages) machine.irq.claim(irq, 'message');
      for (const irq of levels) machine.irq.claim(irq, 'level');
      const model = new Model(cpus);
      model.check(machine);
      list.forEach((step, n) => {
        step(machine, model);
        model.check(machine);
        // A restored controller goes on as the one that was saved.
        if (n === 20) machine.irq.restore(JSON.parse(JSON.stringify(machine.irq.snapshot())));
      });
    }),
    { numRuns: 300 },
  );
});
