// Outer products of integers of 4, 8 and 16 bits, added to 32-bit elements (Power ISA v3.1 Book I, section 7.6.1.10).
import * as L from '../generated/layout';
import { wordAt } from '../fp/vector-elements';
import { columnEnabled, operandsOverlap, productEnabled, rowEnabled } from './operands';

/** Bits of `operation` besides the width of the factors. */
const ACCUMULATE: i32 = 64;
const SATURATE: i32 = 128;

/** Part k of a word, from the left: 4 and 16 bits are signed. */
@inline function part(word: u32, k: i32, width: i32): i64 {
  return <i64>(<i32>(word << (k * width)) >> (32 - width));
}

/** Sum of the products of two words' parts; bytes of the second are unsigned. */
function sumOfProducts(x: u32, y: u32, width: i32, masks: i32): i64 {
  const count = 32 / width;
  let sum: i64 = 0;
  for (let k = 0; k < count; k++) {
    if (!productEnabled(masks, k, count)) continue;
    const second = width == 8 ? <i64>((y >> (24 - 8 * k)) & 255) : part(y, k, width);
    sum += part(x, k, width) * second;
  }
  return sum;
}

/** xxsetaccz. */
export function matrixClear(cpu: usize, accumulator: usize): void {
  for (let i = 0; i < 64; i += 16) v128.store(accumulator + i, i64x2.splat(0));
}

/** xvi4ger8, xvi8ger4, xvi16ger2 and their forms: `operation` is the width with the bits above. */
export function matrixInteger(cpu: usize, accumulator: usize, a: usize, b: usize, operation: i32, masks: i32): void {
  if (operandsOverlap(cpu, accumulator, a, b)) return;
  const width = operation & 31;
  for (let i = 0; i < 4; i++) {
    const row = accumulator + 16 * i;
    const x = load<u32>(wordAt(a, i));
    for (let j = 0; j < 4; j++) {
      const at = wordAt(row, j);
      if (!rowEnabled(masks, i) || !columnEnabled(masks, j)) {
        store<u32>(at, 0);
        continue;
      }
      let sum = sumOfProducts(x, load<u32>(wordAt(b, j)), width, masks);
      if (operation & ACCUMULATE) sum += <i64>load<i32>(at);
      if (operation & SATURATE && sum != <i64>(<i32>sum)) {
        sum = sum < 0 ? <i64>i32.MIN_VALUE : <i64>i32.MAX_VALUE;
        store<u64>(cpu, load<u64>(cpu, L.S_vscr) | 1, L.S_vscr);
      }
      store<i32>(at, <i32>sum);
    }
  }
}
