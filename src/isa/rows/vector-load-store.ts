// Vector storage access and permute control vectors (Power ISA Book I, section 6.7).
import type { Builder, Fields, I32, I64, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { byteLanes, type ElementSize, indexedAddress, shapeOf, splatByte } from '../vector-common.ts';

function align(b: Builder, ea: I64, size: number): I64 {
  return size === 1 ? ea : b.and(ea, b.const(-size));
}

/** Byte lane where the element that belongs to the (aligned) address lies. */
function laneOf(b: Builder, ea: I64, size: ElementSize): I32 {
  const offset = b.wrap(b.and(ea, b.const(16 - size)));
  return b.littleEndian ? offset : b.op('i32.sub', b.const32(16 - size), offset);
}

/** lvebx, lvehx, lvewx: the other elements, undefined in the architecture, keep their values. */
function loadElement(mnemonic: string, xo: number, size: 1 | 2 | 4): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 VRT:5 RA:5 RB:5 ${xo}:10 /:1`,
    operands: 'VRT,RA,RB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => {
      const ea = align(b, indexedAddress(b, f), size);
      const loaded = b.op(`${shapeOf[size]}.splat`, b.wrap(b.load(size, ea)));
      const elementStart = byteLanes(b, (lane) => lane - (lane % size));
      const chosen = b.op('i8x16.eq', elementStart, splatByte(b, laneOf(b, ea, size)));
      b.setVr(f.VRT, b.op('v128.bitselect', loaded, b.vr(f.VRT), chosen));
    },
  };
}

/** stvebx, stvehx, stvewx. */
function storeElement(mnemonic: string, xo: number, size: 1 | 2 | 4): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 VRS:5 RA:5 RB:5 ${xo}:10 /:1`,
    operands: 'VRS,RA,RB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => {
      const ea = align(b, indexedAddress(b, f), size);
      const lanes = b.op(
        'i8x16.add',
        splatByte(b, laneOf(b, ea, size)),
        byteLanes(b, (lane) => lane),
      );
      b.store(size, ea, b.extractLane64(0, b.op('i8x16.swizzle', b.vr(f.VRS), lanes)));
    },
  };
}

function loadVector(b: Builder, f: Fields): void {
  b.setVr(f.VRT, b.loadVector(16, align(b, indexedAddress(b, f), 16)));
}

function storeVector(b: Builder, f: Fields): void {
  b.storeVector(16, align(b, indexedAddress(b, f), 16), b.vr(f.VRS));
}

/** lvsl, lvsr: sixteen consecutive bytes from `first`, going up from the left. */
function shiftControl(mnemonic: string, xo: number, laneValue: (b: Builder, shift: V128) => V128): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 VRT:5 RA:5 RB:5 ${xo}:10 /:1`,
    operands: 'VRT,RA,RB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => {
      const shift = b.and(indexedAddress(b, f), b.const(15));
      b.setVr(f.VRT, laneValue(b, splatByte(b, b.wrap(shift))));
    },
  };
}

const descending = (b: Builder, from: number): V128 => byteLanes(b, (lane) => from - lane);

const loadForm = { operands: 'VRT,RA,RB', since: '2.05', facility: 'VEC', hot: true } as const;
const storeForm = { operands: 'VRS,RA,RB', since: '2.05', facility: 'VEC', hot: true } as const;

export const vectorLoadStoreRows: readonly InstructionRow[] = [
  loadElement('lvebx', 7, 1),
  loadElement('lvehx', 39, 2),
  loadElement('lvewx', 71, 4),
  { mnemonic: 'lvx', pattern: '31:6 VRT:5 RA:5 RB:5 103:10 /:1', ...loadForm, meaning: loadVector },
  { mnemonic: 'lvxl', pattern: '31:6 VRT:5 RA:5 RB:5 359:10 /:1', ...loadForm, hot: false, meaning: loadVector },
  storeElement('stvebx', 135, 1),
  storeElement('stvehx', 167, 2),
  storeElement('stvewx', 199, 4),
  { mnemonic: 'stvx', pattern: '31:6 VRS:5 RA:5 RB:5 231:10 /:1', ...storeForm, meaning: storeVector },
  { mnemonic: 'stvxl', pattern: '31:6 VRS:5 RA:5 RB:5 487:10 /:1', ...storeForm, hot: false, meaning: storeVector },
  shiftControl('lvsl', 6, (b, shift) => b.op('i8x16.add', descending(b, 15), shift)),
  shiftControl('lvsr', 38, (b, shift) => b.op('i8x16.sub', descending(b, 31), shift)),
];
