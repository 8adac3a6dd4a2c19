// Access to the state block of a vCPU; `cpu` is its byte offset in linear memory.
import * as L from './generated/layout';

/** GPR n. */
export function gpr(cpu: usize, n: i32): u64 {
  return load<u64>(cpu + L.S_gpr + (n << 3));
}
