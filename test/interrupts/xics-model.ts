// A model of XICS: the rules that any correct implementation keeps, whichever of several equally favoured interrupts it
// presents first; and the steps of random histories. (PAPR, "Interrupt Source and Presentation Controllers")
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Driven, levels, messages, type Step, stepsOf } from './driven.ts';

const sources = [...messages, ...levels];
const IPI = 2;
const MASKED = 0xff;

interface Presented {
  readonly irq: number;
  readonly priority: number;
}

/** What is known from the calls made, and from looking at XISR after each. A vCPU is meant by its index everywhere. */
export class XicsModel {
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
  check(driven: Driven): void {
    const observed = this.cppr.map((cppr, server) => {
      const asker = (server + 1) % this.cppr.length;
      const [xirr = 0n, mfrr] = driven.hypercall('H_IPOLL', [driven.servers[server] ?? 0], asker).results;
      assert.equal(Number(xirr >> 24n), cppr, `CPPR of ${server}`);
      assert.equal(mfrr, BigInt(this.mfrr[server] ?? 0), `MFRR of ${server}`);
      assert.equal(driven.isSignalled(server), (xirr & 0xffffffn) !== 0n, `line of ${server}`);
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

/** Priorities that bring several at once; any other value is as likely as one of them. */
const byte = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(0, 1, 3, 4, 5, 6, 0xff) }, fc.nat(0xff));

/** One thing that a vCPU or a device does, in the model and for real. */
export type XicsStep = Step<XicsModel>;

const step = <V>(from: fc.Arbitrary<V>, name: string, run: (driven: Driven, model: XicsModel, value: V) => void) =>
  stepsOf(from, name, run);

/** Steps on that many vCPUs. */
export function xicsSteps(cpus: number): fc.Arbitrary<XicsStep> {
  const cpu = fc.nat(cpus - 1);
  const source = fc.constantFrom(...sources);
  const ended = fc.constantFrom(0, IPI, ...sources);
  const pulse = step(fc.constantFrom(...messages), 'pulse', ({ irq: controllers }, model, irq) => {
    controllers.pulse(irq);
    model.owed.add(irq);
  });
  const wire = step(
    fc.tuple(fc.constantFrom(...levels), fc.boolean()),
    'wire',
    ({ irq: controllers }, model, [irq, high]) => {
      controllers.setLevel(irq, high);
      if (high) model.wires.add(irq);
      else model.wires.delete(irq);
    },
  );
  const setCppr = step(fc.tuple(cpu, byte), 'setCppr', (driven, model, [by, cppr]) => {
    assert.equal(driven.hypercall('H_CPPR', [cppr], by).status, 0n);
    model.setCppr(by, cppr);
  });
  const interProcessor = step(fc.tuple(cpu, cpu, byte), 'interProcessor', (driven, model, [by, target, mfrr]) => {
    assert.equal(driven.hypercall('H_IPI', [driven.servers[target] ?? 0, mfrr], by).status, 0n);
    model.mfrr[target] = mfrr;
  });
  const accept = step(fc.tuple(cpu, fc.constantFrom('H_XIRR', 'H_XIRR_X')), 'accept', (driven, model, [by, name]) => {
    const presented = model.presented[by];
    if (driven.spares === true && presented === undefined) return;
    const expected = (BigInt(model.cppr[by] ?? 0) << 24n) | BigInt(presented?.irq ?? 0);
    const { status, results } = driven.hypercall(name, [], by);
    assert.deepEqual([status, results[0]], [0n, expected]);
    if (presented === undefined) return;
    model.presented[by] = undefined;
    model.cppr[by] = presented.priority;
  });
  const end = step(fc.tuple(cpu, byte, ended), 'end', (driven, model, [by, cppr, irq]) => {
    // Only what is in service may be ended: a guest that ends what is presented elsewhere confuses itself.
    if (model.presented.some((presented) => presented?.irq === irq)) return;
    if (driven.spares === true && (model.presented[by]?.priority ?? -1) >= cppr) return;
    assert.equal(driven.hypercall('H_EOI', [(BigInt(cppr) << 24n) | BigInt(irq)], by).status, 0n);
    model.setCppr(by, cppr);
    model.sent.delete(irq);
  });
  const configure = step(
    fc.tuple(source, cpu, byte, cpu),
    'configure',
    (driven, model, [irq, target, priority, by]) => {
      const server = driven.servers[target] ?? 0;
      assert.deepEqual(driven.rtas('ibm,set-xive', [irq, server, priority], by), [0]);
      model.config.set(irq, { server: target, priority, saved: priority });
      assert.deepEqual(driven.rtas('ibm,get-xive', [irq], by), [0, server, priority]);
    },
  );
  const off = step(fc.tuple(source, cpu), 'off', (driven, model, [irq, by]) => {
    assert.deepEqual(driven.rtas('ibm,int-off', [irq], by), [0]);
    const config = model.configOf(irq);
    if (config.priority !== MASKED) config.saved = config.priority;
    config.priority = MASKED;
  });
  const on = step(fc.tuple(source, cpu), 'on', (driven, model, [irq, by]) => {
    assert.deepEqual(driven.rtas('ibm,int-on', [irq], by), [0]);
    const config = model.configOf(irq);
    config.priority = config.saved;
  });
  const bad = step(
    fc.tuple(cpu, fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), fc.integer({ min: 0x100, max: 0xffff_ffff })),
    'bad',
    (driven, _, [by, wide, priority]) => {
      const noServer = driven.servers.includes(Number(wide)) ? 0xffffn : wide;
      for (const name of ['H_IPI', 'H_IPOLL']) assert.equal(driven.hypercall(name, [noServer, 4], by).status, -4n);
      const noIrq = Number(wide & 0xfffn);
      for (const name of ['ibm,get-xive', 'ibm,int-on', 'ibm,int-off'])
        assert.deepEqual(driven.rtas(name, [noIrq], by), [-3]);
      assert.deepEqual(driven.rtas('ibm,set-xive', [noIrq, driven.servers[0] ?? 0, 5], by), [-3]);
      const irq = sources[0] ?? 0;
      assert.deepEqual(driven.rtas('ibm,set-xive', [irq, 0xffff, 5], by), [-3]);
      assert.deepEqual(driven.rtas('ibm,set-xive', [irq, driven.servers[0] ?? 0, priority], by), [-3]);
    },
  );
  return fc.oneof(pulse, wire, setCppr, interProcessor, accept, end, configure, off, on, { weight: 1, arbitrary: bad });
}
