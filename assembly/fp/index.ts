// Floating-point functions of the data plane.
export * from './compare';
export * from './control';
export * from './convert';
export { fadd, fdiv, fmadd, fmsub, fmul, fnmadd, fnmsub, fsqrt, fsub } from './double';
export { fre, fres, frsqrte, frsqrtes } from './estimate';
export { fadds, fdivs, fmadds, fmsubs, fmuls, fnmadds, fnmsubs, frsp, fsqrts, fsubs } from './single';
