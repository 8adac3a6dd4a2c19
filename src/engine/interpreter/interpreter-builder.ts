// Builds meanings with fields as run-time values: every register number and immediate is read from the record.
import { facilityBit, slotOffset, state } from '../../cpu/state.ts';
import type {
  AccessSize,
  DerivedName,
  Field,
  I32,
  I64,
  LeaveCode,
  ProgramReason,
  RegisterNumber,
  V128,
  Value,
} from '../../isa/builder.ts';
import type { FieldName } from '../../isa/field.ts';
import { supervisorFunctions } from '../../isa/functions/supervisor.ts';
import { type FunctionName, functions } from '../../isa/functions.ts';
import type { Facility, InstructionRow } from '../../isa/row.ts';
import type { SlotName } from '../../isa/slots.ts';
import type { ValueType } from '../../isa/value-type.ts';
import type { CoreImport } from '../environment-imports.ts';
import type { Ir } from '../ir/ir.ts';
import { asNode, type Node } from '../ir/node.ts';
import { leaveReason } from '../leave-reason.ts';
import { memoryLanes } from '../memory-lanes.ts';
import { OperatorBuilder, programSrr1, writePrefixedMark } from '../operator-builder.ts';
import type { RecordLayout } from '../record-layout.ts';
import { endCalls, regionCalls, translationCalls } from '../region-calls.ts';
import { writeTlbIndex } from '../tlb-index.ts';
import { opcode } from '../wasm/memory-operators.ts';

/** Mode bits that are fixed in a generated module. */
export interface Mode {
  readonly is64: boolean;
  readonly littleEndian: boolean;
}

/**
 * What the function of one instruction returns: it was completed (a prefixed one: two records), an interrupt was raised, or
 * the context may have changed and `nip` says where to go on.
 */
export const coldResult = { done: 0, raised: 1, prefixedDone: 2, resume: 3 } as const;

/** Locals and labels of the function that the code goes into. */
export interface Frame {
  /** Local of the CPU state's address and of the record's address. */
  readonly cpu: number;
  readonly record: number;
  /** Main function only: where branches, faults and ends go. */
  readonly main: MainFrame | undefined;
}

/** What the main function offers beyond a function of one instruction. */
export interface MainFrame {
  readonly recordBase: number;
  readonly pageEa: number;
  readonly start: number;
  readonly left: number;
  readonly target: number;
  readonly tlbRead: number;
  readonly tlbWrite: number;
  /** Labels. */
  readonly next: number;
  readonly jump: number;
  readonly fault: number;
  readonly resume: number;
  readonly nearBudget: number;
}

/** What a meaning does to the flow of control, found while it is built. */
export interface MeaningFlow {
  /** Field of a branch relative to the instruction. */
  relative: FieldName | undefined;
  /** It branches to an address that is not relative to its own. */
  indirect: boolean;
  /** Control never reaches the end of the meaning. */
  ends: boolean;
  /** It can change MSR, must see NIP, or hands over to the machine. */
  leaves: boolean;
  /** It may take translations away. */
  changesTranslation: boolean;
}

/** Gives function indices of imports. */
export interface Importer {
  core(name: CoreImport): number;
  dataPlane(name: FunctionName): number;
}

/** Interrupt cause numbers of FSCR (Book III section 6.2.11) for facilities other than FP, VEC and VSX. */
const facilityCause: Readonly<Partial<Record<Facility, number>>> = {
  DSCR: 2,
  TM: 5,
  EBB: 7,
  TAR: 8,
  MSGP: 10,
  SCV: 12,
  PREFIX: 13,
  DFP: 1,
};
const facilityVector: Readonly<Partial<Record<Facility, number>>> = { FP: 0x800, DFP: 0x800, VEC: 0xf20, VSX: 0xf40 };

/** Thrown when a meaning needs the main function (flow of control) but is being built as a function of its own. */
export class NeedsMainFunction extends Error {}

/** Functions that read or write FPSCR as a whole: translated code keeps parts of it elsewhere. */
const statusFunctions: ReadonlySet<FunctionName> = new Set<FunctionName>(['moveToFpscr', 'mtfsb1', 'mcrfs']);

const msrPr = 0x4000;

