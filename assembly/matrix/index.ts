// Matrix-multiply assist functions of the data plane.
export * from './floating-point';
export * from './integer';
