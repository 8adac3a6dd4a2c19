// Matrix-multiply assist: outer products that are added to accumulators, and the accumulators' moves (Power ISA v3.1
// Book I, sections 7.2.1.3 and 7.6.1.10). Accumulator n is VSR 4n to 4n+3, which the ISA allows: priming it and moving it
// back then have nothing to do.
import type { Builder, Fields, I32 } from '../builder.ts';
import type { FieldName } from '../field.ts';
import { interruptWhenEnabled } from '../floating-point-common.ts';
import { floatingPointOperation, integerOperation, type matrixFunctions } from '../functions/matrix.ts';
import type { InstructionRow } from '../row.ts';

/** One outer product: XX3-form, and with masks MMIRR:XX3. */
interface OuterProduct {
  readonly mnemonic: string;
  readonly xo: number;
  readonly name: Exclude<keyof typeof matrixFunctions, 'matrixClear'>;
  readonly operation: number;
  /** Products of each sum. */
  readonly products: 1 | 2 | 4 | 8;
  readonly columns: 2 | 4;
}

/** The masks as the functions take them, from fields, or all ones. */
function masksOf({ products, columns }: OuterProduct, masked: boolean): (b: Builder, f: Fields) => I32 {
  if (!masked) return (b) => b.const32(((2 ** (products === 1 ? 0 : products) - 1) << 8) | 0xf0 | (2 ** columns - 1));
  return (b, f) => {
    const rowsAndColumns = b.op('i32.or', b.op('i32.shl', b.imm32(f.XMSK), b.const32(4)), b.imm32(f.YMSK));
    if (products === 1) return rowsAndColumns;
    return b.op('i32.or', rowsAndColumns, b.op('i32.shl', b.imm32(f.PMSK), b.const32(8)));
  };
}

function row(product: OuterProduct, masked: boolean): InstructionRow {
  const { mnemonic, xo, name, operation, products, columns } = product;
  const productMask = products === 1 ? '/:8' : products === 8 ? 'PMSK:8' : `PMSK:${products} /:${8 - products}`;
  const columnMask = columns === 2 ? 'YMSK:2 /:2' : 'YMSK:4';
  const masks = masksOf(product, masked);
  // Doubles come from a pair of registers, which is even.
  const first: FieldName = columns === 2 ? 'XAp' : 'XA';
  const names = ['AT', first, 'XB', ...(masked ? ['XMSK', 'YMSK', ...(products === 1 ? [] : ['PMSK'])] : [])];
  return {
    mnemonic: masked ? `pm${mnemonic}` : mnemonic,
    ...(masked ? { prefix: `1:6 3:2 9:4 /:4 ${productMask} XMSK:4 ${columnMask}` } : {}),
    pattern: `59:6 AT:3 /:2 ${columns === 2 ? 'Ap:4 /:1' : 'A:5'} B:5 ${xo}:8 AX:1 BX:1 /:1`,
    operands: names.join(','),
    since: '3.1',
    facility: 'VSX',
    meaning: (b, f) => {
      const a = columns === 2 ? b.vsrPairRef(f.XAp) : b.vsrRef(f.XA);
      b.call(name, b.accumulatorRef(f.AT), a, b.vsrRef(f.XB), b.const32(operation), masks(b, f));
      if (name !== 'matrixInteger') interruptWhenEnabled(b);
    },
  };
}

const both = (product: OuterProduct): readonly InstructionRow[] => [row(product, false), row(product, true)];

/** Forms of integers by their suffix. */
function integers(base: string, width: 4 | 8 | 16, forms: Readonly<Record<string, number>>): readonly InstructionRow[] {
  const { accumulate, saturate } = integerOperation;
  return Object.entries(forms).flatMap(([suffix, xo]) => {
    const operation = width + (suffix.endsWith('pp') ? accumulate : 0) + (suffix.startsWith('s') ? saturate : 0);
    const products = width === 4 ? 8 : width === 8 ? 4 : 2;
    return both({ mnemonic: `${base}${suffix}`, xo, name: 'matrixInteger', operation, products, columns: 4 });
  });
}

/** The five forms of floating-point numbers: `xo` is that of the one without a suffix. */
function floats(
  base: string,
  xo: number,
  shape: Pick<OuterProduct, 'name' | 'products' | 'columns'>,
  extra = 0,
): readonly InstructionRow[] {
  const { accumulate, negateProduct, negateAddend } = floatingPointOperation;
  return [
    ['', xo, 0],
    ['pp', xo - 1, accumulate],
    ['pn', xo + 127, accumulate | negateAddend],
    ['np', xo + 63, accumulate | negateProduct],
    ['nn', xo + 191, accumulate | negateProduct | negateAddend],
  ].flatMap(([suffix, code, operation]) =>
    both({ mnemonic: `${base}${suffix}`, xo: Number(code), operation: Number(operation) | extra, ...shape }),
  );
}

/** X-form moves of an accumulator. */
function move(mnemonic: string, code: number, meaning: InstructionRow['meaning']): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 AT:3 /:2 ${code}:5 /:5 177:10 /:1`,
    operands: 'AT',
    since: '3.1',
    facility: 'VSX',
    meaning,
  };
}

export const vsxMatrixRows: readonly InstructionRow[] = [
  move('xxmfacc', 0, () => {}),
  move('xxmtacc', 1, () => {}),
  move('xxsetaccz', 3, (b, f) => b.call('matrixClear', b.accumulatorRef(f.AT))),
  ...integers('xvi4ger8', 4, { '': 35, pp: 34 }),
  ...integers('xvi8ger4', 8, { '': 3, pp: 2, spp: 99 }),
  ...integers('xvi16ger2', 16, { '': 75, pp: 107, s: 43, spp: 42 }),
  ...floats('xvf16ger2', 19, { name: 'matrixHalf', products: 2, columns: 4 }),
  ...floats('xvbf16ger2', 51, { name: 'matrixHalf', products: 2, columns: 4 }, floatingPointOperation.bfloat),
  ...floats('xvf32ger', 27, { name: 'matrixSingle', products: 1, columns: 4 }),
  ...floats('xvf64ger', 59, { name: 'matrixDouble', products: 1, columns: 2 }),
];
