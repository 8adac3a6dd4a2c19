// Vector functions of the data plane on registers that tests read and write as 128-bit numbers.
import fc from 'fast-check';
import { slotOffset, state } from '../../src/cpu/state.ts';
import { DataPlane } from '../data-plane-harness.ts';

const ones64 = (1n << 64n) - 1n;

/** The data plane with vector registers 0…3; functions get register 0 as target. */
export class VectorPlane {
  readonly #plane = new DataPlane();

  #address(n: number): number {
    return this.#plane.cpu(0).address + state.vsr.offset + 16 * (32 + n);
  }

  get(n: number): bigint {
    const { view } = this.#plane;
    const address = this.#address(n);
    return (view.getBigUint64(address + 8, true) << 64n) | view.getBigUint64(address, true);
  }

  set(n: number, value: bigint): void {
    const { view } = this.#plane;
    const address = this.#address(n);
    view.setBigUint64(address, value & ones64, true);
    view.setBigUint64(address + 8, (value >> 64n) & ones64, true);
  }

  get vscr(): bigint {
    const cpu = this.#plane.cpu(0).address;
    return this.#plane.view.getBigUint64(cpu + slotOffset.vscr, true);
  }

  set vscr(value: bigint) {
    const cpu = this.#plane.cpu(0).address;
    this.#plane.view.setBigUint64(cpu + slotOffset.vscr, value, true);
  }

  /**
   * Calls `name(target, …registers 1 to n, …numbers)` with the sources in registers 1, 2, 3 and returns the target.
   * The target holds `target` before.
   */
  run(name: string, sources: readonly bigint[], numbers: readonly number[] = [], target = 0n): bigint {
    this.status(name, sources, numbers, target);
    return this.get(0);
  }

  /** As {@link run}, but returns the function's own result (CR6 of the decimal functions). */
  status(name: string, sources: readonly bigint[], numbers: readonly number[] = [], target = 0n): number {
    this.set(0, target);
    sources.forEach((value, i) => {
      this.set(i + 1, value);
    });
    const addresses = [0, ...sources.map((_, i) => i + 1)].map((n) => this.#address(n));
    return Number(this.#plane.on(0, name, ...addresses, ...numbers) ?? 0);
  }
}

/** Elements of `bits` bits from the left. */
export function elements(value: bigint, bits: number): bigint[] {
  const count = 128 / bits;
  return Array.from({ length: count }, (_, i) => BigInt.asUintN(bits, value >> BigInt(bits * (count - 1 - i))));
}

/** The vector with these elements from the left. */
export function fromElements(values: readonly bigint[], bits: number): bigint {
  return values.reduce((vector, value) => (vector << BigInt(bits)) | BigInt.asUintN(bits, value), 0n);
}

/** Vectors in which special elements are as likely as random ones. */
export function vectorOf(bits: number): fc.Arbitrary<bigint> {
  const max = (1n << BigInt(bits)) - 1n;
  const special = fc.constantFrom(0n, 1n, max, max >> 1n, (max >> 1n) + 1n);
  const element = fc.oneof(special, fc.bigInt(0n, max));
  return fc.array(element, { minLength: 128 / bits, maxLength: 128 / bits }).map((all) => fromElements(all, bits));
}
