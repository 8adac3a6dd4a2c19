// Random histories of XIVE against a small model that keeps sets and lists instead of registers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type TestMachine, testMachine } from '../test-machine.ts';

const messages = [0x1100, 0x1300];
const levels = [0x1200, 0x1201];
const priorities = [0, 3, 6];
const QUEUE_BYTES = 4096;

interface Source {
  p: boolean;
  q: boolean;
  wire: boolean;
  readonly level: boolean;
  route: { target: number; priority: number; eisn: number; masked: boolean };
}

interface Queue {
  readonly always: boolean;
  readonly address: number;
  /** Everything ever sent to it. */
  readonly events: number[];
  /** The queue's own event state; off (p clear, q set) drops. */
  p: boolean;
  q: boolean;
}

class Model {
  readonly sources = new Map<number, Source>();
  readonly queues = new Map<number, Queue>();
  readonly cppr: number[];
  readonly pending: Set<number>[];

  constructor(cpus: number) {
    const lisns = [...Array.from({ length: cpus }, (_, n) => n), ...messages, ...levels];
    for (const lisn of lisns)
      this.sources.set(lisn, {
        ...{ p: false, q: true, wire: false, level: levels.includes(lisn) },
        route: { target: 0, priority: 0, eisn: 0, masked: true },
      });
    this.cppr = Array.from({ length: cpus }, () => 0);
    this.pending = Array.from({ length: cpus }, () => new Set());
  }

  source(lisn: number): Source {
    const source = this.sources.get(lisn);
    assert(source);
    return source;
  }

  event(source: Source): void {
    if (source.p) source.q = true;
    else if (!source.q) {
      source.p = true;
      this.route(source);
    }
  }

  setPq(source: Source, pq: number): number {
    const before = (source.p ? 2 : 0) + (source.q ? 1 : 0);
    source.p = (pq & 2) !== 0;
    source.q = (pq & 1) !== 0;
    this.rewire(source);
    return before;
  }

  /** A high wire is an event as soon as nothing is pending. */
  rewire(source: Source): void {
    if (source.wire && !source.p && !source.q) this.event(source);
  }

  eoi(source: Source): number {
    const { p, q } = source;
    if (!p) return 0;
    source.p = false;
    source.q = false;
    if (q) this.event(source);
    else this.rewire(source);
    return source.p ? 1 : 0;
  }

  route({ route }: Source): void {
    const key = route.target * 8 + route.priority;
    const queue = this.queues.get(key);
    if (route.masked || queue === undefined) return;
    queue.events.push(route.eisn);
    if (queue.always) this.notify(key);
    else if (queue.p) queue.q = true;
    else if (!queue.q) {
      queue.p = true;
      this.notify(key);
    }
  }

  notify(key: number): void {
    this.pending[Math.floor(key / 8)]?.add(key % 8);
  }

  signalled(cpu: number): number | undefined {
    const first = Math.min(...(this.pending[cpu] ?? []));
    return first < (this.cppr[cpu] ?? 0) ? first : undefined;
  }

  check({ irq, memory, asserted }: TestMachine): void {
    this.cppr.forEach((cppr, cpu) => {
      const pending = [...(this.pending[cpu] ?? [])];
      const signalled = this.signalled(cpu) !== undefined;
      const ipb = pending.reduce((bits, priority) => bits + 2 ** (7 - priority), 0);
      const ring = [signalled ? 0x80 : 0, cppr, ipb, 0xff, 0xff, 0, 0, Math.min(0xff, ...pending)];
      const value = irq
        .mmioRead(cpu, TIMA_OS + 0x10n, 8)
        .toString(16)
        .padStart(16, '0');
      assert.equal(value, Buffer.from(ring).toString('hex'), `OS ring of ${cpu}`);
      assert.equal(asserted.has(cpu), signalled, `line of ${cpu}`);
    });
    for (const [lisn, { p, q }] of this.sources)
      assert.equal(irq.mmioRead(0, management(lisn) + 0x800n, 8), BigInt((p ? 2 : 0) + (q ? 1 : 0)), `PQ of ${lisn}`);
    const entries = QUEUE_BYTES / 4;
    for (const { address, events } of this.queues.values())
      events.slice(-8).forEach((eisn, i, { length }) => {
        const n = events.length - length + i;
        const generation = Math.floor(n / entries) % 2 === 0 ? 0x8000_0000 : 0;
        assert.equal(memory.read32(address + 4 * (n % entries)), generation + eisn, `queue entry ${n}`);
      });
  }
}

const TIMA_OS = 0x0006_0302_031a_0000n;
const trigger = (lisn: number) => 0x0006_0100_0000_0000n + BigInt(lisn) * 0x2_0000n;
const management = (lisn: number) => trigger(lisn) + 0x1_0000n;
const queueState = (key: number) => 0x0006_0100_4000_0000n + BigInt(key) * 0x2_0000n;

type Step = (machine: TestMachine, model: Model) => void;

