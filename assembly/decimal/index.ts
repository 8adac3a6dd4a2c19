// Data-plane functions of the decimal floating-point instructions.
export { decimalOperation, decimalTest } from './operations';
