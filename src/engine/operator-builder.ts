// The part of the builder that is the same for interpreter and translator: constants, operators, conditionals.

import { state } from '../cpu/state.ts';
import type {
  AccessSize,
  Builder,
  DerivedName,
  F64,
  Field,
  I32,
  I64,
  LeaveCode,
  LocationSize,
  OperatorName,
  ProgramReason,
  RegisterNumber,
  ResultOf,
  V128,
  Value,
} from '../isa/builder.ts';
import type { FunctionName } from '../isa/functions.ts';
import type { SlotName } from '../isa/slots.ts';
import type { ValueType } from '../isa/value-type.ts';
import type { Ir } from './ir/ir.ts';
import { asNode, asNodes, constantOf, type Node } from './ir/node.ts';
import { opcode } from './wasm/memory-operators.ts';
import { operatorCode } from './wasm/opcodes.ts';

/** Result type of an operator by its name (the run-time counterpart of `ResultOf`). */
export function resultType(name: OperatorName): ValueType {
  const dot = name.indexOf('.');
  const prefix = name.slice(0, dot);
  const operation = name.slice(dot + 1);
  if (prefix === 'i32' || prefix === 'i64' || prefix === 'f32' || prefix === 'f64') {
    return /^(eqz|eq|ne|lt|gt|le|ge)(_[su])?$/.test(operation) ? 'i32' : prefix;
  }
  return operation === 'any_true' || operation === 'all_true' || operation === 'bitmask' ? 'i32' : 'v128';
}

const operators = new Map<OperatorName, { code: number; type: ValueType }>();

function operatorOf(name: OperatorName): { code: number; type: ValueType } {
  let known = operators.get(name);
  if (!known) {
    known = { code: operatorCode(name), type: resultType(name) };
    operators.set(name, known);
  }
  return known;
}

const laneExtract = { i8x16_s: 21, i8x16_u: 22, i16x8_s: 24, i16x8_u: 25, i32x4: 27 } as const;
const laneReplace = { i8x16: 23, i16x8: 26, i32x4: 28, i64x2: 30, f32x4: 32, f64x2: 34 } as const;

/** SRR1 bits of the program interrupt by reason (Book III, section 7.5.9: bits 43 to 46). */
export const programSrr1: Readonly<Record<ProgramReason, number>> = {
  fpEnabled: 0x100000,
  illegal: 0x80000,
  privileged: 0x40000,
  trap: 0x20000,
};

/** SRR1 bit 34: the interrupt is that of a prefixed instruction; bit 35: which crosses a 64-byte boundary (section 7.5). */
export const prefixedSrr1 = 0x2000_0000;
export const boundarySrr1 = 0x1000_0000;

/** Writes: the interrupt that was just raised is that of a prefixed instruction. */
export function writePrefixedMark(ir: Ir, cpu: number): void {
  ir.localGet(cpu);
  ir.localGet(cpu);
  ir.memory(opcode.i64Load, state.exceptionSrr1.offset, 3);
  ir.i64Const(prefixedSrr1);
  ir.code.byte(0x84);
  ir.memory(opcode.i64Store, state.exceptionSrr1.offset, 3);
}

/** Implements the operators of `Builder`; subclasses say where registers, memory and control flow are. */
export abstract class OperatorBuilder implements Builder {
  abstract readonly is64: boolean;
  abstract readonly littleEndian: boolean;
  readonly ir: Ir;

  constructor(ir: Ir) {
    this.ir = ir;
  }

  /** A node as a value of a known type. */
  protected typed<T extends ValueType>(node: Node): Value<T> {
    // The caller names the type that the node was made with; `Value` has no other content.
    return node as Value as Value<T>;
  }

