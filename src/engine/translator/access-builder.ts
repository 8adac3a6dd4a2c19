// Builds accesses to guest memory: a probe, then a plain load or store; what misses leaves the region.
import { state } from '../../cpu/state.ts';
import type { AccessSize, I32, I64, LocationSize, V128 } from '../../isa/builder.ts';
import { alignedDown, asNode, type Node, type StateSum, sumOf, sumOfStates } from '../ir/node.ts';
import { memoryLanes } from '../memory-lanes.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { alignedBase, quadwordBytes } from './block-pages.ts';
import { type AddressBase, writeProbe } from './probe.ts';
import { writeSite } from './region-frame.ts';
import { RegisterBuilder } from './register-builder.ts';

/** Bytes that dcbz sets to zero. */
const cacheBlockBytes = 128;

/** Accesses to guest memory. */
export abstract class AccessBuilder extends RegisterBuilder {
  protected ea(ea: I64): I64 {
    return this.is64 ? ea : this.ext32u(ea);
  }

  /** Remembers which instruction is about to do something that can leave: page offset, instructions to give back. */
  protected markSite(): void {
    writeSite(this.ir, this.frame, this.instruction.at, this.remaining);
  }

  /** The register off which an address is made; undefined when there is none. */
  protected baseOf(ea: Node): AddressBase | undefined {
    const sum = this.#sumOf(ea);
    if (sum) return sum;
    for (let node: Node | undefined = ea; node; node = node.args[0]) {
      if (node.kind === 'read') return { stateClass: node.stateClass, displacement: undefined };
    }
    return undefined;
  }