function steps(cpus: number): fc.Arbitrary<Step> {
  const cpu = fc.nat(cpus - 1);
  const triggerable = fc.constantFrom(...messages, ...Array.from({ length: cpus }, (_, n) => n));
  const source = fc.oneof(triggerable, fc.constantFrom(...levels));
  const priority = fc.constantFrom(...priorities);
  const eisn = fc.integer({ min: 0, max: 0x7fff_ffff });
  return fc.oneof(
    fc.tuple(source, cpu).map(
      ([lisn, by]): Step =>
        (machine, model) => {
          machine.irq.mmioWrite(by, trigger(lisn), 8, 0n);
          model.event(model.source(lisn));
        },
    ),
    fc.constantFrom(...messages).map(
      (lisn): Step =>
        (machine, model) => {
          machine.irq.pulse(lisn);
          model.event(model.source(lisn));
        },
    ),
    fc.tuple(fc.constantFrom(...levels), fc.boolean()).map(
      ([lisn, high]): Step =>
        (machine, model) => {
          machine.irq.setLevel(lisn, high);
          model.source(lisn).wire = high;
          model.rewire(model.source(lisn));
        },
    ),
    fc.tuple(source, fc.nat(3)).map(
      ([lisn, pq]): Step =>
        (machine, model) => {
          const before = machine.irq.mmioRead(0, management(lisn) + 0xc00n + BigInt(pq) * 0x100n, 8);
          assert.equal(before, BigInt(model.setPq(model.source(lisn), pq)));
        },
    ),
    source.map(
      (lisn): Step =>
        (machine, model) => {
          const forwarded = machine.irq.mmioRead(0, management(lisn), 8);
          assert.equal(forwarded, BigInt(model.eoi(model.source(lisn))));
        },
    ),
    fc.tuple(source, fc.boolean()).map(
      ([lisn, store]): Step =>
        (machine, model) => {
          // Through the hypercall: a load of PQ while it sets 00, or a trigger.
          const result = machine.hypercall('H_INT_ESB', [store ? 1 : 0, lisn, store ? 0 : 0xc00, 0]);
          if (store) model.event(model.source(lisn));
          const loaded = store ? 0xffff_ffff_ffff_ffffn : BigInt(model.setPq(model.source(lisn), 0));
          assert.deepEqual(result, { status: 0n, results: [loaded] });
        },
    ),
    fc.tuple(source, cpu, priority, eisn, fc.nat(3)).map(([lisn, target, prio, number, flags]): Step => {
      return (machine, model) => {
        assert.equal(machine.hypercall('H_INT_SET_SOURCE_CONFIG', [flags, lisn, target, prio, number]).status, 0n);
        const to = model.source(lisn);
        const masked = (flags & 1) !== 0;
        to.route = { target, priority: prio, eisn: (flags & 2) !== 0 ? number : to.route.eisn, masked };
        assert.deepEqual(machine.hypercall('H_INT_GET_SOURCE_CONFIG', [0, lisn]).results, [
          ...[BigInt(target), masked ? 0xffn : BigInt(prio), BigInt(to.route.eisn)],
        ]);
      };
    }),
    fc.tuple(cpu, priority, fc.boolean()).map(
      ([target, prio, always]): Step =>
        (machine, model) => {
          const key = target * 8 + prio;
          const address = 0x4_0000 + key * QUEUE_BYTES;
          const args = [always ? 1 : 0, target, prio, address, 12];
          machine.memory.fill(address, QUEUE_BYTES, 0);
          assert.equal(machine.hypercall('H_INT_SET_QUEUE_CONFIG', args).status, 0n);
          model.queues.set(key, { always, address, events: [], p: false, q: false });
        },
    ),
    fc.tuple(cpu, priority).map(
      ([target, prio]): Step =>
        (machine, model) => {
          const key = target * 8 + prio;
          machine.irq.mmioRead(0, queueState(key), 8);
          const queue = model.queues.get(key);
          if (!queue?.p) return;
          if (queue.q) model.notify(key);
          queue.p = queue.q;
          queue.q = false;
        },
    ),
    cpu.map(
      (by): Step =>
        (machine, model) => {
          const accepted = model.signalled(by);
          if (accepted !== undefined) {
            model.cppr[by] = accepted;
            model.pending[by]?.delete(accepted);
          }
          const expected = (accepted === undefined ? 0 : 0x8000) + (model.cppr[by] ?? 0);
          assert.equal(machine.irq.mmioRead(by, TIMA_OS + 0x810n, 2), BigInt(expected));
        },
    ),
    fc.tuple(cpu, fc.constantFrom(0, 1, 4, 7, 8, 0xff)).map(
      ([by, cppr]): Step =>
        (machine, model) => {
          machine.irq.mmioWrite(by, TIMA_OS + 0x11n, 1, BigInt(cppr));
          model.cppr[by] = cppr > 7 ? 0xff : cppr;
        },
    ),
    fc.tuple(cpu, fc.nat(9)).map(
      ([by, prio]): Step =>
        (machine, model) => {
          machine.irq.mmioWrite(by, TIMA_OS + 0x812n, 1, BigInt(prio));
          if (prio < 8) model.pending[by]?.add(prio);
        },
    ),
  );
}

test('any history of accesses, hypercalls and events gives the registers and queues of the model', () => {
  const history = fc
    .integer({ min: 1, max: 4 })
    .chain((cpus) => fc.tuple(fc.constant(cpus), fc.array(steps(cpus), { maxLength: 100, size: 'max' })));
  fc.assert(
    fc.property(history, ([cpus, list]) => {
      const machine = testMachine('dual', cpus, 0x8_0000);
      for (const irq of messages) machine.irq.claim(irq, 'message');
      for (const irq of levels) machine.irq.claim(irq, 'level');
      machine.irq.activate('xive');
      const model = new Model(cpus);
      model.check(machine);
      list.forEach((step, n) => {
        step(machine, model);
        model.check(machine);
        // A restored controller goes on as the one that was saved.
        if (n === 30) machine.irq.restore(JSON.parse(JSON.stringify(machine.irq.snapshot())));
      });
    }),
    { numRuns: 200 },
  );
});
