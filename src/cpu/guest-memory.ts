// Guest RAM as the platform sees it: big-endian accesses by real address, each checked once here.

/** An access outside guest RAM by something other than guest code; hypercalls answer it with H_PARAMETER. */
export class GuestAddressError extends Error {
  override readonly name = 'GuestAddressError';
}

/**
 * Guest RAM, real addresses 0…size−1 as numbers (at most 4 GiB). All multi-byte accesses are big-endian, as PAPR
 * structures are; `bytes` gives raw bytes. Every accessor throws {@link GuestAddressError} outside RAM.
 */
export class GuestMemory {
  readonly size: number;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  /** Told after each write by the platform, so that decoded code there is dropped. */
  readonly #written: (address: number, length: number) => void;

  constructor(
    buffer: ArrayBufferLike,
    base: number,
    size: number,
    written: (address: number, length: number) => void = () => {},
  ) {
    this.size = size;
    this.#view = new DataView(buffer, base, size);
    this.#bytes = new Uint8Array(buffer, base, size);
    this.#written = written;
  }

  /** True when [address, address + length) lies in RAM. */
  contains(address: number, length: number): boolean {
    return Number.isInteger(address) && address >= 0 && length >= 0 && address + length <= this.size;
  }

  #check(address: number, length: number): void {
    if (!this.contains(address, length)) {
      throw new GuestAddressError(
        `real address 0x${address.toString(16)}+${length} is outside RAM (${this.size} bytes)`,
      );
    }
  }

  read8(address: number): number {
    this.#check(address, 1);
    return this.#view.getUint8(address);
  }
  read16(address: number): number {
    this.#check(address, 2);
    return this.#view.getUint16(address);
  }
  read32(address: number): number {
    this.#check(address, 4);
    return this.#view.getUint32(address);
  }
  read64(address: number): bigint {
    this.#check(address, 8);
    return this.#view.getBigUint64(address);
  }
  write8(address: number, value: number): void {
    this.#check(address, 1);
    this.#view.setUint8(address, value);
    this.#written(address, 1);
  }
  write16(address: number, value: number): void {
    this.#check(address, 2);
    this.#view.setUint16(address, value);
    this.#written(address, 2);
  }
  write32(address: number, value: number): void {
    this.#check(address, 4);
    this.#view.setUint32(address, value);
    this.#written(address, 4);
  }
  write64(address: number, value: bigint): void {
    this.#check(address, 8);
    this.#view.setBigUint64(address, value);
    this.#written(address, 8);
  }

  /** A copy of bytes. */
  readBytes(address: number, length: number): Uint8Array {
    this.#check(address, length);
    return this.#bytes.slice(address, address + length);
  }
  writeBytes(address: number, data: Uint8Array): void {
    this.#check(address, data.length);
    this.#bytes.set(data, address);
    this.#written(address, data.length);
  }
  fill(address: number, length: number, value: number): void {
    this.#check(address, length);
    this.#bytes.fill(value, address, address + length);
    this.#written(address, length);
  }

  /** Bytes up to a NUL, at most `limit`, as Latin-1 text; undefined when there is no NUL in that range. */
  readString(address: number, limit = 1024): string | undefined {
    let text = '';
    for (let i = 0; i < limit; i++) {
      if (!this.contains(address + i, 1)) return undefined;
      const byte = this.read8(address + i);
      if (byte === 0) return text;
      text += String.fromCharCode(byte);
    }
    return undefined;
  }
}
