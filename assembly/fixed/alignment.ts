// The alignment interrupt of instructions that an implementation does not do in little-endian mode (Book I, 3.3.5).
import * as L from '../generated/layout';

const alignmentVector: u32 = 0x600;
const spr_dar: usize = 19;

/** Raises it for an effective address. */
export function raiseAlignment(cpu: usize, ea: i64): void {
  store<u64>(cpu + L.S_spr + (spr_dar << 3), ea);
  store<u64>(cpu + L.S_exceptionSrr1, 0);
  store<u32>(cpu + L.S_exceptionAfter, 0);
  store<u32>(cpu + L.S_exception, alignmentVector);
}