  /** The register and the constant that an address is the sum of; lvx and its like take that sum's quadword. */
  #sumOf(ea: Node): StateSum | undefined {
    const within = alignedDown(ea, quadwordBytes);
    if (within) {
      const sum = this.#sumOf(within);
      if (!sum || sum.displacement % quadwordBytes !== 0) return undefined;
      return { stateClass: alignedBase(sum.stateClass), displacement: sum.displacement };
    }
    const states = sumOfStates(ea);
    if (!states) return sumOf(ea);
    const [a, b] = states;
    const { blockPages } = this.frame;
    const index = blockPages.constant(b);
    if (index !== undefined) return { stateClass: a, displacement: index };
    const base = blockPages.constant(a);
    return base === undefined ? undefined : { stateClass: b, displacement: base };
  }

  /** Writes the way from the address on the stack to its place in linear memory, which stays there. */
  #probe(size: number, write: boolean, base: AddressBase | undefined): void {
    this.markSite();
    writeProbe(this.ir, this.frame, size, write, base);
  }

  /**
   * The place in linear memory of an access (i32), which is looked for unless an access before it has found it; `displacement` is what
   * the memory operator must add.
   */
  #place(size: number, write: boolean, address: Node): { readonly host: Node; readonly displacement: number } {
    const { ir } = this;
    // What one way through an instruction finds, another one does not have.
    const base = ir.nested ? undefined : this.baseOf(address);
    const { stateClass = '', displacement } = base ?? {};
    const found =
      displacement === undefined ? undefined : this.frame.blockPages.find(stateClass, write, displacement, size);
    if (!found) {
      return { host: ir.ordered('i32', [address], false, () => this.#probe(size, write, base)), displacement: 0 };
    }
    const { page, distance } = found;
    const host = this.typed<'i32'>(ir.written('i32', [], () => ir.localGet(page.host)));
    if (distance >= 0) return { host: asNode(host), displacement: distance };
    return { host: asNode(this.op('i32.add', host, this.const32(distance))), displacement: 0 };
  }

  load(size: AccessSize, ea: I64, options: { readonly signed?: boolean; readonly reverse?: boolean } = {}): I64 {
    const { ir } = this;
    const swap = size > 1 && this.littleEndian === (options.reverse === true);
    const narrow = options.signed && !swap && size < 8;
    const { host, displacement } = this.#place(size, false, asNode(this.ea(ea)));
    const raw = ir.ordered('i64', [host], false, () =>
      ir.memory(narrow ? opcode.i64LoadSignedBySize[size] : opcode.i64LoadBySize[size], displacement, 0),
    );
    const value: I64 = this.typed(raw);
    if (!swap) return value;
    const swapped = this.byteReverse(size === 1 ? 2 : size, value);
    if (!options.signed) return swapped;
    return size === 2 ? this.ext16s(swapped) : size === 4 ? this.ext32s(swapped) : swapped;
  }

  store(size: AccessSize, ea: I64, value: I64, options: { readonly reverse?: boolean } = {}): void {
    const { ir } = this;
    const swap = size > 1 && this.littleEndian === (options.reverse === true);
    const data = swap ? this.byteReverse(size === 1 ? 2 : size, value) : value;
    const { host, displacement } = this.#place(size, true, asNode(this.ea(ea)));
    ir.effect([host, asNode(data)], '', () => ir.memory(opcode.i64StoreBySize[size], displacement, 0));
  }

  loadVector(element: 1 | 2 | 4 | 8 | 16, ea: I64): V128 {
    const { ir } = this;
    const { host, displacement } = this.#place(16, false, asNode(this.ea(ea)));
    const raw = ir.ordered('v128', [host], false, () => ir.memory(opcode.v128Load, displacement, 0));
    const lanes = memoryLanes(element, this.littleEndian);
    const value: V128 = this.typed(raw);
    return lanes ? this.shuffle(value, value, lanes) : value;
  }
  storeVector(element: 1 | 2 | 4 | 8 | 16, ea: I64, value: V128): void {
    const { ir } = this;
    const lanes = memoryLanes(element, this.littleEndian);
    const data = lanes ? this.shuffle(value, value, lanes) : value;
    const { host, displacement } = this.#place(16, true, asNode(this.ea(ea)));
    ir.effect([host, asNode(data)], '', () => ir.memory(opcode.v128Store, displacement, 0));
  }

  /** Host address of a naturally aligned access; others leave the region, so that the interpreter raises what is due. */
  #alignedHost(size: LocationSize, ea: I64, write: boolean): I32 {
    const { ir } = this;
    const address = this.ea(ea);
    if (size > 1) {
      const low = this.op('i32.and', this.wrap(address), this.const32(size - 1));
      ir.effect([asNode(low)], '', () => {
        this.markSite();
        ir.branchIf(this.frame.miss);
      });
    }
    return this.typed(ir.ordered('i32', [asNode(address)], false, () => this.#probe(size, write, undefined)));
  }

  loadReserve(size: AccessSize, ea: I64, location: LocationSize = size): I64 {
    const { ir } = this;
    const host = this.#alignedHost(location, ea, false);
    // The reservation names the location by its place in linear memory, as the interpreter's does.
    this.writeMemory('reserve', opcode.i32Store, state.reserveHost.offset, host);
    this.writeMemory('reserve', opcode.i32Store, state.reserveSize.offset, this.const32(location));
    const raw: I64 = this.typed(
      ir.ordered('i64', [asNode(host)], false, () => ir.memory(opcode.i64LoadBySize[size], 0, 0)),
    );
    return this.littleEndian || size === 1 ? raw : this.byteReverse(size, raw);
  }

  storeConditional(size: AccessSize, ea: I64, value: I64, location: LocationSize = size): I32 {
    const { ir } = this;
    const host = this.#alignedHost(location, ea, true);
    const sameHost = this.op(
      'i32.eq',
      host,
      this.readMemory('i32', 'reserve', opcode.i32Load, state.reserveHost.offset),
    );
    const sameSize = this.op(
      'i32.eq',
      this.const32(location),
      this.readMemory('i32', 'reserve', opcode.i32Load, state.reserveSize.offset),
    );
    const performed: I32 = this.typed(
      ir.ordered('i32', [asNode(this.op('i32.and', sameHost, sameSize))], false, () => {}),
    );
    this.writeMemory('reserve', opcode.i32Store, state.reserveHost.offset, this.const32(0));
    const data = this.littleEndian || size === 1 ? value : this.byteReverse(size, value);
    this.if(performed, () =>
      ir.effect([asNode(host), asNode(data)], '', () => ir.memory(opcode.i64StoreBySize[size], 0, 0)),
    );
    return performed;
  }

  /** Writes zeros to the block of an address; a block that is no ordinary memory is left to the interpreter. */
  protected zeroBlock(ea: I64): void {
    const { ir } = this;
    const address = asNode(this.ea(this.and(ea, this.const(-cacheBlockBytes))));
    const base = this.baseOf(address);
    const host = ir.ordered('i32', [address], false, () => this.#probe(cacheBlockBytes, true, base));
    for (let offset = 0; offset < cacheBlockBytes; offset += 16) {
      const zero = asNode(this.constV128(new Array<number>(16).fill(0)));
      ir.effect([host, zero], '', () => ir.memory(opcode.v128Store, offset, 0));
    }
  }
}
