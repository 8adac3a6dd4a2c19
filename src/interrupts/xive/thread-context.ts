// Interrupt context of one vCPU: the user and OS rings of the thread interrupt management area (TIMA).
// (XIVE architecture, thread interrupt management area)

/** Byte offset of the OS ring; the user ring is at 0. */
const OS = 0x10;

/** Bytes of a ring. (XIVE architecture, TIMA ring) */
const NSR = 0;
const CPPR = 1;
const IPB = 2;
const LSMFB = 3;
const ACK_COUNT = 4;
const AGE = 6;
const PIPR = 7;
const WORD2 = 8;

/** NSR: an exception is signalled (EO in the OS ring). */
const EXCEPTION = 0x80;
const LEAST_FAVOURED = 0xff;
/** Bytes that are modelled: user and OS ring. */
export const CONTEXT_BYTES = 0x20;

/** Which bytes of the rings a page shows: r readable, w writable, - reads as 0 and ignores stores. */
const access = {
  user: 'w-------rrrr----',
  os: 'rwrrrr-r--------',
} as const;

/** Offsets from which a load or store has an effect of its own. (XIVE architecture, special operations) */
const special = {
  ackEbb: 0x800,
  pullUser: 0x808,
  ackOs: 0x810,
  setOsPending: 0x812,
} as const;

/** PIPR for a pending buffer: the most favoured pending priority, 0xff when none. */
function mostFavoured(ipb: number): number {
  return ipb === 0 ? LEAST_FAVOURED : Math.clz32(ipb) - 24;
}

/** The presenter of one vCPU. Register values are big-endian: the first byte of an access is the most significant. */
export class ThreadContext {
  readonly #setLine: (asserted: boolean) => void;
  readonly #bytes = new Uint8Array(CONTEXT_BYTES);
  /** Upper 32 bits of the last {@link load}. */
  high = 0;

  constructor(setLine: (asserted: boolean) => void) {
    this.#setLine = setLine;
    this.reset();
  }

  reset(): void {
    this.#bytes.fill(0);
    for (const register of [LSMFB, ACK_COUNT, AGE, PIPR]) this.#bytes[OS + register] = LEAST_FAVOURED;
    this.#setLine(false);
  }

  /** An event of that priority (0…7) waits for the vCPU. */
  notify(priority: number): void {
    this.#bytes[OS + IPB] = (this.#bytes[OS + IPB] ?? 0) | (0x80 >> priority);
    this.#update();
  }

  setCppr(value: number): void {
    this.#bytes[OS + CPPR] = value > 7 ? LEAST_FAVOURED : value;
    this.#update();
  }

  /** Accepts the most favoured event that is signalled: NSR in bits 8–15, the new CPPR in bits 0–7. */
  acknowledge(): number {
    const bytes = this.#bytes;
    const nsr = bytes[OS + NSR] ?? 0;
    if ((nsr & EXCEPTION) !== 0) {
      const priority = bytes[OS + PIPR] ?? 0;
      bytes[OS + CPPR] = priority;
      bytes[OS + IPB] = (bytes[OS + IPB] ?? 0) & ~(0x80 >> priority);
      this.#update();
    }
    return (nsr << 8) | (bytes[OS + CPPR] ?? 0);
  }

  /**
   * A naturally aligned load of 1, 2, 4 or 8 bytes at offset 0…0xfff of the OS page (`os`) or the user page. Returns the
   * low 32 bits, {@link high} holds the rest; all ones for an offset or size that has no meaning there.
   */
  load(os: boolean, offset: number, size: number): number {
    if (offset === special.ackOs && size === 2 && os) {
      this.high = 0;
      return this.acknowledge();
    }
    const ring = offset >> 4;
    if (ring === 0 || (ring === 1 && os)) {
      this.high = size === 8 ? this.#read(offset, 4) : 0;
      return size === 8 ? this.#read(offset + 4, 4) : this.#read(offset, size);
    }
    if (offset === special.ackEbb && size === 1) {
      this.high = 0;
      const nsr = this.#bytes[NSR] ?? 0;
      this.#bytes[NSR] = 0;
      return nsr;
    }
    if (offset === special.pullUser && size === 4 && os) {
      this.high = 0;
      const word = this.#read(WORD2, 4);
      this.#bytes[WORD2] = (this.#bytes[WORD2] ?? 0) & ~EXCEPTION;
      return word;
    }
    this.high = 0xffff_ffff;
    return 0xffff_ffff;
  }

  /** A naturally aligned store, `high` and `low` being the halves of the value; without meaning it is ignored. */
  store(os: boolean, offset: number, size: number, high: number, low: number): void {
    if (offset === OS + CPPR && size === 1 && os) {
      this.setCppr(low & 0xff);
    } else if (offset < (os ? OS + 0x10 : 0x10)) {
      for (let i = 0; i < size; i++) {
        const fromEnd = size - 1 - i;
        this.#write(offset + i, fromEnd < 4 ? low >>> (8 * fromEnd) : high >>> (8 * (fromEnd - 4)));
      }
    } else if (offset === special.setOsPending && size === 1 && os) {
      if ((low & 0xff) < 8) this.notify(low & 0xff);
    } else if (offset === special.pullUser && size === 4 && os) {
      for (let i = 0; i < 4; i++) this.#bytes[WORD2 + i] = low >>> (24 - 8 * i);
    }
  }

  save(): number[] {
    return [...this.#bytes];
  }

  /** The inverse of {@link save}: what follows from other registers is computed anew, and the line driven. */
  restore(bytes: readonly number[]): void {
    this.#bytes.set(bytes);
    this.#update();
  }

  /** PIPR follows IPB; NSR and the line follow PIPR and CPPR. */
  #update(): void {
    const bytes = this.#bytes;
    const pipr = mostFavoured(bytes[OS + IPB] ?? 0);
    const signalled = pipr < (bytes[OS + CPPR] ?? 0);
    bytes[OS + PIPR] = pipr;
    bytes[OS + NSR] = signalled ? EXCEPTION : 0;
    this.#setLine(signalled);
  }

  #read(offset: number, size: number): number {
    let value = 0;
    for (let i = offset; i < offset + size; i++) {
      const readable = (i < OS ? access.user : access.os).charAt(i & 15) !== '-';
      value = (value << 8) | (readable ? (this.#bytes[i] ?? 0) : 0);
    }
    return value >>> 0;
  }

  #write(offset: number, value: number): void {
    if ((offset < OS ? access.user : access.os).charAt(offset & 15) !== 'w') return;
    if (offset === OS + CPPR) this.setCppr(value & 0xff);
    else this.#bytes[offset] = value;
  }
}