/** Implements `Builder` for the interpreter. */
export class InterpreterBuilder extends OperatorBuilder {
  readonly is64: boolean;
  readonly littleEndian: boolean;
  readonly #frame: Frame;
  readonly #layout: RecordLayout;
  readonly #fixed: Readonly<Record<string, number>>;
  readonly #imports: Importer;
  readonly #near: boolean;
  /** What the meaning does to the flow of control. */
  readonly flow: MeaningFlow = {
    relative: undefined,
    indirect: false,
    ends: false,
    leaves: false,
    changesTranslation: false,
  };

  constructor(
    ir: Ir,
    mode: Mode,
    frame: Frame,
    layout: RecordLayout,
    fixed: Readonly<Record<string, number>>,
    imports: Importer,
    near: boolean,
  ) {
    super(ir);
    this.is64 = mode.is64;
    this.littleEndian = mode.littleEndian;
    this.#frame = frame;
    this.#layout = layout;
    this.#fixed = fixed;
    this.#imports = imports;
    this.#near = near;
  }

  // --- checks that precede the meaning

  /** Privilege and facility checks of a row. */
  checks(row: InstructionRow): void {
    if (row.privilege === 'supervisor') {
      this.if(this.wrap(this.and(this.slot('msr'), this.const(msrPr))), () => this.program('privileged'));
    } else if (row.privilege === 'hypervisor') {
      this.program('privileged');
    }
    if (row.prefix !== undefined) this.#facilityCheck('PREFIX');
    if (row.facility) this.#facilityCheck(row.facility);
    if (row.secondFacility) this.#facilityCheck(row.secondFacility);
    if (row.facilityByField) {
      const { field, facilities } = row.facilityByField;
      this.if(
        this.imm32({ name: field }),
        () => this.#facilityCheck(facilities[1]),
        () => this.#facilityCheck(facilities[0]),
      );
    }
  }

