// XIVE's pages in real address space: event state buffers of sources and queues, and the TIMA of the calling vCPU.
// (XIVE architecture, ESB and TIMA pages; addresses as pseries machines use them)
import { PRIORITIES } from './end.ts';
import { type EventStateBuffers, esbOffset } from './esb.ts';
import type { Xive } from './xive.ts';

/** Base addresses of XIVE, each as the upper and lower 32 bits of a real address. */
export const xiveAddress = {
  /** Two 64 KiB pages for each source: trigger page, then management page. */
  source: { hi: 0x0006_0100, lo: 0x0000_0000 },
  /** Two 64 KiB pages for each queue: ESn, then ESe. */
  queue: { hi: 0x0006_0100, lo: 0x4000_0000 },
  /** Four 64 KiB pages: hypervisor, its pool, OS, user. The first two are closed to guests. */
  tima: { hi: 0x0006_0302, lo: 0x0318_0000 },
} as const;

/** log₂ of the size of a page, and of the two pages of an event state buffer. */
export const PAGE_SHIFT = 16;
const PAIR_SHIFT = PAGE_SHIFT + 1;
const TIMA_PAGES = 4;
/** Pages of the TIMA, counted from its base. */
export const timaPage = { os: 2, user: 3 } as const;

const ALL_ONES = 0xffff_ffff;

/** A real address of 64 bits, whole or in halves. */
export type RealAddress = bigint | { readonly hi: number; readonly lo: number };

/** Real address of a source's trigger page; its management page follows 64 KiB above. */
export function sourcePage(lisn: number): bigint {
  return (BigInt(xiveAddress.source.hi) << 32n) + (BigInt(lisn) << BigInt(PAIR_SHIFT));
}

/** Real address of a queue's ESn page. */
export function queuePage(end: number): bigint {
  const { hi, lo } = xiveAddress.queue;
  return (BigInt(hi) << 32n) + BigInt(lo) + (BigInt(end) << BigInt(PAIR_SHIFT));
}

/** Real address of a TIMA page. */
export function timaAddress(page: keyof typeof timaPage): bigint {
  const { hi, lo } = xiveAddress.tima;
  return (BigInt(hi) << 32n) + BigInt(lo) + (BigInt(timaPage[page]) << BigInt(PAGE_SHIFT));
}

/** Loads and stores to XIVE's pages. Values are big-endian register values; `lo` and sizes are plain numbers. */
export class XiveMmio {
  readonly #xive: Xive;
  readonly #queueEnd: number;
  /** Upper 32 bits of the last {@link load}. */
  high = 0;

  constructor(xive: Xive) {
    this.#xive = xive;
    this.#queueEnd = xiveAddress.queue.lo + xive.servers * PRIORITIES * 2 ** PAIR_SHIFT;
  }

  /** True for an address of one of the pages. */
  contains(hi: number, lo: number): boolean {
    if (hi === xiveAddress.source.hi) return lo < this.#queueEnd;
    const { tima } = xiveAddress;
    return hi === tima.hi && lo >= tima.lo && lo < tima.lo + (TIMA_PAGES << PAGE_SHIFT);
  }

  /**
   * A load of 1, 2, 4 or 8 bytes by a vCPU. Returns the low 32 bits, {@link high} holds the upper ones of 8 bytes.
   * All ones where nothing answers or the address is not a multiple of the size.
   */
  load(cpu: number, hi: number, lo: number, size: number): number {
    const offset = lo & 0xffff;
    if ((lo & (size - 1)) === 0) {
      if (hi === xiveAddress.tima.hi && this.contains(hi, lo)) {
        const context = this.#xive.context(cpu);
        const page = (lo - xiveAddress.tima.lo) >>> PAGE_SHIFT;
        if (context !== undefined && page >= timaPage.os && offset < 0x1000) {
          const value = context.load(page === timaPage.os, offset, size);
          this.high = context.high;
          return value;
        }
      } else if (hi === xiveAddress.source.hi) {
        this.high = 0;
        const pair = lo >>> PAIR_SHIFT;
        if (lo < xiveAddress.queue.lo) {
          // The trigger page can't be loaded from.
          if ((lo & (1 << PAGE_SHIFT)) !== 0 && this.#xive.isClaimed(pair)) return this.loadSource(pair, offset);
        } else if (lo < this.#queueEnd) {
          return this.#loadQueue((lo - xiveAddress.queue.lo) >>> PAGE_SHIFT, offset);
        }
      }
    }
    this.high = ALL_ONES;
    return ALL_ONES;
  }

  /** A store of 1, 2, 4 or 8 bytes by a vCPU, the value in halves. Ignored where nothing answers. */
  store(cpu: number, hi: number, lo: number, size: number, valueHi: number, valueLo: number): void {
    if ((lo & (size - 1)) !== 0) return;
    const offset = lo & 0xffff;
    if (hi === xiveAddress.tima.hi && this.contains(hi, lo)) {
      const page = (lo - xiveAddress.tima.lo) >>> PAGE_SHIFT;
      if (page >= timaPage.os && offset < 0x1000)
        this.#xive.context(cpu)?.store(page === timaPage.os, offset, size, valueHi, valueLo);
    } else if (hi === xiveAddress.source.hi) {
      const pair = lo >>> PAIR_SHIFT;
      if (lo < xiveAddress.queue.lo) {
        if (!this.#xive.isClaimed(pair)) return;
        if ((lo & (1 << PAGE_SHIFT)) !== 0) this.storeSource(pair, offset);
        else this.#xive.trigger(pair);
      } else if (lo < this.#queueEnd) {
        this.#storeQueue((lo - xiveAddress.queue.lo) >>> PAGE_SHIFT, offset);
      }
    }
  }

  /** A load from a claimed source's management page: the PQ pair or, for an EOI, whether an event was forwarded. */
  loadSource(lisn: number, offset: number): number {
    const { sources } = this.#xive;
    const at = offset & 0xfff;
    if (at >= esbOffset.setPq) {
      const before = sources.get(lisn);
      if (sources.set(lisn, (at >>> 8) & 3)) this.#xive.forward(lisn);
      return before;
    }
    if (at >= esbOffset.get) return sources.get(lisn);
    const forwarded = sources.eoi(lisn);
    if (forwarded) this.#xive.forward(lisn);
    return forwarded ? 1 : 0;
  }

  /** A store to a claimed source's management page. Store EOI is not offered and does nothing. */
  storeSource(lisn: number, offset: number): void {
    const at = offset & 0xfff;
    if (at < esbOffset.storeEoi) this.#xive.trigger(lisn);
    else if (at >= esbOffset.setPq && this.#xive.sources.set(lisn, (at >>> 8) & 3)) this.#xive.forward(lisn);
  }

  #loadQueue(esb: number, offset: number): number {
    const states: EventStateBuffers = this.#xive.queues.esb;
    const at = offset & 0xfff;
    const before = states.get(esb);
    if (at >= esbOffset.setPq) states.set(esb, (at >>> 8) & 3);
    if (at >= esbOffset.get) return before;
    const forwarded = states.eoi(esb);
    if (forwarded) this.#presentQueue(esb);
    return forwarded ? 1 : 0;
  }

  #storeQueue(esb: number, offset: number): void {
    const at = offset & 0xfff;
    if (at >= esbOffset.setPq) this.#xive.queues.esb.set(esb, (at >>> 8) & 3);
  }

  #presentQueue(esb: number): void {
    // ESe (odd) would escalate, which is not configured by any hypercall.
    if ((esb & 1) === 0) this.#xive.present(esb >>> 1);
  }
}
