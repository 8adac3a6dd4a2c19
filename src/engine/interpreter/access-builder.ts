// Builds accesses to guest memory: a TLB probe in line, a call where it misses, and the way out after a fault.
import { state } from '../../cpu/state.ts';
import type { AccessSize, I32, I64, LocationSize, V128 } from '../../isa/builder.ts';
import type { Importer } from '../import-list.ts';
import type { Ir } from '../ir/ir.ts';
import { asNode } from '../ir/node.ts';
import { memoryLanes } from '../memory-lanes.ts';
import { writePrefixedMark } from '../operator-builder.ts';
import { tlbReach, writeTlbIndex } from '../tlb-index.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { coldResult } from './frame.ts';
import { type BuilderPlace, RegisterBuilder } from './register-builder.ts';

/** Implements what `Builder` says of memory; the subclass adds the flow of control. */
export abstract class AccessBuilder extends RegisterBuilder {
  protected readonly imports: Importer;

  constructor(ir: Ir, place: BuilderPlace, imports: Importer) {
    super(ir, place);
    this.imports = imports;
  }

  /** An address as the mode has it: 32-bit mode ignores the upper half. */
  protected ea(ea: I64): I64 {
    return this.is64 ? ea : this.ext32u(ea);
  }

  /** Writes the TLB probe for the address in local `ea`; leaves "missed" (i32) on the stack, host address in `host`. */
  #probe(ea: number, host: number, size: number, write: boolean): void {
    const { ir } = this;
    const entry = ir.locals.take('i32');
    const distance = ir.locals.take('i64');
    ir.localGet(ea);
    writeTlbIndex(ir, entry);
    const { main } = this.frame;
    if (main) ir.localGet(write ? main.tlbWrite : main.tlbRead);
    else {
      ir.localGet(this.frame.cpu);
      ir.memory(opcode.i32Load, write ? state.tlbWrite.offset : state.tlbRead.offset, 2);
    }
    ir.code.byte(0x6a);
    ir.localTee(entry);
    ir.memory(opcode.i32Load, 8, 2);
    ir.localGet(ea);
    ir.localGet(entry);
    ir.memory(opcode.i64Load, 0, 3);
    ir.code.byte(0x7d);
    ir.localTee(distance);
    ir.code.byte(0xa7);
    ir.code.byte(0x6a);
    ir.localSet(host);
    ir.localGet(distance);
    ir.i64Const(tlbReach - size);
    ir.code.byte(0x56);
  }

  /** The instruction has a prefix. */
  protected get isPrefixed(): boolean {
    return this.layout.pattern.prefix !== undefined;
  }

  /** Writes: leaves for the interrupt that was raised. */
  protected toFault(): void {
    const { ir } = this;
    if (this.isPrefixed) writePrefixedMark(ir, this.frame.cpu);
    if (this.frame.main) ir.branch(this.frame.main.fault);
    else {
      ir.i32Const(coldResult.raised);
      ir.return();
    }
  }

  /** Writes: leaves if what was called raised an interrupt. */
  protected faultIfRaised(): void {
    const { ir } = this;
    ir.localGet(this.frame.cpu);
    ir.memory(opcode.i32Load, state.exception.offset, 2);
    ir.openIf();
    this.toFault();
    ir.close();
  }

  load(size: AccessSize, ea: I64, options: { readonly signed?: boolean; readonly reverse?: boolean } = {}): I64 {
    const { ir } = this;
    const swap = size > 1 && !this.littleEndian;
    const raw = ir.ordered('i64', [asNode(this.ea(ea))], false, () => {
      const address = ir.locals.take('i64');
      const host = ir.locals.take('i32');
      ir.localSet(address);
      this.#probe(address, host, size, false);
      ir.openIf('i64');
      ir.localGet(this.frame.cpu);
      ir.localGet(address);
      ir.i32Const(size);
      ir.call(this.imports.core('loadSlow'));
      this.faultIfRaised();
      ir.openElse();
      ir.localGet(host);
      ir.memory(opcode.i64LoadBySize[size], 0, 0);
      if (swap) this.#swapOnStack(size);
      ir.close();
    });
    let value: I64 = this.typed(raw);
    if (options.reverse && size > 1) value = this.byteReverse(size === 1 ? 2 : size, value);
    if (options.signed)
      value =
        size === 1 ? this.ext8s(value) : size === 2 ? this.ext16s(value) : size === 4 ? this.ext32s(value) : value;
    return value;
  }

  /** Byte reversal of the i64 on the stack. */
  #swapOnStack(size: AccessSize): void {
    const { ir } = this;
    const { code } = ir;
    // Reversing eight bytes and shifting down serves all sizes.
    code.bytes([0xfd, 18]);
    code.bytes([0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    code.bytes([0xfd, 13, 7, 6, 5, 4, 3, 2, 1, 0, 8, 9, 10, 11, 12, 13, 14, 15]);
    code.bytes([0xfd, 29, 0]);
    if (size < 8) {
      code.byte(0x42);
      code.s64(64 - 8 * size);
      code.byte(0x88);
    }
  }

  store(size: AccessSize, ea: I64, value: I64, options: { readonly reverse?: boolean } = {}): void {
    const { ir } = this;
    const reversed = options.reverse && size > 1 ? this.byteReverse(size === 1 ? 2 : size, value) : value;
    const swap = size > 1 && !this.littleEndian;
    ir.effect([asNode(this.ea(ea)), asNode(reversed)], '', () => {
      const address = ir.locals.take('i64');
      const data = ir.locals.take('i64');
      const host = ir.locals.take('i32');
      ir.localSet(data);
      ir.localSet(address);
      this.#probe(address, host, size, true);
      ir.openIf();
      ir.localGet(this.frame.cpu);
      ir.localGet(address);
      ir.i32Const(size);
      ir.localGet(data);
      ir.call(this.imports.core('storeSlow'));
      this.faultIfRaised();
      ir.openElse();
      ir.localGet(host);
      ir.localGet(data);
      if (swap) this.#swapOnStack(size);
      ir.memory(opcode.i64StoreBySize[size], 0, 0);
      ir.close();
    });
  }

  loadVector(element: 1 | 2 | 4 | 8 | 16, ea: I64): V128 {
    const { ir } = this;
    const raw = ir.ordered('v128', [asNode(this.ea(ea))], false, () => {
      const address = ir.locals.take('i64');
      const host = ir.locals.take('i32');
      ir.localSet(address);
      this.#probe(address, host, 16, false);
      ir.openIf('v128');
      ir.localGet(this.frame.cpu);
      ir.localGet(address);
      ir.call(this.imports.core('loadSlow128'));
      this.faultIfRaised();
      ir.openElse();
      ir.localGet(host);
      ir.memory(opcode.v128Load, 0, 0);
      ir.close();
    });
    return this.#arrange(element, this.typed(raw));
  }

  storeVector(element: 1 | 2 | 4 | 8 | 16, ea: I64, value: V128): void {
    const { ir } = this;
    ir.effect([asNode(this.ea(ea)), asNode(this.#arrange(element, value))], '', () => {
      const address = ir.locals.take('i64');
      const data = ir.locals.take('v128');
      const host = ir.locals.take('i32');
      ir.localSet(data);
      ir.localSet(address);
      this.#probe(address, host, 16, true);
      ir.openIf();
      ir.localGet(this.frame.cpu);
      ir.localGet(address);
      ir.localGet(data);
      ir.call(this.imports.core('storeSlow128'));
      this.faultIfRaised();
      ir.openElse();
      ir.localGet(host);
      ir.localGet(data);
      ir.memory(opcode.v128Store, 0, 0);
      ir.close();
    });
  }

  #arrange(element: 1 | 2 | 4 | 8 | 16, v: V128): V128 {
    const lanes = memoryLanes(element, this.littleEndian);
    return lanes ? this.shuffle(v, v, lanes) : v;
  }

  #hostAddress(size: LocationSize, ea: I64, write: boolean): I32 {
    const { ir } = this;
    const node = ir.ordered('i32', [asNode(this.ea(ea))], false, () => {
      const address = ir.locals.take('i64');
      ir.localSet(address);
      ir.localGet(this.frame.cpu);
      ir.localGet(address);
      ir.i32Const(size);
      ir.i32Const(write ? 1 : 0);
      ir.call(this.imports.core('hostAddress'));
      this.faultIfRaised();
    });
    return this.typed(node);
  }

  loadReserve(size: AccessSize, ea: I64, location: LocationSize = size): I64 {
    const host = this.#hostAddress(location, ea, false);
    this.writeState('reserve', this.cpu(), opcode.i32Store, state.reserveHost.offset, host);
    this.writeState('reserve', this.cpu(), opcode.i32Store, state.reserveSize.offset, this.const32(location));
    return this.load(size, ea);
  }

  storeConditional(size: AccessSize, ea: I64, value: I64, location: LocationSize = size): I32 {
    this.flow.storesConditionally = true;
    const host = this.#hostAddress(location, ea, true);
    const sameHost = this.op('i32.eq', host, this.stateWord('reserve', state.reserveHost.offset));
    const sameSize = this.op('i32.eq', this.const32(location), this.stateWord('reserve', state.reserveSize.offset));
    const holds = this.op('i32.and', sameHost, sameSize);
    const { ir } = this;
    // Fixed in a local here: the reservation is cleared below.
    const performed = this.typed<'i32'>(ir.ordered('i32', [asNode(holds)], false, () => {}));
    this.writeState('reserve', this.cpu(), opcode.i32Store, state.reserveHost.offset, this.const32(0));
    this.if(performed, () => this.store(size, ea, value));
    return performed;
  }
}