  #facilityCheck(facility: Facility): void {
    const word = this.#stateWord('facilities', state.facilities.offset);
    const usable = this.op('i32.and', word, this.const32(facilityBit[facility]));
    this.if(this.op('i32.eqz', usable), () => {
      const vector = facilityVector[facility];
      if (vector !== undefined) this.#raise(vector, 0);
      else this.#facilityUnavailable(facilityCause[facility] ?? 0);
    });
  }

  #facilityUnavailable(cause: number): void {
    const { ir } = this;
    ir.effect([], '*', () => {
      ir.localGet(this.#frame.cpu);
      ir.i32Const(cause);
      ir.call(this.#imports.core('facilityUnavailable'));
      this.#toFault();
    });
  }

  // --- fields

  #record(code: number, offset: number, type: ValueType = 'i32'): Node {
    const { ir } = this;
    return ir.written(type, [], () => {
      ir.localGet(this.#frame.record);
      ir.memory(code, offset, 0);
    });
  }

  imm(field: Field): I64 {
    const { offset, size, signed } = this.#layout.value(field.name);
    if (size === 8) return this.typed(this.#record(opcode.i64Load, offset, 'i64'));
    const code =
      size === 2 ? (signed ? opcode.i64Load16S : opcode.i64Load16U) : signed ? opcode.i64Load32S : opcode.i64Load32U;
    return this.typed(this.#record(code, offset, 'i64'));
  }
  imm32(field: Field): I32 {
    const { offset, size, signed } = this.#layout.value(field.name);
    const code = size === 2 ? (signed ? opcode.i32Load16S : opcode.i32Load16U) : opcode.i32Load;
    return this.typed(this.#record(code, offset));
  }
  fixed(field: Field): number {
    const value = this.#fixed[field.name];
    if (value === undefined) throw new Error(`field ${field.name} is not among the row's fixed fields`);
    return value;
  }
  derived(name: DerivedName, a: Field, b?: Field): I64 {
    return this.typed(this.#record(opcode.i64Load, this.#layout.derived(name, a.name, b?.name), 'i64'));
  }

  // --- state

  /** Address (i32) of state whose offset stands in a 2-byte slot of the record. */
  #addressOfSlot(slot: number): Node {
    const { ir } = this;
    return ir.written('i32', [], () => {
      ir.localGet(this.#frame.cpu);
      ir.localGet(this.#frame.record);
      ir.memory(opcode.i32Load16U, slot, 0);
      ir.code.byte(0x6a);
    });
  }
  /** Address of the CPU state itself, with the item's offset given to the memory operator. */
  #cpu(): Node {
    const { ir } = this;
    return ir.written('i32', [], () => ir.localGet(this.#frame.cpu));
  }

  #readState<T extends ValueType>(type: T, stateClass: string, address: Node, code: number, offset: number): Value<T> {
    const { ir } = this;
    return this.typed(ir.read(type, stateClass, [address], () => ir.memory(code, offset, 0)));
  }
  #writeState(stateClass: string, address: Node, code: number, offset: number, value: Value): void {
    const { ir } = this;
    ir.effect([address, asNode(value)], stateClass, () => ir.memory(code, offset, 0));
  }
  #stateWord(stateClass: string, offset: number): I32 {
    return this.#readState('i32', stateClass, this.#cpu(), opcode.i32Load, offset);
  }

  /** State address plus (field + step modulo 32) registers: records have no room for every register of a multiple. */
  #steppedAddress(field: Field, step: number, shift: number): Node {
    const number = this.op('i32.and', this.op('i32.add', this.imm32(field), this.const32(step)), this.const32(31));
    return asNode(this.op('i32.add', this.typed<'i32'>(this.#cpu()), this.op('i32.shl', number, this.const32(shift))));
  }
  #gprPlace(n: RegisterNumber, step: number): { address: Node; offset: number } {
    if (typeof n === 'number') return { address: this.#cpu(), offset: state.gpr.offset + 8 * n };
    if (step !== 0) return { address: this.#steppedAddress(n, step, 3), offset: state.gpr.offset };
    return { address: this.#addressOfSlot(this.#layout.register('gpr', n.name, 0)), offset: 0 };
  }
  gpr(n: RegisterNumber): I64 {
    const { address, offset } = this.#gprPlace(n, 0);
    return this.#readState('i64', 'gpr', address, opcode.i64Load, offset);
  }
  gprOr0(n: Field): I64 {
    return this.#readState('i64', 'gpr', this.#addressOfSlot(this.#layout.gprOrZero(n.name)), opcode.i64Load, 0);
  }
  gprAt(field: Field, step: number): I64 {
    const { address, offset } = this.#gprPlace(field, step);
    return this.#readState('i64', 'gpr', address, opcode.i64Load, offset);
  }
  setGpr(n: RegisterNumber, value: I64): void {
    const { address, offset } = this.#gprPlace(n, 0);
    this.#writeState('gpr', address, opcode.i64Store, offset, value);
  }
  setGprAt(field: Field, step: number, value: I64): void {
    const { address, offset } = this.#gprPlace(field, step);
    this.#writeState('gpr', address, opcode.i64Store, offset, value);
  }

  #vsrPlace(n: RegisterNumber, step: number, base: 0 | 32): { address: Node; offset: number } {
    if (typeof n === 'number') return { address: this.#cpu(), offset: state.vsr.offset + 16 * (base + n) };
    if (step !== 0) return { address: this.#steppedAddress(n, step, 4), offset: state.vsr.offset + 16 * base };
    return { address: this.#addressOfSlot(this.#layout.register('vsr', n.name, base)), offset: 0 };
  }
  fpr(n: RegisterNumber): I64 {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    return this.#readState('i64', 'vsr', address, opcode.i64Load, offset + 8);
  }
  fprAt(field: Field, step: number): I64 {
    const { address, offset } = this.#vsrPlace(field, step, 0);
    return this.#readState('i64', 'vsr', address, opcode.i64Load, offset + 8);
  }
  setFpr(n: RegisterNumber, value: I64): void {
    this.setFprAt(n, 0, value);
  }
  setFprAt(n: RegisterNumber, step: number, value: I64): void {
    const { address, offset } = this.#vsrPlace(n, step, 0);
    this.#writeState('vsr', address, opcode.i64Store, offset + 8, value);
    this.#writeState('vsr', address, opcode.i64Store, offset, this.const(0));
  }
  vsr(n: RegisterNumber): V128 {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    return this.#readState('v128', 'vsr', address, opcode.v128Load, offset);
  }
  setVsr(n: RegisterNumber, value: V128): void {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    this.#writeState('vsr', address, opcode.v128Store, offset, value);
  }
  vsrOfPair(field: Field, which: 0 | 1): V128 {
    const address = this.#addressOfSlot(this.#layout.register('vsr', field.name, 0, 2));
    return this.#readState('v128', 'vsr', address, opcode.v128Load, 16 * which);
  }
  setVsrOfPair(field: Field, which: 0 | 1, value: V128): void {
    const address = this.#addressOfSlot(this.#layout.register('vsr', field.name, 0, 2));
    this.#writeState('vsr', address, opcode.v128Store, 16 * which, value);
  }
  vr(n: RegisterNumber): V128 {
    const { address, offset } = this.#vsrPlace(n, 0, 32);
    return this.#readState('v128', 'vsr', address, opcode.v128Load, offset);
  }
  setVr(n: RegisterNumber, value: V128): void {
    const { address, offset } = this.#vsrPlace(n, 0, 32);
    this.#writeState('vsr', address, opcode.v128Store, offset, value);
  }
  vsrDoubleword(n: RegisterNumber, which: 0 | 1): I64 {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    return this.#readState('i64', 'vsr', address, opcode.i64Load, offset + (which === 0 ? 8 : 0));
  }
  #reference(n: RegisterNumber, base: 0 | 32): I32 {
    const { address, offset } = this.#vsrPlace(n, 0, base);
    return offset === 0 ? this.typed(address) : this.op('i32.add', this.typed<'i32'>(address), this.const32(offset));
  }
  vsrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 0);
  }
  vrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 32);
  }

  vsrPairRef(field: Field): I32 {
    return this.typed(this.#addressOfSlot(this.#layout.register('vsr', field.name, 0, 2)));
  }
  accumulatorRef(field: Field): I32 {
    return this.typed(this.#addressOfSlot(this.#layout.register('vsr', field.name, 0, 4)));
  }

  floatingPointException(): I32 {
    const fpscr = this.#readState('i32', 'slot:fpscr', this.#cpu(), opcode.i32Load, slotOffset.fpscr);
    return this.op('i32.and', fpscr, this.const32(0x4000_0000));
  }
  slot(name: SlotName): I64 {
    if (name === 'fpscr') this.flow.leaves = true;
    return this.#readState('i64', `slot:${name}`, this.#cpu(), opcode.i64Load, slotOffset[name]);
  }
  setSlot(name: SlotName, value: I64): void {
    this.#writeState(`slot:${name}`, this.#cpu(), opcode.i64Store, slotOffset[name], value);
  }
  #sprAddress(field: Field): Node {
    const offset = this.#record(opcode.i32Load, this.#layout.derived('sprOffset', field.name, undefined));
    return asNode(this.op('i32.add', this.typed<'i32'>(this.#cpu()), this.typed<'i32'>(offset)));
  }
  sprAt(field: Field): I64 {
    return this.#readState('i64', 'spr', this.#sprAddress(field), opcode.i64Load, 0);
  }
  setSprAt(field: Field, value: I64): void {
    this.#writeState('*', this.#sprAddress(field), opcode.i64Store, 0, value);
  }

  #crFieldPlace(n: RegisterNumber): { address: Node; offset: number } {
    if (typeof n === 'number') return { address: this.#cpu(), offset: state.cr.offset + n };
    return { address: this.#addressOfSlot(this.#layout.crField(n.name)), offset: 0 };
  }
  crField(n: RegisterNumber): I32 {
    const { address, offset } = this.#crFieldPlace(n);
    return this.#readState('i32', 'cr', address, opcode.i32Load8U, offset);
  }
  setCrField(n: RegisterNumber, value: I32): void {
    const { address, offset } = this.#crFieldPlace(n);
    this.#writeState('cr', address, opcode.i32Store8, offset, value);
  }
  #crBitPlace(n: RegisterNumber): { address: Node; offset: number; shift: I32 } {
    if (typeof n === 'number') {
      return { address: this.#cpu(), offset: state.cr.offset + (n >> 2), shift: this.const32(3 - (n & 3)) };
    }
    const slots = this.#layout.crBit(n.name);
    return {
      address: this.#addressOfSlot(slots.offset),
      offset: 0,
      shift: this.typed(this.#record(opcode.i32Load16U, slots.shift)),
    };
  }
  crBit(n: RegisterNumber): I32 {
    const { address, offset, shift } = this.#crBitPlace(n);
    const field = this.#readState('i32', 'cr', address, opcode.i32Load8U, offset);
    return this.op('i32.and', this.op('i32.shr_u', field, shift), this.const32(1));
  }
  setCrBit(n: RegisterNumber, value: I32): void {
    const { address, offset, shift } = this.#crBitPlace(n);
    const field = this.#readState('i32', 'cr', address, opcode.i32Load8U, offset);
    const cleared = this.op(
      'i32.and',
      field,
      this.op('i32.xor', this.op('i32.shl', this.const32(1), shift), this.const32(-1)),
    );
    this.#writeState(
      'cr',
      address,
      opcode.i32Store8,
      offset,
      this.op('i32.or', cleared, this.op('i32.shl', value, shift)),
    );
  }

  // --- memory

  #ea(ea: I64): I64 {
    return this.is64 ? ea : this.ext32u(ea);
  }

  /** Writes the TLB probe for the address in local `ea`; leaves "missed" (i32) on the stack, host address in `host`. */
  #probe(ea: number, host: number, size: number, write: boolean): void {
    const { ir } = this;
    const entry = ir.locals.take('i32');
    const distance = ir.locals.take('i64');
    ir.localGet(ea);
    writeTlbIndex(ir, entry);
    const { main } = this.#frame;
    if (main) ir.localGet(write ? main.tlbWrite : main.tlbRead);
    else {
      ir.localGet(this.#frame.cpu);
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
    ir.code.byte(0x42);
    ir.code.s64(4096 - size);
    ir.code.byte(0x56);
  }

  get #isPrefixed(): boolean {
    return this.#layout.pattern.prefix !== undefined;
  }

  #toFault(): void {
    const { ir } = this;
    if (this.#isPrefixed) writePrefixedMark(ir, this.#frame.cpu);
    if (this.#frame.main) ir.branch(this.#frame.main.fault);
    else {
      ir.i32Const(coldResult.raised);
      ir.return();
    }
  }

  #faultIfRaised(): void {
    const { ir } = this;
    ir.localGet(this.#frame.cpu);
    ir.memory(opcode.i32Load, state.exception.offset, 2);
    ir.openIf();
    this.#toFault();
    ir.close();
  }

  load(size: AccessSize, ea: I64, options: { readonly signed?: boolean; readonly reverse?: boolean } = {}): I64 {
    const { ir } = this;
    const swap = size > 1 && !this.littleEndian;
    const raw = ir.ordered('i64', [asNode(this.#ea(ea))], false, () => {
      const address = ir.locals.take('i64');
      const host = ir.locals.take('i32');
      ir.localSet(address);
      this.#probe(address, host, size, false);
      ir.openIf('i64');
      ir.localGet(this.#frame.cpu);
      ir.localGet(address);
      ir.i32Const(size);
      ir.call(this.#imports.core('loadSlow'));
      this.#faultIfRaised();
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
    ir.effect([asNode(this.#ea(ea)), asNode(reversed)], '', () => {
      const address = ir.locals.take('i64');
      const data = ir.locals.take('i64');
      const host = ir.locals.take('i32');
      ir.localSet(data);
      ir.localSet(address);
      this.#probe(address, host, size, true);
      ir.openIf();
      ir.localGet(this.#frame.cpu);
      ir.localGet(address);
      ir.i32Const(size);
      ir.localGet(data);
      ir.call(this.#imports.core('storeSlow'));
      this.#faultIfRaised();
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
    const raw = ir.ordered('v128', [asNode(this.#ea(ea))], false, () => {
      const address = ir.locals.take('i64');
      const host = ir.locals.take('i32');
      ir.localSet(address);
      this.#probe(address, host, 16, false);
      ir.openIf('v128');
      ir.localGet(this.#frame.cpu);
      ir.localGet(address);
      ir.call(this.#imports.core('loadSlow128'));
      this.#faultIfRaised();
      ir.openElse();
      ir.localGet(host);
      ir.memory(opcode.v128Load, 0, 0);
      ir.close();
    });
    return this.#arrange(element, this.typed(raw));
  }

  storeVector(element: 1 | 2 | 4 | 8 | 16, ea: I64, value: V128): void {
    const { ir } = this;
    ir.effect([asNode(this.#ea(ea)), asNode(this.#arrange(element, value))], '', () => {
      const address = ir.locals.take('i64');
      const data = ir.locals.take('v128');
      const host = ir.locals.take('i32');
      ir.localSet(data);
      ir.localSet(address);
      this.#probe(address, host, 16, true);
      ir.openIf();
      ir.localGet(this.#frame.cpu);
      ir.localGet(address);
      ir.localGet(data);
      ir.call(this.#imports.core('storeSlow128'));
      this.#faultIfRaised();
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

  #hostAddress(size: AccessSize, ea: I64, write: boolean): I32 {
    const { ir } = this;
    const node = ir.ordered('i32', [asNode(this.#ea(ea))], false, () => {
      const address = ir.locals.take('i64');
      ir.localSet(address);
      ir.localGet(this.#frame.cpu);
      ir.localGet(address);
      ir.i32Const(size);
      ir.i32Const(write ? 1 : 0);
      ir.call(this.#imports.core('hostAddress'));
      this.#faultIfRaised();
    });
    return this.typed(node);
  }

  loadReserve(size: AccessSize, ea: I64): I64 {
    const host = this.#hostAddress(size, ea, false);
    this.#writeState('reserve', this.#cpu(), opcode.i32Store, state.reserveHost.offset, host);
    this.#writeState('reserve', this.#cpu(), opcode.i32Store, state.reserveSize.offset, this.const32(size));
    return this.load(size, ea);
  }

  storeConditional(size: AccessSize, ea: I64, value: I64): I32 {
    const host = this.#hostAddress(size, ea, true);
    const sameHost = this.op('i32.eq', host, this.#stateWord('reserve', state.reserveHost.offset));
    const sameSize = this.op('i32.eq', this.const32(size), this.#stateWord('reserve', state.reserveSize.offset));
    const holds = this.op('i32.and', sameHost, sameSize);
    const { ir } = this;
    // Fixed in a local here: the reservation is cleared below.
    const performed = this.typed<'i32'>(ir.ordered('i32', [asNode(holds)], false, () => {}));
    this.#writeState('reserve', this.#cpu(), opcode.i32Store, state.reserveHost.offset, this.const32(0));
    this.if(performed, () => this.store(size, ea, value));
    return performed;
  }

  // --- flow of control

  #main(): MainFrame {
    if (!this.#frame.main) throw new NeedsMainFunction();
    return this.#frame.main;
  }

  /** A function of its own finds CIA in `nip`. */
  needsCia = false;

  #ciaNode(step: number): I64 {
    const { main } = this.#frame;
    const { ir } = this;
    if (!main) {
      this.needsCia = true;
      const cia = this.#readState('i64', 'slot:nip', this.#cpu(), opcode.i64Load, slotOffset.nip);
      return this.#ea(step === 0 ? cia : this.add(cia, this.const(step)));
    }
    const node = ir.written('i64', [], () => {
      ir.localGet(main.pageEa);
      ir.localGet(this.#frame.record);
      ir.localGet(main.recordBase);
      ir.code.byte(0x6b);
      ir.i32Const(2);
      ir.code.byte(0x76);
      ir.code.byte(0xad);
      ir.code.byte(0x7c);
      if (step !== 0) {
        ir.code.byte(0x42);
        ir.code.s64(step);
        ir.code.byte(0x7c);
      }
    });
    return this.#ea(this.typed(node));
  }
  cia(): I64 {
    return this.#ciaNode(0);
  }
  nia(): I64 {
    return this.#ciaNode(this.#isPrefixed ? 8 : 4);
  }

  /** Writes: left −= record bytes since the start of the straight run, this instruction included. */
  #count(main: MainFrame): void {
    const { ir } = this;
    ir.localGet(main.left);
    ir.localGet(main.start);
    ir.code.byte(0x6a);
    ir.localGet(this.#frame.record);
    ir.code.byte(0x6b);
    ir.i32Const(16);
    ir.code.byte(0x6b);
    ir.localSet(main.left);
  }

  /** Control ends here; outside a conditional it always does. */
  #noteEnd(): void {
    if (!this.ir.nested) this.flow.ends = true;
  }

  branchField(field: Field, absolute: boolean): void {
    this.#noteEnd();
    const main = this.#main();
    const { ir } = this;
    if (absolute) {
      this.flow.indirect = true;
    } else {
      this.flow.relative = field.name;
      this.#layout.noteBranch(field.name);
    }
    if (absolute || !this.#near) {
      const displacement = this.imm(field);
      this.#branch(main, absolute ? displacement : this.add(this.cia(), displacement));
      return;
    }
    const slot = this.#layout.nearTarget(field.name);
    ir.effect([], '', () => {
      this.#count(main);
      ir.localGet(this.#frame.record);
      ir.localGet(this.#frame.record);
      ir.memory(opcode.i32Load, slot, 2);
      ir.code.byte(0x6a);
      ir.localTee(this.#frame.record);
      ir.localSet(main.start);
      ir.localGet(main.left);
      ir.i32Const(0);
      ir.code.byte(0x4c);
      ir.branchIf(main.nearBudget);
      ir.branch(main.next);
    });
  }

  branchTo(target: I64): void {
    this.flow.indirect = true;
    this.#noteEnd();
    this.#branch(this.#main(), this.and(target, this.const(-4)));
  }

  #branch(main: MainFrame, target: I64): void {
    const { ir } = this;
    ir.effect([asNode(this.#ea(target))], '', () => {
      ir.localSet(main.target);
      this.#count(main);
      ir.branch(main.jump);
    });
  }

  #raise(vector: number, srr1: number): void {
    this.#writeState('', this.#cpu(), opcode.i32Store, state.exception.offset, this.const32(vector));
    this.#writeState('', this.#cpu(), opcode.i64Store, state.exceptionSrr1.offset, this.const(srr1));
    this.ir.effect([], '', () => this.#toFault());
  }

  program(reason: ProgramReason): void {
    this.#noteEnd();
    this.#raise(0x700, programSrr1[reason]);
  }

  #callNode(name: FunctionName, args: readonly Value[]): Node | undefined {
    const { ir } = this;
    const signature = functions[name];
    if (regionCalls.has(name)) this.flow.changesTranslation ||= translationCalls.has(name);
    else if (endCalls.has(name)) this.#noteEnd();
    else if (name in supervisorFunctions || statusFunctions.has(name)) this.flow.leaves = true;
    const write = () => {
      ir.call(this.#imports.dataPlane(name));
      if (signature.raises) this.#faultIfRaised();
    };
    const all = [this.#cpu(), ...args.map(asNode)];
    if (signature.result) return ir.ordered(signature.result, all, true, write);
    ir.effect(all, '*', write);
    return undefined;
  }
  #callValue<T extends ValueType>(name: FunctionName, args: readonly Value[], type: T): Value<T> {
    const node = this.#callNode(name, args);
    if (node?.type !== type) throw new Error(`data-plane function ${name} does not return ${type}`);
    return this.typed(node);
  }
  call(name: FunctionName, ...args: readonly Value[]): void {
    this.#callNode(name, args);
  }
  callI32(name: FunctionName, ...args: readonly Value[]): I32 {
    return this.#callValue(name, args, 'i32');
  }
  callI64(name: FunctionName, ...args: readonly Value[]): I64 {
    return this.#callValue(name, args, 'i64');
  }
  callV128(name: FunctionName, ...args: readonly Value[]): V128 {
    return this.#callValue(name, args, 'v128');
  }

  resumeAtNip(): void {
    const { main } = this.#frame;
    const { ir } = this;
    ir.effect([], '', () => {
      if (!main) {
        ir.i32Const(coldResult.resume);
        ir.return();
        return;
      }
      this.#count(main);
      ir.branch(main.resume);
    });
  }

  synchronise(): void {
    this.setSlot('nip', this.nia());
    this.resumeAtNip();
  }

  leave(code: LeaveCode): void {
    this.flow.leaves = true;
    const main = this.#main();
    const { ir } = this;
    this.setSlot('nip', this.nia());
    ir.effect([], '', () => {
      this.#count(main);
      this.storeBudget(main);
      ir.i32Const(leaveReason[code]);
      ir.return();
    });
  }

  /** Writes the instructions left into the state (record bytes are 16 each). */
  storeBudget(main: MainFrame): void {
    const { ir } = this;
    ir.localGet(this.#frame.cpu);
    ir.localGet(main.left);
    ir.i32Const(4);
    ir.code.byte(0x75);
    ir.code.byte(0xac);
    ir.memory(opcode.i64Store, state.budget.offset, 3);
  }
}
