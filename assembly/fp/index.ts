// Floating-point functions of the data plane.
export * from './compare';
export * from './control';
export * from './convert';
export { fadd, fdiv, fmul, fsqrt, fsub } from './double';
export * from './double-fused';
export * from './fast';
export { fre, fres, frsqrte, frsqrtes } from './estimate';
export { fadds, fdivs, fmadds, fmsubs, fmuls, fnmadds, fnmsubs, frsp, fsqrts, fsubs } from './single';
export * from './vector-arithmetic';
export * from './vector-compare';
export * from './vector-convert';
export {
  xscmpeqdp,
  xscmpexpdp,
  xscmpgedp,
  xscmpgtdp,
  xscvdphp,
  xscvdpsp,
  xscvdpsxws,
  xscvdpuxws,
  xscvhpdp,
  xscvspdp,
  xsmaxcdp,
  xsmaxdp,
  xsmaxjdp,
  xsmincdp,
  xsmindp,
  xsminjdp,
  xststdcdp,
  xststdcsp,
} from './vsx-scalar';
export {
  xsaddqp,
  xscmpexpqp,
  xscmpqp,
  xscvdpqp,
  xscvqpdp,
  xscvqpsdz,
  xscvqpswz,
  xscvqpudz,
  xscvqpuwz,
  xscvsdqp,
  xscvudqp,
  xsdivqp,
  xsmaddqp,
  xsmulqp,
  xsrqpi,
  xsrqpxp,
  xssqrtqp,
  xststdcqp,
} from './quad';
export * from './quad-isa31';
