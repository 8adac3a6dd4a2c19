// WebAssembly value types that meanings handle.

/** WebAssembly value types that a meaning handles. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
