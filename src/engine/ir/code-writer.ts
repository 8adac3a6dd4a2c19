// Writes the operators of a function body, one by one.
import type { ValueType } from '../../isa/value-type.ts';
import { Bytes, typeCode } from '../wasm/writer.ts';

/** A function body in the making. */
export class CodeWriter {
  readonly code = new Bytes();
  /** Open WebAssembly blocks, for branch depths. */
  depth = 0;
  /** Which locals the code reads. */
  readonly #read: boolean[] = [];

  /** True when code that was written reads the local. */
  reads(local: number): boolean {
    return this.#read[local] === true;
  }

  operatorBytes(code: number): void {
    if (code < 0x100) this.code.byte(code);
    else this.code.operator(code >> 8, code & 0xff);
  }

  i32Const(value: number): void {
    // One byte of signed LEB128 mostly.
    if (value >= -64 && value < 64) this.code.operator(0x41, value & 0x7f);
    else {
      this.code.byte(0x41);
      this.code.s32(value);
    }
  }

  i64Const(value: number | bigint): void {
    if (value >= -64 && value < 64) this.code.operator(0x42, Number(value) & 0x7f);
    else {
      this.code.byte(0x42);
      this.code.s64(value);
    }
  }

  /** Writes a constant of −8192…8191 that can be changed afterwards, an i64; returns its position in the code. */
  i64Constant(value: number): number {
    this.code.byte(0x42);
    return this.code.s64Fixed(value);
  }

  /** Changes such a constant. */
  changeConstant(position: number, value: number): void {
    this.code.changeFixed(position, value);
  }

  localGet(index: number): void {
    this.#read[index] = true;
    this.code.operator(0x20, index);
  }

  localSet(index: number): void {
    this.code.operator(0x21, index);
  }

  localTee(index: number): void {
    this.code.operator(0x22, index);
  }

  call(index: number): void {
    this.code.operator(0x10, index);
  }

  /** A memory operator with its immediate: `align` is log2 of the promised alignment. */
  memory(code: number, offset: number, align = 0): void {
    if (code < 0x100) this.code.memoryOperator(code, align, offset);
    else {
      this.operatorBytes(code);
      this.code.operator(align, offset);
    }
  }

  /** Opens a block and returns its label for `branch`. */
  openBlock(): number {
    this.code.operator(0x02, 0x40);
    return ++this.depth;
  }

  openLoop(): number {
    this.code.operator(0x03, 0x40);
    return ++this.depth;
  }

  /** `if` without result, or with one of the given type. */
  openIf(result?: ValueType): number {
    this.code.operator(0x04, result ? typeCode[result] : 0x40);
    return ++this.depth;
  }

  openElse(): void {
    this.code.byte(0x05);
  }

  close(): void {
    this.code.byte(0x0b);
    this.depth--;
  }

  branch(label: number): void {
    this.code.operator(0x0c, this.depth - label);
  }

  branchIf(label: number): void {
    this.code.operator(0x0d, this.depth - label);
  }

  /** Goes to the label at the index on the stack, or to another one beyond the last. */
  branchTable(labels: readonly number[], otherwise: number): void {
    this.code.byte(0x0e);
    this.code.u32(labels.length);
    for (const label of labels) this.code.u32(this.depth - label);
    this.code.u32(this.depth - otherwise);
  }

  return(): void {
    this.code.byte(0x0f);
  }
}
