// Interrupt presentation controller of one server: CPPR, XISR, MFRR and the line to the vCPU.
// (PAPR, "Interrupt Source and Presentation Controllers"; lower priority numbers are more favoured)

/** XISR value of an inter-processor interrupt. */
export const XICS_IPI = 2;

/** The least favoured priority: masks a source, disables MFRR; as CPPR it admits everything else. */
export const LEAST_FAVOURED = 0xff;

/** One presenter. A source's interrupt that it can't keep goes back through `reject`, to be offered again later. */
export class Icp {
  readonly #setLine: (asserted: boolean) => void;
  readonly #reject: (irq: number) => void;
  #cppr = 0;
  #xisr = 0;
  /** Priority of the interrupt in XISR. */
  #pending = LEAST_FAVOURED;
  #mfrr = LEAST_FAVOURED;

  constructor(setLine: (asserted: boolean) => void, reject: (irq: number) => void) {
    this.#setLine = setLine;
    this.#reject = reject;
  }

  get mfrr(): number {
    return this.#mfrr;
  }

  /** CPPR in bits 0–7, XISR in bits 8–31, without accepting. */
  poll(): number {
    return ((this.#cppr << 24) | this.#xisr) >>> 0;
  }

  /** A source presents its interrupt; false when the source has to keep it. */
  offer(irq: number, priority: number): boolean {
    if (priority >= this.#cppr || (this.#xisr !== 0 && priority >= this.#pending)) return false;
    this.#present(irq, priority);
    return true;
  }

  /** Presents the IPI when MFRR asks for it. */
  checkIpi(): void {
    if (this.#mfrr < this.#cppr && (this.#xisr === 0 || this.#mfrr < this.#pending))
      this.#present(XICS_IPI, this.#mfrr);
  }

  setMfrr(value: number): void {
    this.#mfrr = value;
    this.checkIpi();
  }

  /** Sets CPPR; an interrupt that is not more favoured any longer is withdrawn. Sources should then offer again. */
  setCppr(value: number): void {
    this.#cppr = value;
    if (this.#pending >= value) this.#withdraw();
  }

  /** Reads XIRR with its effect: the interrupt is accepted and CPPR becomes its priority. */
  accept(): number {
    const xirr = this.poll();
    if (this.#xisr !== 0) {
      this.#cppr = this.#pending;
      this.#clear();
    }
    return xirr;
  }

  /** Power-on state; an interrupt in XISR goes back to its source. */
  reset(): void {
    this.#cppr = 0;
    this.#withdraw();
    this.load([0, 0, LEAST_FAVOURED, LEAST_FAVOURED]);
  }

  /** CPPR, XISR, priority of XISR, MFRR. */
  save(): number[] {
    return [this.#cppr, this.#xisr, this.#pending, this.#mfrr];
  }

  /** The inverse of {@link save}; drives the line. */
  load([cppr = 0, xisr = 0, pending = LEAST_FAVOURED, mfrr = LEAST_FAVOURED]: readonly number[]): void {
    this.#cppr = cppr;
    this.#xisr = xisr;
    this.#pending = pending;
    this.#mfrr = mfrr;
    this.#setLine(xisr !== 0);
  }

  /** Puts an interrupt into XISR; what was there goes back, after that: its source may offer it here again at once. */
  #present(irq: number, priority: number): void {
    const displaced = this.#xisr;
    this.#xisr = irq;
    this.#pending = priority;
    this.#setLine(true);
    this.#giveBack(displaced);
  }

  #clear(): void {
    this.#xisr = 0;
    this.#pending = LEAST_FAVOURED;
    this.#setLine(false);
  }

  #withdraw(): void {
    const irq = this.#xisr;
    this.#clear();
    this.#giveBack(irq);
  }

  #giveBack(irq: number): void {
    // The IPI needs no memory of its own: MFRR still asks for it.
    if (irq !== 0 && irq !== XICS_IPI) this.#reject(irq);
  }
}
