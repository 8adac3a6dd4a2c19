// A model of XIVE that keeps sets and lists instead of registers, and the steps of random histories.
// (XIVE architecture; PAPR, "Interrupt exploitation mode")
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Driven, levels, messages, type Step, stepsOf } from './driven.ts';

const priorities = [0, 3, 6];
const queueShift = 12;

interface Source {
  p: boolean;
  q: boolean;
  wire: boolean;
  readonly level: boolean;
  route: { target: number; priority: number; eisn: number; masked: boolean };
}

const unrouted: Source['route'] = { target: 0, priority: 0, eisn: 0, masked: true };

interface Queue {
  readonly always: boolean;
  readonly address: number;
  /** Everything ever sent to it. */
  readonly events: number[];
  /** The queue's own event state; off (p clear, q set) drops. */
  p: boolean;
  q: boolean;
}

/** What is known from what was done. A vCPU is meant by its index everywhere. */
export class XiveModel {
  readonly sources = new Map<number, Source>();
  readonly queues = new Map<number, Queue>();
  readonly cppr: number[];
  readonly pending: Set<number>[];
  /** Of the user ring, by vCPU: its NSR and the bytes of its second word. */
  readonly userNsr: number[];
  readonly userWord: number[][];

  /** `servers` are the server numbers of the vCPUs: each has an IPI of that number. */
  constructor(servers: readonly number[]) {
    for (const lisn of [...servers, ...messages, ...levels])
      this.sources.set(lisn, { ...{ p: false, q: true, wire: false, level: levels.includes(lisn) }, route: unrouted });
    this.cppr = servers.map(() => 0);
    this.pending = servers.map(() => new Set());
    this.userNsr = servers.map(() => 0);
    this.userWord = servers.map(() => [0, 0, 0, 0]);
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

  setCppr(cpu: number, value: number): void {
    this.cppr[cpu] = value > 7 ? 0xff : value;
  }

  /** What an acknowledgement reads, with its effect. */
  acknowledge(cpu: number): bigint {
    const accepted = this.signalled(cpu);
    if (accepted !== undefined) {
      this.cppr[cpu] = accepted;
      this.pending[cpu]?.delete(accepted);
    }
    return BigInt((accepted === undefined ? 0 : 0x8000) + (this.cppr[cpu] ?? 0));
  }

  /** The 16 bytes of the OS ring. */
  osRing(cpu: number): number[] {
    const pending = [...(this.pending[cpu] ?? [])];
    const ipb = pending.reduce((bits, priority) => bits + 2 ** (7 - priority), 0);
    const nsr = this.signalled(cpu) === undefined ? 0 : 0x80;
    return [
      nsr,
      this.cppr[cpu] ?? 0,
      ipb,
      0xff,
      0xff,
      0,
      0,
      Math.min(0xff, ...pending),
      ...new Array<number>(8).fill(0),
    ];
  }

  /** A load of the OS page or the user page of a vCPU. */
  timaLoad(cpu: number, page: 'os' | 'user', offset: number, size: number): bigint {
    if (page === 'os' && offset === 0x810 && size === 2) return this.acknowledge(cpu);
    const word = this.userWord[cpu] ?? [];
    const userRing = [this.userNsr[cpu] ?? 0, ...new Array<number>(7).fill(0), ...word, 0, 0, 0, 0];
    const bytes = page === 'os' ? [...userRing, ...this.osRing(cpu)] : userRing;
    if (offset < bytes.length) return bigEndian(bytes.slice(offset, offset + size));
    if (offset === 0x800 && size === 1) {
      const nsr = this.userNsr[cpu] ?? 0;
      this.userNsr[cpu] = 0;
      return BigInt(nsr);
    }
    if (page === 'os' && offset === 0x808 && size === 4) {
      const [first = 0, ...rest] = word;
      this.userWord[cpu] = [first & 0x7f, ...rest];
      return bigEndian(word);
    }
    return (1n << BigInt(8 * size)) - 1n;
  }

  timaStore(cpu: number, page: 'os' | 'user', offset: number, size: number, value: bigint): void {
    const bytes = Array.from({ length: size }, (_, n) => Number((value >> BigInt(8 * (size - 1 - n))) & 0xffn));
    const at = (target: number): number | undefined => bytes[target - offset];
    this.userNsr[cpu] = at(0) ?? this.userNsr[cpu] ?? 0;
    if (page === 'user') return;
    const cppr = at(0x11);
    if (cppr !== undefined) this.setCppr(cpu, cppr);
    const [priority = 0xff] = bytes;
    if (offset === 0x812 && size === 1 && priority < 8) this.pending[cpu]?.add(priority);
    if (offset === 0x808 && size === 4) this.userWord[cpu] = bytes;
  }

  /** Sources and queues as after H_INT_RESET. */
  resetRouting(): void {
    this.queues.clear();
    for (const source of this.sources.values()) {
      source.p = false;
      source.q = true;
      source.route = unrouted;
    }
  }

  /** Compares all that there is to see. */
  check(driven: Driven): void {
    this.cppr.forEach((_, cpu) => {
      assert.equal(driven.load(cpu, tima.os + 0x10n, 8), bigEndian(this.osRing(cpu).slice(0, 8)), `OS ring of ${cpu}`);
      assert.equal(driven.isSignalled(cpu), this.signalled(cpu) !== undefined, `line of ${cpu}`);
    });
    for (const [lisn, { p, q }] of this.sources)
      assert.equal(
        driven.irq.mmioRead(0, management(lisn) + 0x800n, 8),
        BigInt((p ? 2 : 0) + (q ? 1 : 0)),
        `PQ ${lisn}`,
      );
    for (const { address, events } of this.queues.values())
      events.slice(-8).forEach((eisn, i, { length }) => {
        const n = events.length - length + i;
        assert.equal(driven.memory.read32(address + 4 * (n % entries)), generationOf(n) + eisn, `queue entry ${n}`);
      });
  }
}

const entries = 2 ** queueShift / 4;
/** The generation bit of the n-th event of a queue. */
const generationOf = (n: number): number => (Math.floor(n / entries) % 2 === 0 ? 0x8000_0000 : 0);

const bigEndian = (bytes: readonly number[]): bigint => bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);