  const(value: number | bigint): I64 {
    return this.ir.constant('i64', value);
  }
  const32(value: number): I32 {
    return this.ir.constant('i32', value);
  }
  constF64(value: number): F64 {
    return this.ir.constant('f64', value);
  }
  constV128(bytes: readonly number[]): V128 {
    const { ir } = this;
    return this.typed(
      ir.written('v128', [], () => {
        ir.code.bytes([0xfd, 12]);
        ir.code.bytes(bytes);
      }),
    );
  }

  op<N extends OperatorName>(name: N, ...args: readonly Value[]): Value<ResultOf<N>> {
    const { code, type } = operatorOf(name);
    // `resultType` computes at run time what `ResultOf` says for the compiler.
    return this.ir.operator(type, code, asNodes(args)) as Value as Value<ResultOf<N>>;
  }

  extractLane(shape: keyof typeof laneExtract, lane: number, v: V128): I32 {
    return this.#lane('i32', laneExtract[shape], lane, [v]);
  }
  extractLane64(lane: number, v: V128): I64 {
    return this.#lane('i64', 29, lane, [v]);
  }
  replaceLane(shape: keyof typeof laneReplace, lane: number, v: V128, x: Value): V128 {
    return this.#lane('v128', laneReplace[shape], lane, [v, x]);
  }
  #lane<T extends ValueType>(type: T, code: number, lane: number, args: readonly Value[]): Value<T> {
    const { ir } = this;
    return this.typed(
      ir.written(type, asNodes(args), () => {
        ir.operatorBytes(0xfd00 + code);
        ir.code.byte(lane);
      }),
    );
  }
  shuffle(a: V128, b: V128, lanes: readonly number[]): V128 {
    const { ir } = this;
    return this.typed(
      ir.written('v128', [asNode(a), asNode(b)], () => {
        ir.code.bytes([0xfd, 13]);
        ir.code.bytes(lanes);
      }),
    );
  }

  add(a: I64, b: I64): I64 {
    const x = constantOf(a);
    const y = constantOf(b);
    if (y === 0) return a;
    if (x === 0) return b;
    if (x !== undefined && y !== undefined && Number.isSafeInteger(x + y)) return this.const(x + y);
    return this.op('i64.add', a, b);
  }
  sub(a: I64, b: I64): I64 {
    return this.op('i64.sub', a, b);
  }
  mul(a: I64, b: I64): I64 {
    return this.op('i64.mul', a, b);
  }
  and(a: I64, b: I64): I64 {
    const mask = constantOf(b);
    if (mask !== undefined && mask >= 0 && mask <= 0xffffffff) {
      // A word repeated in both halves (rlwinm), of which only the low one counts.
      const node = asNode(a);
      const [low, high] = node.args;
      const shift = high?.code === operatorCode('i64.shl') ? high.args[1] : undefined;
      if (node.code === operatorCode('i64.or') && low && shift && constantOf(shift) === 32) {
        return this.op('i64.and', this.typed<'i64'>(low), b);
      }
    }
    return constantOf(b) === -1 ? a : this.op('i64.and', a, b);
  }
  or(a: I64, b: I64): I64 {
    return constantOf(b) === 0 || a === b ? a : this.op('i64.or', a, b);
  }
  xor(a: I64, b: I64): I64 {
    return this.op('i64.xor', a, b);
  }
  not(a: I64): I64 {
    return this.op('i64.xor', a, this.const(-1));
  }
  neg(a: I64): I64 {
    return this.op('i64.sub', this.const(0), a);
  }
  shl(a: I64, n: I64): I64 {
    return constantOf(n) === 0 ? a : this.op('i64.shl', a, n);
  }
  shrU(a: I64, n: I64): I64 {
    return constantOf(n) === 0 ? a : this.op('i64.shr_u', a, n);
  }
  shrS(a: I64, n: I64): I64 {
    return this.op('i64.shr_s', a, n);
  }
  rotl(a: I64, n: I64): I64 {
    return constantOf(n) === 0 ? a : this.op('i64.rotl', a, n);
  }
  mulhU(a: I64, b: I64): I64 {
    const low = (x: I64) => this.and(x, this.const(0xffffffff));
    const high = (x: I64) => this.shrU(x, this.const(32));
    const [al, ah, bl, bh] = [low(a), high(a), low(b), high(b)];
    const z = this.add(this.mul(ah, bl), high(this.mul(al, bl)));
    const w = this.add(this.mul(al, bh), low(z));
    return this.add(this.add(this.mul(ah, bh), high(z)), high(w));
  }
  mulhS(a: I64, b: I64): I64 {
    const sign = (x: I64) => this.shrS(x, this.const(63));
    return this.sub(this.sub(this.mulhU(a, b), this.and(sign(a), b)), this.and(sign(b), a));
  }
  eq(a: I64, b: I64): I32 {
    return constantOf(b) === 0 ? this.eqz(a) : this.op('i64.eq', a, b);
  }
  ne(a: I64, b: I64): I32 {
    return this.op('i64.ne', a, b);
  }
  ltU(a: I64, b: I64): I32 {
    return this.op('i64.lt_u', a, b);
  }
  ltS(a: I64, b: I64): I32 {
    return this.op('i64.lt_s', a, b);
  }
  gtU(a: I64, b: I64): I32 {
    return this.op('i64.gt_u', a, b);
  }
  gtS(a: I64, b: I64): I32 {
    return this.op('i64.gt_s', a, b);
  }
  eqz(a: I64): I32 {
    return this.op('i64.eqz', a);
  }
  compare(a: I64, b: I64, signed: boolean): I32 {
    const less = signed ? this.ltS(a, b) : this.ltU(a, b);
    const order = this.select(less, this.const32(8), this.select(this.eq(a, b), this.const32(2), this.const32(4)));
    return this.op('i32.or', order, this.wrap(this.slot('so')));
  }
  zext(a: I32): I64 {
    return this.op('i64.extend_i32_u', a);
  }
  sext(a: I32): I64 {
    return this.op('i64.extend_i32_s', a);
  }
  wrap(a: I64): I32 {
    return this.op('i32.wrap_i64', a);
  }
  ext8s(a: I64): I64 {
    return this.op('i64.extend8_s', a);
  }
  ext16s(a: I64): I64 {
    return this.op('i64.extend16_s', a);
  }
  ext32s(a: I64): I64 {
    return this.op('i64.extend32_s', a);
  }
  ext32u(a: I64): I64 {
    return this.and(a, this.const(0xffffffff));
  }
  select<T extends ValueType>(c: I32, a: Value<T>, b: Value<T>): Value<T> {
    const { ir } = this;
    const args = [asNode(a), asNode(b), asNode(c)];
    // One of vectors names its type.
    if (a.type === 'v128') return this.typed(ir.written(a.type, args, () => ir.code.bytes([0x1c, 1, 0x7b])));
    return ir.operator(a.type, 0x1b, args);
  }
  byteReverse(size: 2 | 4 | 8, a: I64): I64 {
    if (size === 8) {
      const v = this.op('i64x2.splat', a);
      return this.extractLane64(0, this.shuffle(v, v, [7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0]));
    }
    const x = this.wrap(a);
    const shifted = (name: OperatorName, mask: number) =>
      this.op('i32.and', this.op(name, x, this.const32(8)), this.const32(mask));
    if (size === 4)
      return this.zext(this.op('i32.or', shifted('i32.rotl', 0x00ff00ff), shifted('i32.rotr', 0xff00ff00 | 0)));
    return this.zext(this.op('i32.or', shifted('i32.shl', 0xff00), shifted('i32.shr_u', 0xff)));
  }

  if(c: I32, then: () => void, otherwise?: () => void): void {
    const known = constantOf(c);
    if (known !== undefined) {
      if (known !== 0) then();
      else otherwise?.();
      return;
    }
    this.ir.conditional(asNode(c), then, otherwise);
  }

  cr(): I64 {
    let value: I64 = this.const(0);
    for (let i = 0; i < 8; i++) value = this.or(this.shl(value, this.const(4)), this.zext(this.crField(i)));
    return value;
  }
  setCr(value: I64): void {
    const word = this.wrap(value);
    for (let i = 0; i < 8; i++) {
      this.setCrField(i, this.op('i32.and', this.op('i32.shr_u', word, this.const32(28 - 4 * i)), this.const32(15)));
    }
  }

  trapIf(c: I32): void {
    this.if(c, () => this.program('trap'));
  }

  abstract imm(field: Field): I64;
  abstract imm32(field: Field): I32;
  abstract fixed(field: Field): number;
  abstract derived(name: DerivedName, a: Field, b?: Field): I64;
  abstract gpr(n: RegisterNumber): I64;
  abstract gprOr0(n: Field): I64;
  abstract gprAt(field: Field, offset: number): I64;
  abstract setGpr(n: RegisterNumber, value: I64): void;
  abstract setGprAt(field: Field, offset: number, value: I64): void;
  abstract fpr(n: RegisterNumber): I64;
  abstract fprAt(field: Field, offset: number): I64;
  abstract setFpr(n: RegisterNumber, value: I64): void;
  abstract setFprAt(field: Field, offset: number, value: I64): void;
  abstract vsr(n: RegisterNumber): V128;
  abstract setVsr(n: RegisterNumber, value: V128): void;
  abstract vsrOfPair(field: Field, which: 0 | 1): V128;
  abstract setVsrOfPair(field: Field, which: 0 | 1, value: V128): void;
  abstract vr(n: RegisterNumber): V128;
  abstract setVr(n: RegisterNumber, value: V128): void;
  abstract vsrDoubleword(n: RegisterNumber, which: 0 | 1): I64;
  abstract vsrRef(n: RegisterNumber): I32;
  abstract vrRef(n: RegisterNumber): I32;
  abstract vsrPairRef(field: Field): I32;
  abstract accumulatorRef(field: Field): I32;
  abstract slot(name: SlotName): I64;
  abstract floatingPointException(): I32;
  abstract setSlot(name: SlotName, value: I64): void;
  abstract sprAt(field: Field): I64;
  abstract setSprAt(field: Field, value: I64): void;
  abstract crField(n: RegisterNumber): I32;
  abstract setCrField(n: RegisterNumber, value: I32): void;
  abstract crBit(n: RegisterNumber): I32;
  abstract setCrBit(n: RegisterNumber, value: I32): void;
  abstract load(size: AccessSize, ea: I64, options?: { readonly signed?: boolean; readonly reverse?: boolean }): I64;
  abstract store(size: AccessSize, ea: I64, value: I64, options?: { readonly reverse?: boolean }): void;
  abstract loadVector(element: 1 | 2 | 4 | 8 | 16, ea: I64): V128;
  abstract storeVector(element: 1 | 2 | 4 | 8 | 16, ea: I64, value: V128): void;
  abstract loadReserve(size: AccessSize, ea: I64, location?: LocationSize): I64;
  abstract storeConditional(size: AccessSize, ea: I64, value: I64, location?: LocationSize): I32;
  abstract cia(): I64;
  abstract nia(): I64;
  abstract branchField(field: Field, absolute: boolean): void;
  abstract branchTo(target: I64, kind: 'return' | 'count' | 'tar'): void;
  abstract program(reason: ProgramReason): void;
  abstract call(name: FunctionName, ...args: readonly Value[]): void;
  abstract callI32(name: FunctionName, ...args: readonly Value[]): I32;
  abstract callI64(name: FunctionName, ...args: readonly Value[]): I64;
  abstract callV128(name: FunctionName, ...args: readonly Value[]): V128;
  abstract resumeAtNip(): void;
  abstract synchronise(): void;
  abstract leave(code: LeaveCode): void;
}
