// Makes the ELF file of a test guest: runtime, handlers in both byte orders, descriptors and the cases' programs.
import { assemble } from '../../src/isa/assemble.ts';
import type { Guest, GuestCase } from './guest-case.ts';
import { editionOfCpu } from './model.ts';
import {
  descriptor,
  handler,
  imageAddress,
  runtimeSource,
  stubBytes,
  stubHead,
  stubReturn,
  stubTail,
} from './runtime.ts';

/** A guest that can be started. */
export interface GuestImage {
  readonly elf: Uint8Array;
  /** Address of each case's program. */
  readonly addresses: readonly bigint[];
}

const headerBytes = 64 + 56;

/** A 64-bit ELF executable of one segment, entered at its first byte (System V ABI, chapters 4 and 5). */
function elfOf(contents: Uint8Array, little: boolean): Uint8Array {
  const file = new Uint8Array(headerBytes + contents.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, little ? 1 : 2, 1]);
  view.setUint16(16, 2, little); // ET_EXEC
  view.setUint16(18, 21, little); // EM_PPC64
  view.setUint32(20, 1, little);
  view.setBigUint64(24, 0n, little); // Loaders add the load address to entry and p_paddr.
  view.setBigUint64(32, 64n, little);
  view.setUint16(52, 64, little);
  view.setUint16(54, 56, little);
  view.setUint16(56, 1, little);
  view.setUint32(64, 1, little); // PT_LOAD
  view.setUint32(68, 7, little);
  view.setBigUint64(72, BigInt(headerBytes), little);
  view.setBigUint64(96, BigInt(contents.length), little);
  view.setBigUint64(104, BigInt(contents.length), little);
  view.setBigUint64(112, 0x1_0000n, little);
  file.set(contents, headerBytes);
  return file;
}

/** Room of an image; the page of `place.data` lies behind. */
const largest = 0xf0_0000 - imageAddress;

class Writer {
  readonly bytes = new Uint8Array(largest);
  readonly view = new DataView(this.bytes.buffer);
  #end = 0;

  get here(): number {
    return imageAddress + this.#end;
  }

  skip(count: number): void {
    this.#end += count;
  }

  put(bytes: Uint8Array): number {
    const at = this.here;
    if (this.#end + bytes.length > largest) throw new RangeError('the guest does not fit below its data page');
    this.bytes.set(bytes, this.#end);
    this.#end += Math.ceil(bytes.length / 8) * 8;
    return at;
  }

  /** Assembles and puts. */
  source(text: string, littleEndian: boolean, symbols: Readonly<Record<string, bigint>> = {}): number {
    return this.put(assemble(text, { origin: BigInt(this.here), littleEndian, symbols }).bytes);
  }
}

/** Places of the runtime that cases may name: where a started vCPU enters, what reboots the machine once, the MSR at entry, and what
 * the next interrupt leaves. */
const shared = ['secondary', 'reboot', 'entryMsr', 'record'] as const;

/** The guest's CPU has FSCR. */
export function hasFscr({ options }: Guest): boolean {
  return editionOfCpu(options.cpu) >= 207;
}

/** Builds the image of a guest; `fscr` tells whether its CPU has FSCR. */
export function guestImage(guest: Guest, fscr: boolean): GuestImage {
  const writer = new Writer();
  const { radix = false } = guest;
  const options = { origin: BigInt(imageAddress), littleEndian: false };
  // The runtime's length is known before the addresses in it are: assembled once to measure.
  const measured = assemble(runtimeSource({ fscr, radix, cases: 0 }), { ...options, symbols: { stub: 0n } });
  const { symbols } = measured;
  const symbol = (name: string): bigint => {
    const value = symbols.get(name);
    if (value === undefined) throw new Error(`the runtime has no ${name}`);
    return value;
  };
  writer.skip(Math.ceil(measured.bytes.length / 8) * 8);

  const forHandler = { record: symbol('record'), collect: symbol('collect') };
  const little = writer.source(handler(true, fscr, stubReturn.little), true, forHandler);
  const big = writer.source(handler(false, fscr, stubReturn.big), false, forHandler);
  const tail = (littleEndian: boolean): Uint8Array =>
    assemble(stubTail(String(littleEndian ? little : big)), { littleEndian }).bytes;
  const head = assemble(stubHead, { littleEndian: false }).bytes;
  const stub = writer.put(Uint8Array.from([...head, ...tail(true), ...tail(false)]));
  if (writer.here - stub !== stubBytes) throw new Error('a stub has another size');

  const forCases = Object.fromEntries(shared.map((name) => [name, symbol(name)]));
  const texts = new Map<string, number>();
  const subroutine = (text: string | undefined): number => {
    if (text === undefined) return 0;
    const known = texts.get(text) ?? writer.source(`${text}\n blr`, false, forCases);
    texts.set(text, known);
    return known;
  };
  const parts = guest.cases.map((one) => ({
    one,
    prepare: subroutine(one.prepare),
    after: subroutine(one.after),
    program: program(writer, one, forCases),
  }));
  const cases = writer.here;
  for (const { one, prepare, after, program: at } of parts) {
    const bytes = new Uint8Array(descriptor.bytes);
    const view = new DataView(bytes.buffer);
    const set = (offset: number, value: bigint): void => view.setBigUint64(offset, BigInt.asUintN(64, value));
    set(descriptor.vcpu, BigInt(one.vcpu ?? 0));
    set(descriptor.prepare, BigInt(prepare));
    set(descriptor.after, BigInt(after));
    set(descriptor.msr, one.msr);
    set(descriptor.entry, one.entry ?? BigInt(at));
    set(descriptor.fscr, one.fscr ?? 0n);
    set(descriptor.lr, one.lr ?? 0n);
    set(descriptor.ctr, one.ctr ?? 0n);
    for (const [n, value] of (one.registers ?? []).entries()) set(descriptor.r3 + 8 * n, value);
    writer.put(bytes);
  }
  writer.put(new Uint8Array(8).fill(0xff));
  const end = writer.here;
  const runtime = assemble(runtimeSource({ fscr, radix, cases }), {
    ...options,
    symbols: { stub: BigInt(stub) },
  }).bytes;
  writer.bytes.set(runtime, 0);
  return {
    elf: elfOf(writer.bytes.subarray(0, end - imageAddress), guest.littleEndianFile === true),
    addresses: parts.map((part) => BigInt(part.program)),
  };
}

/** Programs end with a trap, so that one that completes is seen, too. */
function program(writer: Writer, one: GuestCase, symbols: Readonly<Record<string, bigint>>): number {
  return writer.source(`${one.code}\n trap`, one.littleEndian ?? (one.msr & 1n) === 1n, symbols);
}