/** Pages of the TIMA that guests have. */
const tima = { os: 0x0006_0302_031a_0000n, user: 0x0006_0302_031b_0000n } as const;
const trigger = (lisn: number): bigint => 0x0006_0100_0000_0000n + BigInt(lisn) * 0x2_0000n;
const management = (lisn: number): bigint => trigger(lisn) + 0x1_0000n;
const queuePage = (end: number): bigint => 0x0006_0100_4000_0000n + BigInt(end) * 0x2_0000n;

/** One thing that a vCPU or a device does, in the model and for real. */
export type XiveStep = Step<XiveModel>;

const step = <V>(from: fc.Arbitrary<V>, name: string, run: (driven: Driven, model: XiveModel, value: V) => void) =>
  stepsOf(from, name, run);

const ones = 0xffff_ffff_ffff_ffffn;

/** Steps on vCPUs with these server numbers. */
export function xiveSteps(servers: readonly number[]): fc.Arbitrary<XiveStep> {
  const cpu = fc.nat(servers.length - 1);
  const endOf = (target: number, priority: number): number => (servers[target] ?? 0) * 8 + priority;
  const triggerable = fc.constantFrom(...messages, ...servers);
  const source = fc.oneof(triggerable, fc.constantFrom(...levels));
  const priority = fc.constantFrom(...priorities);
  const eisn = fc.integer({ min: 0, max: 0x7fff_ffff });
  const size = fc.constantFrom(1, 2, 4, 8);
  const triggers = step(
    fc.tuple(source, cpu, size, fc.nat(0xfff)),
    'triggers',
    (driven, model, [lisn, by, bytes, offset]) => {
      if (driven.spares === true && bytes < 8) return;
      driven.store(by, trigger(lisn) + BigInt(offset - (offset % bytes)), bytes, 0n);
      model.event(model.source(lisn));
    },
  );
  const pulse = step(fc.constantFrom(...messages), 'pulse', ({ irq }, model, lisn) => {
    irq.pulse(lisn);
    model.event(model.source(lisn));
  });
  const wire = step(fc.tuple(fc.constantFrom(...levels), fc.boolean()), 'wire', ({ irq }, model, [lisn, high]) => {
    irq.setLevel(lisn, high);
    model.source(lisn).wire = high;
    model.rewire(model.source(lisn));
  });
  const setPq = step(fc.tuple(source, fc.nat(3), cpu, fc.nat(0x1f)), 'setPq', (driven, model, [lisn, pq, by, line]) => {
    const before = driven.load(by, management(lisn) + BigInt(0xc00 + pq * 0x100 + 8 * line), 8);
    assert.equal(before, BigInt(model.setPq(model.source(lisn), pq)));
  });
  const setPqByStore = step(
    fc.tuple(source, fc.nat(3), cpu, size),
    'setPqByStore',
    (driven, model, [lisn, pq, by, bytes]) => {
      if (driven.spares === true && bytes < 8) return;
      driven.store(by, management(lisn) + BigInt(0xc00 + pq * 0x100), bytes, ones >> BigInt(64 - 8 * bytes));
      model.setPq(model.source(lisn), pq);
    },
  );
  const noEffect = step(
    fc.tuple(source, cpu, fc.constantFrom(0x400, 0x7f8, 0x800, 0xbf8)),
    'noEffect',
    (driven, _, [lisn, by, at]) => {
      // Neither store EOI nor event injection is offered.
      if (driven.spares === true && at >= 0x800) return;
      driven.store(by, management(lisn) + BigInt(at), 8, 0n);
    },
  );
  const eoi = step(fc.tuple(source, cpu, fc.nat(0xff)), 'eoi', (driven, model, [lisn, by, line]) => {
    const forwarded = driven.load(by, management(lisn) + BigInt(8 * line), 8);
    assert.equal(forwarded, BigInt(model.eoi(model.source(lisn))));
  });
  const get = step(fc.tuple(source, cpu, fc.nat(0x7f)), 'get', (driven, model, [lisn, by, line]) => {
    const { p, q } = model.source(lisn);
    assert.equal(driven.load(by, management(lisn) + BigInt(0x800 + 8 * line), 8), BigInt((p ? 2 : 0) + (q ? 1 : 0)));
    assert.equal(driven.load(by, trigger(lisn) + BigInt(8 * line), 8), ones, 'a trigger page has nothing to load');
  });
  const byCall = step(fc.tuple(source, fc.boolean(), cpu), 'byCall', (driven, model, [lisn, store, by]) => {
    // Through the hypercall: a load of PQ while it sets 00, or a trigger.
    const result = driven.hypercall('H_INT_ESB', [store ? 1 : 0, lisn, store ? 0 : 0xc00, 0], by);
    if (store) model.event(model.source(lisn));
    const loaded = store ? ones : BigInt(model.setPq(model.source(lisn), 0));
    assert.deepEqual([result.status, result.results[0]], [0n, loaded]);
  });
  const configure = step(
    fc.tuple(source, cpu, priority, eisn, fc.nat(3), cpu),
    'configure',
    (driven, model, [lisn, target, prio, number, flags, by]) => {
      const server = servers[target] ?? 0;
      const set = [flags, lisn, server, prio, number];
      assert.equal(driven.hypercall('H_INT_SET_SOURCE_CONFIG', set, by).status, 0n);
      const to = model.source(lisn);
      const masked = (flags & 1) !== 0;
      to.route = { target, priority: prio, eisn: (flags & 2) !== 0 ? number : to.route.eisn, masked };
      const { results } = driven.hypercall('H_INT_GET_SOURCE_CONFIG', [0, lisn], by);
      const expected = [BigInt(server), masked ? 0xffn : BigInt(prio), BigInt(to.route.eisn)];
      assert.deepEqual(results.slice(0, 3), expected);
    },
  );
  const mask = step(fc.tuple(source, cpu), 'mask', (driven, model, [lisn, by]) => {
    assert.equal(driven.hypercall('H_INT_SET_SOURCE_CONFIG', [2, lisn, 0xffff, 0xff, 1], by).status, 0n);
    model.source(lisn).route = unrouted;
  });
  const setQueue = step(
    fc.tuple(cpu, priority, fc.boolean(), cpu),
    'setQueue',
    (driven, model, [target, prio, always, by]) => {
      const key = target * 8 + prio;
      const address = driven.queues + key * 2 ** queueShift;
      driven.memory.fill(address, 2 ** queueShift, 0);
      const set = [always ? 1 : 0, servers[target] ?? 0, prio, address, queueShift];
      assert.equal(driven.hypercall('H_INT_SET_QUEUE_CONFIG', set, by).status, 0n);
      model.queues.set(key, { always, address, events: [], p: false, q: false });
    },
  );
  const removeQueue = step(fc.tuple(cpu, priority, cpu), 'removeQueue', (driven, model, [target, prio, by]) => {
    const set = [0, servers[target] ?? 0, prio, 0, 0];
    assert.equal(driven.hypercall('H_INT_SET_QUEUE_CONFIG', set, by).status, 0n);
    model.queues.delete(target * 8 + prio);
  });
  const getQueue = step(fc.tuple(cpu, priority, cpu), 'getQueue', (driven, model, [target, prio, by]) => {
    const server = servers[target] ?? 0;
    const queue = model.queues.get(target * 8 + prio);
    const next = queue?.events.length ?? 0;
    const generation = queue !== undefined && generationOf(next) !== 0 ? 2n : 0n;
    const described = queue ? [BigInt(queue.address), BigInt(queueShift)] : [0n, 0n];
    const { results } = driven.hypercall('H_INT_GET_QUEUE_CONFIG', [1, server, prio], by);
    const flags = generation + (queue?.always === true ? 1n : 0n);
    assert.deepEqual(results.slice(0, 4), [flags, ...described, BigInt(next % entries)]);
    const info = driven.hypercall('H_INT_GET_QUEUE_INFO', [0, server, prio], by).results.slice(0, 2);
    assert.deepEqual(info, [queuePage(endOf(target, prio)), described[1]]);
  });
  const endQueue = step(fc.tuple(cpu, priority, cpu), 'endQueue', (driven, model, [target, prio, by]) => {
    const key = target * 8 + prio;
    driven.load(by, queuePage(endOf(target, prio)), 8);
    const queue = model.queues.get(key);
    if (!queue?.p) return;
    if (queue.q) model.notify(key);
    queue.p = queue.q;
    queue.q = false;
  });
  const accept = step(cpu, 'accept', (driven, model, by) => {
    assert.equal(driven.load(by, tima.os + 0x810n, 2), model.acknowledge(by));
  });
  const setCppr = step(fc.tuple(cpu, fc.constantFrom(0, 1, 4, 7, 8, 0xff)), 'setCppr', (driven, model, [by, cppr]) => {
    driven.store(by, tima.os + 0x11n, 1, BigInt(cppr));
    model.setCppr(by, cppr);
  });
  const setPending = step(fc.tuple(cpu, fc.nat(9)), 'setPending', (driven, model, [by, prio]) => {
    driven.store(by, tima.os + 0x812n, 1, BigInt(prio));
    if (prio < 8) model.pending[by]?.add(prio);
  });
  const offset = fc.oneof(
    fc.nat(0x3f),
    fc.constantFrom(0x800, 0x808, 0x810, 0x812, 0x81a, 0xc00, 0xc10),
    fc.nat(0xfff),
  );
  const page = fc.constantFrom('os' as const, 'user' as const);
  const anyLoad = step(fc.tuple(cpu, page, offset, size), 'anyLoad', (driven, model, [by, where, at, bytes]) => {
    const aligned = at - (at % bytes);
    const loaded = driven.load(by, tima[where] + BigInt(aligned), bytes);
    assert.equal(
      loaded,
      model.timaLoad(by, where, aligned, bytes),
      `${bytes} bytes at ${aligned} of the ${where} page`,
    );
  });
  const anyStore = step(
    fc.tuple(cpu, page, offset, size, fc.bigInt({ min: 0n, max: ones })),
    'anyStore',
    (driven, model, [by, where, at, bytes, wide]) => {
      const aligned = at - (at % bytes);
      if (driven.spares === true && aligned < 0x800) return;
      const value = BigInt.asUintN(8 * bytes, wide);
      driven.store(by, tima[where] + BigInt(aligned), bytes, value);
      model.timaStore(by, where, aligned, bytes, value);
    },
  );
  const around = step(
    fc.tuple(triggerable, cpu, cpu, priority, fc.integer({ min: 1, max: 2500 })),
    'around',
    (driven, model, [lisn, by, target, prio, count]) => {
      // Sends to a queue until it has gone around.
      const server = servers[target] ?? 0;
      const to = model.source(lisn);
      if (!model.queues.has(target * 8 + prio)) return;
      assert.equal(driven.hypercall('H_INT_SET_SOURCE_CONFIG', [2, lisn, server, prio, 7], by).status, 0n);
      to.route = { target, priority: prio, eisn: 7, masked: false };
      driven.load(by, management(lisn) + 0xc00n, 8);
      model.setPq(to, 0);
      driven.burst(by, count, trigger(lisn), management(lisn));
      for (let n = 0; n < count; n++) {
        model.event(to);
        model.eoi(to);
      }
    },
  );
  const information = step(fc.tuple(source, cpu), 'information', (driven, model, [lisn, by]) => {
    const { status, results } = driven.hypercall('H_INT_GET_SOURCE_INFO', [0, lisn], by);
    const pages = model.source(lisn).level ? [0xcn, ones, ones] : [0n, management(lisn), trigger(lisn)];
    assert.deepEqual([status, ...results.slice(0, 4)], [0n, ...pages, 16n]);
  });
  const synchronize = step(fc.tuple(source, cpu), 'synchronize', (driven, _, [lisn, by]) => {
    assert.equal(driven.hypercall('H_INT_SYNC', [0, lisn], by).status, 0n);
  });
  const resetAll = step(cpu, 'resetAll', (driven, model, by) => {
    if (driven.spares === true) return;
    assert.equal(driven.hypercall('H_INT_RESET', [0], by).status, 0n);
    model.resetRouting();
  });
  const often = [triggers, setPq, eoi, configure, setQueue, accept, setCppr, anyLoad, anyStore];
  const seldom = [pulse, wire, setPqByStore, noEffect, get, byCall, mask, removeQueue, getQueue, endQueue, setPending];
  return fc.oneof(
    ...often.map((arbitrary) => ({ weight: 6, arbitrary })),
    ...seldom.map((arbitrary) => ({ weight: 3, arbitrary })),
    ...[around, information, synchronize, resetAll].map((arbitrary) => ({ weight: 1, arbitrary })),
  );
}
